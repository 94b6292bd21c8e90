"""The slip of a payment in cash: who gets it, when there is one, and that it says what the payment says."""

from datetime import datetime

import pytest

from mestore.core.wording import on_paper, pesos
from mestore.core.world import World
from mestore.payments.barcode import SEPARATOR, SlipBarcode
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from mestore.receipts.slip_page import POLICY
from mestore.users.models import User, UserType
from tests.api import Api, in_production
from tests.make import Make
from tests.payments import scanner
from tests.payments.bank import Bank
from tests.payments.cash import begin_in_cash
from tests.problems import assert_problem, census
from tests.receipts.slips import ReadPage, ReadSlip
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


class Cashier:
    """Payments that wait at a counter."""

    def __init__(self, api: Api, make: Make, rows: Rows) -> None:
        self._api = api
        self._make = make
        self._rows = rows

    async def begun(self, buyer: User | None = None, *, through: str = "efecty") -> Payment:
        buyer = buyer or await self._make.buyer()
        return await begin_in_cash(self._api, self._make, self._rows, buyer, through=through)


@pytest.fixture
def cashier(api: Api, make: Make, rows: Rows, sandbox: RunningSandbox) -> Cashier:
    return Cashier(api, make, rows)


def path(payment: Payment, kind: str | None = None) -> str:
    return f"/api/v1/payments/{payment.id}/slip" + (f"?format={kind}" if kind else "")


async def order_number(rows: Rows, payment: Payment) -> str:
    (row,) = await rows.execute("SELECT order_number FROM orders WHERE id = :id", id=payment.order_id)
    return str(row.order_number)


