"""`mestore check`: the invariants of the data, verified on a live database without changing or locking anything."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
from rich.console import Console

from mestore.app.check import collections, effects, money, orders, packages, refunds
from mestore.app.check.rule import GIVEN, Rule
from mestore.core.settings import Settings

RULES: Sequence[Rule] = sorted(
    (*orders.RULES, *packages.RULES, *money.RULES, *refunds.RULES, *effects.RULES, *collections.RULES),
    key=lambda rule: rule.group,
)
MOST_SHOWN = 20
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 600


@dataclass(frozen=True)
class Finding:
    """What a rule found: `rows` break it (the first of `broken`), and of `waiting` more a queued job takes care."""

    rule: Rule
    rows: Sequence[dict[str, str]]
    broken: int
    waiting: int


def run(settings: Settings) -> int:
    """0 when every rule holds; 1 when one is broken, or could not be asked."""
    assert settings.database.url is not None
    console = Console(soft_wrap=True, highlight=False)
    try:
        findings = asyncio.run(_check(settings.database.url, console))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.stderr.write(f"mestore: the database could not be checked: {str(error) or type(error).__name__}\n")
        return 1
    broken = [finding for finding in findings if finding.broken]
    console.print()
    if waiting := sum(finding.waiting for finding in findings):
        console.print(f"{waiting} rows wait for a queued job.", style="yellow")
    if broken:
        names = ", ".join(finding.rule.name for finding in broken)
        console.print(f"{len(broken)} of {len(findings)} rules are broken: {names}", style="bold red")
        return 1
    console.print(f"All {len(findings)} rules hold.", style="bold green")
    return 0


async def _check(url: str, console: Console) -> list[Finding]:
    connection = await asyncpg.connect(
        url,
        timeout=_CONNECT_SECONDS,
        command_timeout=_STATEMENT_SECONDS,
        server_settings={
            "application_name": "mestore-check",
            "statement_timeout": f"{_STATEMENT_SECONDS}s",
            "timezone": "UTC",
        },
    )
    findings, group = [], ""
    try:
        # One snapshot for all rules: what commits meanwhile is seen by all of them or by none.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for rule in RULES:
                if rule.group != group:
                    group = rule.group
                    console.print(f"\n{group}", style="bold")
                with _progress(console, rule):
                    finding = await ask(connection, rule)
                findings.append(finding)
                _show(console, finding)
    finally:
        await connection.close()
    return findings


async def ask(connection: asyncpg.Connection, rule: Rule) -> Finding:
    """What breaks this rule, as the connection's transaction sees it."""
    shared = ", ".join(f"{name} AS MATERIALIZED ({GIVEN[name]})" for name in rule.given)
    head = f"WITH {shared} " if shared else ""
    waits = "waits" if rule.waits else "false"
    found = await connection.fetch(
        f"{head}SELECT *, count(*) OVER () AS broken FROM ({rule.broken}) AS found WHERE NOT {waits} LIMIT {MOST_SHOWN}"  # noqa: S608 - only parts of the rules
    )
    waiting = 0
    if rule.waits:
        waiting = await connection.fetchval(f"{head}SELECT count(*) FROM ({rule.broken}) AS found WHERE waits")  # noqa: S608
    rows = [
        {name: str(value) for name, value in row.items() if name not in {"broken", "waits"} and value is not None}
        for row in found
    ]
    return Finding(rule, rows, found[0]["broken"] if found else 0, waiting)


@contextmanager
def _progress(console: Console, rule: Rule) -> Iterator[None]:
    """On a terminal, which rule is being asked; elsewhere the lines as they come are progress enough."""
    if not console.is_terminal:
        yield
        return
    with console.status(f"  {rule.name} …"):
        yield


def _show(console: Console, finding: Finding) -> None:
    rule = finding.rule
    note = f" ({finding.waiting} wait for a queued job)" if finding.waiting else ""
    if not finding.broken:
        console.print(f"  [green]✓[/] {rule.name:<28} {rule.says}[yellow]{note}[/]")
        return
    console.print(f"  [red]✗ {rule.name:<28} {rule.says}[/][yellow]{note}[/]")
    for row in finding.rows:
        console.print("      " + " ".join(f"{name}={value}" for name, value in row.items()), markup=False)
    if finding.broken > len(finding.rows):
        console.print(f"      … and {finding.broken - len(finding.rows)} more")
