"""The table of a return's states: as documented, and the same in the database."""

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.returns.states import NEXT, ReturnStatus
from tests.returns.case import Case
from tests.rows import Rows


async def test_the_database_holds_the_same_edges(rows: Rows) -> None:
    stored = {tuple(edge) for edge in await rows.execute("SELECT from_status, to_status FROM return_edges")}
    assert stored == {(before.value, after.value) for before, nexts in NEXT.items() for after in nexts}


@pytest.mark.parametrize("to", [ReturnStatus.IN_TRANSIT, ReturnStatus.RECEIVED, ReturnStatus.REFUNDED])
async def test_the_database_refuses_any_other_edge(case: Case, rows: Rows, to: ReturnStatus) -> None:
    await case.requested()
    with pytest.raises(IntegrityError, match=f"does not move from REQUESTED to {to}"):
        await rows.execute("UPDATE returns SET status = :to, refund_amount = 1", to=to)


@pytest.mark.parametrize("change", ["UPDATE return_history SET at = now()", "DELETE FROM return_history"])
async def test_history_is_only_added_to(case: Case, rows: Rows, change: str) -> None:
    await case.requested()
    with pytest.raises(IntegrityError, match="only ever added"):
        await rows.execute(change)


async def test_a_unit_comes_back_once_whatever_the_code_does(case: Case, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match="returned_units"):
        await rows.execute("UPDATE order_items SET returned_units = quantity + 1")
