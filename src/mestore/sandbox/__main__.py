"""`python -m mestore.sandbox`: the sandbox alone, configured by the same `MESTORE_*` environment as the rest."""

from mestore.core.settings import Settings
from mestore.sandbox.server import run

if __name__ == "__main__":
    run(Settings())
