from collections.abc import Awaitable, Callable

import pytest

from mestore.orders.models import Order
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Pay = Callable[[Order], Awaitable[None]]


@pytest.fixture
def pay(api: Api, make: Make, rows: Rows, sandbox: RunningSandbox, drain: Callable[[], Awaitable[None]]) -> Pay:
    """Pays an order, as its buyer would at the bank."""

    async def paid(order: Order) -> None:
        bank = Bank(api, make, rows, sandbox)
        payment = await bank.begun(order)
        bank.decide(payment)
        await bank.deliver(payment)
        await drain()

    return paid
