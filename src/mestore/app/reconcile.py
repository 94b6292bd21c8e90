"""`mestore reconcile`: compares a day with the gateways now, and shows where they differ."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import date

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.settings import Settings
from mestore.core.world import World, open_world
from mestore.payments.gateways.routes import gateways
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.payments.reconciliation.service import Reconciled, ReconciliationBroken, latest_day, reconcile

_AWAY = 2
_COLUMNS = ("id", "gateway", "day", "kind", "reference", "ours", "theirs", "reason")


def run(settings: Settings, day: date | None, gateway: str | None) -> int:
    """Returns the exit code: 0 when nothing differs that is not closed, 1 when something does, 2 when a gateway did not
    answer, is not configured, or the day is not over.
    """
    return asyncio.run(_run(settings, day, gateway))


async def _run(settings: Settings, day: date | None, only: str | None) -> int:
    async with open_world(settings, utc_now, TASKS, name="reconcile") as world:
        names, last = list(gateways(world)), latest_day(world)
        if only is not None and only not in names:
            return _refuse(f"{only} is no gateway that is configured; there are: {', '.join(names)}")
        if day is not None and day > last:
            return _refuse(f"{day} is not over; the last day to compare is {last}")
        done, broken = await _compare(world, [only] if only else names, day or last)
    for each in done:
        _say(f"{each.gateway}: {each.compared} compared for {each.day}, {len(each.open_differences)} differ")
    _show([row for each in done for row in each.open_differences])
    if broken:
        return _AWAY
    return 1 if any(each.open_differences for each in done) else 0


async def _compare(world: World, names: Sequence[str], day: date) -> tuple[list[Reconciled], bool]:
    done, broken = [], False
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), disable=not sys.stdout.isatty()) as progress:
        for name in names:
            bar = progress.add_task(name, total=None)

            def advance(compared: int, of: int, bar: TaskID = bar) -> None:
                progress.update(bar, completed=compared, total=of)

            try:
                done.append(await reconcile(world, name, day, advance))
            except ReconciliationBroken as error:
                broken = True
                sys.stderr.write(f"mestore: {name} could not be compared for {day}: {error}\n")
    return done, broken


def _show(rows: Sequence[ReconciliationDifference]) -> None:
    if not rows:
        return
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*(str(getattr(row, column) or "") for column in _COLUMNS))
    Console(width=None if sys.stdout.isatty() else 240, highlight=False).print(table)


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"mestore: {sentence}\n")
    return _AWAY


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
