"""A card that is typed on the gateway's own page: from our address for it to the confirmed order."""

from collections.abc import Iterator

import pytest

from mestore.core.settings import Settings
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.test_routes import confirmation, post_form, through
from tests.payments.test_unknown_outcomes import Drain
from tests.rows import Rows
from tests.sandbox.card_page import open_page, type_card
from tests.sandbox.payu_shop import PayuShop
from tests.sandbox.running import RunningSandbox, eventually


@pytest.fixture
def payu(sandbox: RunningSandbox) -> Iterator[PayuShop]:
    """Its confirmations wait until the test takes them."""
    shop = PayuShop(sandbox)
    shop.control("confirmations", paused=True)
    yield shop
    shop.http.close()


async def at_wompi(bank: Bank, rows: Rows, order: Order) -> tuple[Payment, str]:
    """An attempt by card, and the address of the page on which it is typed."""
    answer = await bank.pay(order, method="CARD")
    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING"), answer.text
    return await rows.get(Payment, answer.json()["payment_id"]), answer.json()["payment_url"]


def settled(sandbox: RunningSandbox, payment: Payment) -> str:
    """What Wompi says once it has an event about it."""
    eventually(lambda: sandbox.events(payment.reference))
    (transaction,) = [each for each in sandbox.transactions() if each["reference"] == payment.reference]
    status: str = transaction["status"]
    return status


async def statuses(rows: Rows, order: Order, payment: Payment) -> tuple[OrderStatus, PaymentStatus]:
    return (await rows.get(Order, order.id)).status, (await rows.get(Payment, payment.id)).status


async def test_a_card_typed_at_wompi_confirms_the_order(
    bank: Bank, make: Make, rows: Rows, drain: Drain, settings: Settings
) -> None:
    order = await make.order()
    payment, page = await at_wompi(bank, rows, order)
    shown = open_page(page)
    assert shown.status_code == 200, shown.text
    assert payment.reference in shown.text
    back = type_card(page).headers["location"]
    assert settled(bank.sandbox, payment) == "APPROVED"
    assert await statuses(rows, order, payment) == (OrderStatus.PENDING, PaymentStatus.PENDING)
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert await statuses(rows, order, payment) == (OrderStatus.CONFIRMED, PaymentStatus.APPROVED)
    numbered = (await rows.get(Payment, payment.id)).gateway_transaction_id
    assert back == f"{settings.payments.return_url}?id={numbered}"


async def test_a_card_that_wompi_declines_leaves_the_order_to_be_paid(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    order = await make.order()
    payment, page = await at_wompi(bank, rows, order)
    type_card(page, number="4111111111111111")
    assert settled(bank.sandbox, payment) == "DECLINED"
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert await statuses(rows, order, payment) == (OrderStatus.PENDING, PaymentStatus.DECLINED)
    second, page = await at_wompi(bank, rows, order)
    assert second.reference != payment.reference
    type_card(page)
    assert settled(bank.sandbox, second) == "APPROVED"
    await bank.deliver(second)
    await drain()
    assert await statuses(rows, order, second) == (OrderStatus.CONFIRMED, PaymentStatus.APPROVED)


async def test_wompis_page_takes_no_card_once_the_order_is_not_kept_any_more(
    bank: Bank, make: Make, rows: Rows
) -> None:
    order = await make.order()
    payment, page = await at_wompi(bank, rows, order)
    left = payment.expires_at - payment.created_at
    bank.sandbox.control("advance_clock", seconds=left.total_seconds() + 1)
    assert type_card(page).status_code == 422
    assert bank.sandbox.transactions() == []


async def test_payus_page_takes_no_card_once_the_order_is_not_kept_any_more(
    api: Api, make: Make, rows: Rows, payu: PayuShop
) -> None:
    answer = await through(api, make, await make.order(), "payu", payment_method="CARD", payment_data={})
    page = payu.open_checkout(answer.json()["form"])
    payment = await rows.get(Payment, answer.json()["payment_id"])
    left = payment.expires_at - payment.created_at
    payu.control("advance_clock", seconds=left.total_seconds() + 1)
    assert payu.pay_by_card(page).status_code == 422
    assert [order["transactions"] for order in payu.orders()] == [[]]


async def test_a_card_typed_at_payu_confirms_the_order(
    api: Api, make: Make, rows: Rows, payu: PayuShop, drain: Drain
) -> None:
    order = await make.order()
    answer = await through(api, make, order, "payu", payment_method="CARD", payment_data={})
    attempt = answer.json()
    payment = await rows.get(Payment, attempt["payment_id"])
    page = payu.open_checkout(attempt["form"])
    assert attempt["payment_url"] == f"{payu.base}/ppp-web-gateway-payu/"
    payu.pay_by_card(page, name="REJECTED")
    assert (await post_form(api, confirmation(payu, payment.reference))).status_code == 200
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING
    payu.pay_by_card(page)
    assert (await post_form(api, confirmation(payu, payment.reference))).status_code == 200
    await drain()
    assert await statuses(rows, order, payment) == (OrderStatus.CONFIRMED, PaymentStatus.APPROVED)
