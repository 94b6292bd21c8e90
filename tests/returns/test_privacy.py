"""What somebody returns is among what is kept of it; while money or goods are on their way, its account stays."""

from collections.abc import Awaitable, Callable

from mestore.orders.states import OrderStatus
from mestore.returns.models import Return
from tests.problems import assert_problem
from tests.returns.case import Case
from tests.rows import Rows

ME = "/api/v1/auth/me"
Drain = Callable[[], Awaitable[None]]


async def test_a_return_is_exported_and_its_words_are_erased(case: Case, rows: Rows) -> None:
    return_id = await case.requested()
    kept = (await case.api.get(f"{ME}/data-export", by=case.buyer)).json()["records"]
    assert [each["reason"] for each in kept["returns"]] == ["No me sirve"]
    assert [each["quantity"] for each in kept["return_items"]] == [1]
    assert "user_id" not in kept["return_history"][0]
    assert_problem(await case.api.request("DELETE", ME, by=case.buyer), 409)
    await case.does(return_id, "refuse", reason="No")
    erased = await case.api.request("DELETE", ME, by=case.buyer)
    assert erased.status_code == 204, erased.text
    assert (await rows.get(Return, return_id)).reason == ""


async def test_until_the_money_is_back_the_account_stays(case: Case, rows: Rows, drain: Drain) -> None:
    await case.received()
    assert_problem(await case.api.request("DELETE", ME, by=case.buyer), 409)
    await drain()
    await rows.execute("UPDATE returns SET status = 'REFUNDED'")
    assert {row.status for row in await rows.execute("SELECT status FROM orders")} == {OrderStatus.DELIVERED}
    assert_problem(await case.api.request("DELETE", ME, by=case.buyer), 409)
    (refund,) = await rows.execute("SELECT id FROM refunds")
    sent = {"reference": "BCO-417"}
    assert (await case.api.post(f"/api/v1/admin/refunds/{refund.id}/complete", sent, by=case.admin)).is_success
    assert (await case.api.request("DELETE", ME, by=case.buyer)).status_code == 204
