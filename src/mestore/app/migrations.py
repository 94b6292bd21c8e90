"""The schema: brought to the newest version, taken back to nothing, and compared with the models."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import mestore.migrations


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(mestore.migrations.__file__).parent))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


def upgrade(url: str, to: str = "head") -> None:
    """Bring the database at `url` (`postgresql://…`) to the newest version; where it is already, nothing happens."""
    command.upgrade(_config(url), to)


def downgrade(url: str, to: str = "base") -> None:
    """Take everything back, to an empty database."""
    command.downgrade(_config(url), to)


def compare(url: str) -> None:
    """Raise when the models say something that the migrated database does not."""
    command.check(_config(url))


def write_revision(url: str, message: str) -> None:
    """Draft a migration from the difference between the models and the database."""
    command.revision(_config(url), message, autogenerate=True)
