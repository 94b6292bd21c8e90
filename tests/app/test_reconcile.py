"""`mestore reconcile`: what it shows, and what its exit code says."""

import asyncio
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from mestore.app import cli, reconcile
from mestore.core.clock import COLOMBIA, utc_now
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.users.models import UserType
from tests.make import Make
from tests.payments.settled import settle
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


async def said(
    settings: Settings, capsys: pytest.CaptureFixture[str], day: date | None = None, gateway: str | None = None
) -> tuple[int, str, str]:
    code = await asyncio.to_thread(reconcile.run, settings, day, gateway)
    out, err = capsys.readouterr()
    return code, out, err


def yesterday() -> date:
    return (utc_now() - timedelta(hours=1)).astimezone(COLOMBIA).date() - timedelta(days=1)


@pytest.fixture(name="row")
async def _row(make: Make, rows: Rows, world: World, sandbox: RunningSandbox) -> str:
    """The reference of an approved attempt of yesterday that Wompi does not know."""
    payment = await settle(world, await make.order())
    await rows.execute("UPDATE payments SET created_at = now() - interval '1 day'")
    return payment.reference


async def test_books_that_agree(
    settings: Settings, world: World, sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = await said(settings, capsys)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{name}: 0 compared for {yesterday()}, 0 differ" for name in ("wompi", "payu", "efecty")
    ]


async def test_a_difference_is_shown_until_it_is_closed(
    settings: Settings, rows: Rows, make: Make, row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = await said(settings, capsys, yesterday(), "wompi")
    assert code == 1
    assert f"wompi: 1 compared for {yesterday()}, 1 differ" in out
    assert all(word in out for word in ("MISSING_THERE", row, "APPROVED"))
    assert (await said(settings, capsys, yesterday(), "payu"))[0] == 0
    admin = await make.user(UserType.ADMIN)
    await rows.execute(
        "UPDATE reconciliation_differences SET closed_at = now(), closed_by = :admin, note = 'seen'", admin=admin.id
    )
    assert (await said(settings, capsys, yesterday(), "wompi"))[0] == 0
    assert await rows.count(ReconciliationDifference) == 1


async def test_a_gateway_that_is_away_leaves_the_others(
    settings: Settings, sandbox: RunningSandbox, row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.control("fail_next", call="GET /transactions", mode="500", times=1)
    code, out, err = await said(settings, capsys)
    assert code == 2
    assert err.startswith(f"mestore: wompi could not be compared for {yesterday()}: ")
    assert [line.split(":")[0] for line in out.splitlines()] == ["payu", "efecty"]


@pytest.mark.parametrize(("days", "gateway", "why"), [(2, None, "is not over"), (0, "epayco", "no gateway that is")])
async def test_what_can_not_be_compared(
    settings: Settings,
    world: World,
    capsys: pytest.CaptureFixture[str],
    days: int,
    gateway: str | None,
    why: str,
) -> None:
    code, out, err = await said(settings, capsys, yesterday() + timedelta(days=days), gateway)
    assert (code, out) == (2, "")
    assert why in err


def test_a_day_is_written_as_one() -> None:
    asked = CliRunner().invoke(cli.app, ["reconcile", "--day", "24/11/2026"])
    assert asked.exit_code == 2
