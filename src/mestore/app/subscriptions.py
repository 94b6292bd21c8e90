"""Who reacts to what: the table of contents of everything that happens after a request."""

from mestore.core.jobs import PeriodicTask, Task

TASKS: tuple[Task, ...] = ()
PERIODIC: tuple[PeriodicTask, ...] = ()