async def test_it_is_the_address_that_the_instructions_name_and_says_the_same(
    api: Api, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    buyer = await make.buyer()
    order = await make.order(buyer=buyer)
    begun = await api.post("/api/v1/payments/process/efecty", {"order_id": order.id}, by=buyer)
    told = begun.json()["instructions"]
    answer = await api.get(told["slip_url"], by=buyer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-cache"
    number = (await api.get(f"/api/v1/orders/{order.id}", by=buyer)).json()["order_number"]
    assert answer.headers["content-disposition"] == f'attachment; filename="recibo-{number}.pdf"'
    read = ReadSlip(answer.content)
    until = on_paper(datetime.fromisoformat(told["expires_at"]))
    for said in (
        f"Pedido {number}",
        f"Código {told['code']}",
        f"Valor a pagar {pesos(told['amount'])}",
        f"a más tardar el {until}.",
        told["barcode"],
        *told["steps"],
        f"Después del {until} este código ya no se puede pagar.",
    ):
        assert read.says(said), said
    barcode = SlipBarcode.read(told["barcode"])
    assert (barcode.code, str(barcode.amount)) == (told["code"], told["amount"])
    assert scanner.read(read.modules) == "<FNC1>" + barcode.content.replace(SEPARATOR, "<FNC1>")


async def test_the_page_says_the_same_as_the_pdf(api: Api, make: Make, rows: Rows, cashier: Cashier) -> None:
    payment = await cashier.begun()
    buyer = await make.existing_user(payment.buyer_id)
    answer = await api.get(path(payment, "html"), by=buyer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "private, no-cache"
    shown, read = ReadPage(answer.content), ReadSlip((await api.get(path(payment, "pdf"), by=buyer)).content)
    assert scanner.modules(shown.bars) == read.modules
    assert payment.code is not None
    assert payment.barcode is not None
    for said in (payment.code, payment.barcode, pesos(payment.amount.amount), await order_number(rows, payment)):
        assert said in shown.text
        assert read.says(said)


async def test_what_a_caller_accepts_does_not_choose(api: Api, make: Make, cashier: Cashier) -> None:
    payment = await cashier.begun()
    buyer = await make.existing_user(payment.buyer_id)
    answer = await api.get(path(payment), by=buyer, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/pdf"


async def test_through_payu_there_is_a_code_and_no_barcode(api: Api, make: Make, cashier: Cashier) -> None:
    payment = await cashier.begun(through="payu")
    buyer = await make.existing_user(payment.buyer_id)
    assert (payment.gateway, payment.barcode) == ("payu", None)
    read = ReadSlip((await api.get(path(payment), by=buyer)).content)
    assert read.bars == []
    assert read.says(f"Código {payment.code}")
    assert read.says(f"Di que vas a pagar a PayU con el código {payment.code}.")
    assert "svg" not in ReadPage((await api.get(path(payment, "html"), by=buyer)).content).tags


@pytest.mark.parametrize("kind", ["pdf", "html"])
async def test_it_is_the_buyer_s_and_the_staff_s(kind: str, api: Api, make: Make, rows: Rows, cashier: Cashier) -> None:
    seller = await make.vendor()
    payment = await cashier.begun()
    before = await census(rows)
    assert_problem(await api.get(path(payment, kind)), 401)
    for stranger in (await make.buyer(), await make.owner(seller)):
        refused = assert_problem(await api.get(path(payment, kind), by=stranger), 404)
        assert refused["type"] == "/problems/payment-not-found"
    nobody = await make.user(UserType.SYSTEM)
    assert assert_problem(await api.get(path(payment, kind), by=nobody), 403)["type"] == "/problems/wrong-account-type"
    readers = [
        await make.existing_user(payment.buyer_id),
        await make.user(UserType.ADMIN),
        await make.user(UserType.SUPERUSER),
    ]
    answers = [await api.get(path(payment, kind), by=each) for each in readers]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    after = await census(rows)
    same = before.keys() - {"users", "user_sessions"}
    assert {table: after[table] for table in same} == {table: before[table] for table in same}


async def test_a_vendor_who_buys_has_its_own(api: Api, make: Make, cashier: Cashier) -> None:
    owner = await make.owner(await make.vendor())
    payment = await cashier.begun(owner)
    assert (await api.get(path(payment), by=owner)).status_code == 200


async def test_in_production_staff_shows_a_second_factor(make: Make, world: World, cashier: Cashier) -> None:
    payment = await cashier.begun()
    async with in_production(world) as api:
        refused = await api.get(path(payment), by=await make.user(UserType.ADMIN))
        assert assert_problem(refused, 403)["type"] == "/problems/second-factor-needed"
        assert (await api.get(path(payment), by=await make.existing_user(payment.buyer_id))).status_code == 200


async def test_a_payment_without_a_code_has_none(api: Api, make: Make, rows: Rows, sandbox: RunningSandbox) -> None:
    payment = await Bank(api, make, rows, sandbox).begun(await make.order())
    for reader in (await make.existing_user(payment.buyer_id), await make.user(UserType.ADMIN)):
        refused = await api.get(path(payment), by=reader, headers={"Accept-Language": "es"})
        assert assert_problem(refused, 409)["type"] == "/problems/no-slip"
        assert refused.json()["title"].startswith("No hay recibo de pago")


@pytest.mark.parametrize("kind", ["pdf", "html"])
@pytest.mark.parametrize("status", sorted(set(PaymentStatus) - {PaymentStatus.PENDING}))
async def test_what_does_not_wait_any_more_has_none_and_says_why(
    status: PaymentStatus, kind: str, api: Api, make: Make, rows: Rows, cashier: Cashier
) -> None:
    payment = await cashier.begun()
    await rows.execute("UPDATE payments SET status = :status WHERE id = :id", status=status, id=payment.id)
    for reader in (await make.existing_user(payment.buyer_id), await make.user(UserType.ADMIN)):
        refused = assert_problem(await api.get(path(payment, kind), by=reader), 409)
        assert (refused["type"], refused["payment_status"]) == ("/problems/slip-not-pending", status)
    stranger = await make.buyer()
    assert_problem(await api.get(path(payment, kind), by=stranger), 404)
    assert (await rows.get(Payment, payment.id)).status is status


@pytest.mark.parametrize("kind", ["pdf", "html"])
async def test_a_cancelled_order_has_none_though_its_gateway_still_waits(
    kind: str, api: Api, make: Make, rows: Rows, cashier: Cashier
) -> None:
    payment = await cashier.begun()
    buyer = await make.existing_user(payment.buyer_id)
    assert (await api.get(path(payment, kind), by=buyer)).status_code == 200
    assert (await api.post(f"/api/v1/orders/{payment.order_id}/cancel", {}, by=buyer)).status_code == 200
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PENDING
    for reader in (buyer, await make.user(UserType.ADMIN)):
        refused = assert_problem(await api.get(path(payment, kind), by=reader), 409)
        assert refused["type"] == "/problems/slip-not-pending"
    code = (await api.get(f"/api/v1/payments/efecty/validate/{payment.code}", by=buyer)).json()
    assert (code["valid"], code["reason"]) == (False, "ORDER_NOT_PAYABLE")


async def test_a_code_that_is_not_taken_any_more_is_not_printed_though_no_gateway_said_so(
    api: Api, make: Make, rows: Rows, cashier: Cashier
) -> None:
    payment = await cashier.begun()
    buyer = await make.existing_user(payment.buyer_id)
    await rows.execute("UPDATE payments SET code_expires_at = now() + interval '1 minute'")
    assert (await api.get(path(payment), by=buyer)).status_code == 200
    await rows.execute("UPDATE payments SET code_expires_at = now()")
    over = (await rows.get(Payment, payment.id)).code_expires_at
    assert over is not None
    for kind in ("pdf", "html"):
        refused = assert_problem(await api.get(path(payment, kind), by=buyer), 409)
        assert refused["type"] == "/problems/slip-expired"
        assert datetime.fromisoformat(refused["expires_at"]) == over
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PENDING


@pytest.mark.parametrize("kind", ["pdf", "html"])
async def test_who_has_it_already_gets_no_second_copy_until_something_changed(
    kind: str, api: Api, make: Make, rows: Rows, cashier: Cashier
) -> None:
    payment = await cashier.begun()
    buyer = await make.existing_user(payment.buyer_id)
    first = await api.get(path(payment, kind), by=buyer)
    known = {"If-None-Match": first.headers["etag"]}
    again = await api.get(path(payment, kind), by=buyer, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    assert (await api.get(path(payment, kind), by=buyer)).content == first.content
    assert_problem(await api.get(path(payment, kind), headers=known), 401)
    await rows.execute("UPDATE payments SET code_expires_at = code_expires_at - interval '1 day'")
    changed = await api.get(path(payment, kind), by=buyer, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("payment_id", ["0", "-1", "abc", "9223372036854775808", "1.5"])
async def test_an_id_that_is_none_is_refused(api: Api, make: Make, payment_id: str) -> None:
    assert_problem(await api.get(f"/api/v1/payments/{payment_id}/slip", by=await make.buyer()), 422)


@pytest.mark.parametrize("kind", ["", "PDF", "png", "pdf,html"])
async def test_a_format_that_is_none_is_refused(kind: str, api: Api, make: Make, cashier: Cashier) -> None:
    payment = await cashier.begun()
    refused = await api.get(
        f"/api/v1/payments/{payment.id}/slip?format={kind}", by=await make.existing_user(payment.buyer_id)
    )
    (error,) = assert_problem(refused, 422)["errors"]
    assert error["loc"] == ["query", "format"]


async def test_a_payment_that_never_was_has_none(api: Api, make: Make) -> None:
    for reader in (await make.buyer(), await make.user(UserType.ADMIN)):
        assert_problem(await api.get("/api/v1/payments/987654321/slip", by=reader), 404)
