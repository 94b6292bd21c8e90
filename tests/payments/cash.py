"""Payments that wait for somebody to bring their code to a counter."""

from mestore.core.ids import PaymentId
from mestore.payments.models import Payment
from mestore.users.models import User
from tests.api import Api
from tests.make import Make
from tests.rows import Rows


async def begin_in_cash(api: Api, make: Make, rows: Rows, buyer: User, *, through: str = "efecty") -> Payment:
    """An order of the buyer's that is to be paid in cash, `through` Payválida (`efecty`) or `payu`."""
    order = await make.order(buyer=buyer)
    wanted = {"order_id": order.id, "payment_method": "EFECTY"}
    answer = await api.post(f"/api/v1/payments/process/{through}", wanted, by=buyer)
    assert answer.status_code == 200, answer.text
    return await rows.get(Payment, PaymentId(answer.json()["payment_id"]))
