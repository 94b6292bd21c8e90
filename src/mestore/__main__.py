"""`python -m mestore`: the command line, where the `mestore` script is not on the path."""

from mestore.app.cli import main

if __name__ == "__main__":
    main()
