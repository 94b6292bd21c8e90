"""Facts of the room that a job follows from."""

from dataclasses import dataclass

from mestore.core.ids import ImportId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class ImportQueued(Event):
    """A file of products waits to be imported."""

    import_id: ImportId
