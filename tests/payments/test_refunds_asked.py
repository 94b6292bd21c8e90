"""Refunds that an administrator wishes: of units or an amount, never twice, never more than was paid."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from mestore.commissions.models import Commission, CommissionStatus
from mestore.core.money import Money
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.orders.models import Order, OrderItem, Package
from mestore.orders.states import PackageStatus
from mestore.payments.models import Payment, PaymentCase, Refund
from mestore.payments.states import PaymentMethod, RefundStatus
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.payments.settled import settle
from tests.payments.test_answers_in_any_order import all_rules_hold
from tests.problems import assert_problem, census
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
REASON = "El producto llegó con un rayón"


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


class Sale:
    """A paid order of one package: three units, each 10,010 + 19 % IVA."""

    def __init__(self, order: Order, payment: Payment, package: Package, item: OrderItem) -> None:
        self.order, self.payment, self.package, self.item = order, payment, package, item


@pytest.fixture(name="sale")
async def _sale(make: Make, rows: Rows, world: World, drain: Drain) -> Sale:
    return await sold(make, rows, world, drain)


async def sold(make: Make, rows: Rows, world: World, drain: Drain, **more: Any) -> Sale:
    placed = await make.order(units={(await make.product(price=10_010)).id: 3})
    payment = await settle(world, await rows.get(Order, placed.id), **more)
    await drain()
    order = await rows.get(Order, placed.id)
    (package,) = [each for each in await rows.all(Package) if each.order_id == order.id]
    (item,) = [each for each in await rows.all(OrderItem) if each.order_id == order.id]
    return Sale(order, payment, package, item)


async def ask(api: Api, by: User | None, payment: Payment | int, *, headers: Any = None, **body: Any) -> httpx.Response:
    number = payment if isinstance(payment, int) else payment.id
    return await api.post(f"/api/v1/payments/{number}/refunds", {"reason": REASON} | body, by=by, headers=headers)


def units(item: OrderItem, quantity: int) -> list[dict[str, int]]:
    return [{"item_id": item.id, "quantity": quantity}]


async def test_what_was_paid_back_before_owes_no_more_when_it_is_called_off(
    api: Api, make: Make, rows: Rows, drain: Drain, sale: Sale, admin: User, settings: Settings
) -> None:
    assert (await ask(api, admin, sale.payment, amount=str(sale.package.total))).status_code == 201
    await drain()
    buyer = await make.existing_user(sale.order.buyer_id)
    answer = await api.post(f"/api/v1/orders/{sale.order.id}/cancel", {"reason": "no"}, by=buyer)
    assert answer.status_code == 200
    await drain()
    assert [each.amount for each in await rows.all(Refund)] == [sale.package.total]
    assert await rows.all(PaymentCase) == []
    await all_rules_hold(settings, but="event-is-applied-once")  # nobody announced this payment


async def test_units_go_back_at_what_was_paid_for_them(
    api: Api, rows: Rows, drain: Drain, sale: Sale, admin: User
) -> None:
    answer = await ask(api, admin, sale.payment, items=units(sale.item, 1))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["amount"], told["status"], told["reason"]) == ("11912.00", "MANUAL", REASON)
    assert (told["asked_by"], told["units"]) == (str(admin.id), {str(sale.item.id): 1})
    rest = await ask(api, admin, sale.payment, items=units(sale.item, 2))
    amounts = [Money(each) for each in (told["amount"], rest.json()["amount"])]
    assert amounts[0] + amounts[1] == sale.package.total, "with the last unit its shipping too"
    await drain()
    (commission,) = await rows.all(Commission)
    assert (commission.status, commission.reversed_amount) == (CommissionStatus.REVERSED, commission.amount)
    (item,) = await rows.all(OrderItem)
    assert (item.returned_units, item.refunded_units) == (3, 3)
    assert (await rows.count(Refund), await rows.count(PaymentCase)) == (2, 0)


async def test_its_buyer_sees_it_and_can_t_return_those_units(
    api: Api, make: Make, drain: Drain, sale: Sale, admin: User
) -> None:
    await make.move(sale.order, PackageStatus.DELIVERED)
    assert (await ask(api, admin, sale.payment, items=units(sale.item, 2))).status_code == 201
    await drain()
    buyer = await make.existing_user(sale.order.buyer_id)
    (seen,) = (await api.get(f"/api/v1/orders/{sale.order.id}/refunds", by=buyer)).json()["refunds"]
    assert (seen["reason"], "asked_by" in seen, "units" in seen) == (REASON, False, False)
    path = f"/api/v1/orders/{sale.order.id}/returns"
    refused = assert_problem(await api.post(path, {"items": units(sale.item, 2)}, by=buyer), 409)
    assert refused["type"] == "/problems/too-many-units-to-return"
    assert (await api.post(path, {"items": units(sale.item, 1)}, by=buyer)).status_code == 201


async def test_f60_of_many_at_once_one_wins(api: Api, rows: Rows, drain: Drain, sale: Sale, admin: User) -> None:
    whole = str(sale.order.total_amount)
    answers = await asyncio.gather(*(ask(api, admin, sale.payment, amount=whole) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    assert {each.json().get("type") for each in answers} == {None, "/problems/refund-beyond-payment"}
    (refund,) = await rows.all(Refund)
    assert refund.amount == sale.order.total_amount
    await drain()
    assert [row.status for row in await rows.all(Commission)] == [CommissionStatus.REVERSED]


async def test_f60_of_many_requests_for_the_same_units_one_wins(api: Api, rows: Rows, sale: Sale, admin: User) -> None:
    answers = await asyncio.gather(*(ask(api, admin, sale.payment, items=units(sale.item, 2)) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    assert (await rows.all(OrderItem))[0].refunded_units == 2
    assert await rows.count(Refund) == 1


async def test_the_rest_of_a_package_is_what_its_cancellation_owes(
    api: Api, make: Make, rows: Rows, drain: Drain, sale: Sale, admin: User
) -> None:
    await ask(api, admin, sale.payment, amount="5000.00")
    await drain()
    buyer = await make.existing_user(sale.order.buyer_id)
    await api.post(f"/api/v1/orders/{sale.order.id}/cancel", {"reason": "no"}, by=buyer)
    await drain()
    assert [each.amount for each in await rows.all(Refund)] == [Money(5_000), sale.package.total - Money(5_000)]
    assert [row.status for row in await rows.all(Commission)] == [CommissionStatus.REVERSED]
    assert await rows.count(PaymentCase) == 0


async def test_a_package_that_was_paid_back_is_not_charged_again(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    order = await rows.get(Order, (await make.order(units={(await make.product()).id: 1 for _ in range(2)})).id)
    payment = await settle(world, order)
    await drain()
    for package in await rows.all(Package):
        asked = await ask(api, admin, payment, amount=str(package.total), package_id=package.id)
        assert asked.status_code == 201, asked.text
        await drain()
    assert [row.status for row in await rows.all(Commission)] == [CommissionStatus.REVERSED] * 2


async def test_of_several_packages_one_must_be_named(
    api: Api, make: Make, rows: Rows, world: World, admin: User
) -> None:
    order = await rows.get(Order, (await make.order(units={(await make.product()).id: 1 for _ in range(2)})).id)
    payment = await settle(world, order)
    first, second = await rows.all(Package)
    assert assert_problem(await ask(api, admin, payment, amount="1000.00"), 422)["type"] == "/problems/package-needed"
    beyond = str(first.total + Money(1))
    refused = assert_problem(await ask(api, admin, payment, amount=beyond, package_id=first.id), 409)
    assert refused["type"] == "/problems/refund-beyond-payment"
    items = [{"item_id": item.id, "quantity": 1} for item in await rows.all(OrderItem)]
    assert_problem(await ask(api, admin, payment, items=items), 422)
    assert [item.refunded_units for item in await rows.all(OrderItem)] == [0, 0]
    answer = await ask(api, admin, payment, amount="1000.00", package_id=second.id)
    assert (answer.status_code, answer.json()["package_id"]) == (201, second.id)


async def test_a_card_s_money_waits_for_its_gateway(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    sale = await sold(make, rows, world, drain, method=PaymentMethod.CARD)
    answer = await ask(api, admin, sale.payment, amount="1000.00")
    assert answer.json()["status"] == "REQUESTED"
    jobs = await rows.execute("SELECT 1 FROM pgqueuer WHERE entrypoint = 'payments.send_refund'")
    assert len(jobs) == 1


async def test_money_that_pays_no_order_goes_back_without_a_package(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    sale = await sold(make, rows, world, drain, settles_order=False)
    assert_problem(await ask(api, admin, sale.payment, items=units(sale.item, 1)), 422)
    assert_problem(await ask(api, admin, sale.payment, amount="1.00", package_id=sale.package.id), 422)
    answer = await ask(api, admin, sale.payment, amount=str(sale.payment.amount))
    assert (answer.status_code, answer.json()["package_id"]) == (201, None)
    await drain()
    (commission,) = await rows.all(Commission)
    assert commission.status is CommissionStatus.PENDING


async def test_a_repeated_key_is_answered_from_the_first(api: Api, rows: Rows, sale: Sale, admin: User) -> None:
    key = {"Idempotency-Key": "refund-1"}
    first, again = [await ask(api, admin, sale.payment, amount="1000.00", headers=key) for _ in range(2)]
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert await rows.count(Refund) == 1
    assert_problem(await ask(api, admin, sale.payment, amount="1001.00", headers=key), 422)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount": "0.00"},
        {"amount": "-1.00"},
        {"amount": "10.50"},
        {"amount": 1000},
        {"amount": "1000.00", "items": [{"item_id": 1, "quantity": 1}]},
        {"package_id": 1, "items": [{"item_id": 1, "quantity": 1}]},
        {"items": []},
        {"items": [{"item_id": 1, "quantity": 0}]},
        {"items": [{"item_id": 999_999, "quantity": 1}]},
        {"amount": "1000.00", "package_id": 999_999},
        {"amount": "1000.00", "reason": ""},
        {"amount": "1000.00", "more": 1},
    ],
)
async def test_what_does_not_fit_is_refused(
    api: Api, rows: Rows, sale: Sale, admin: User, body: dict[str, Any]
) -> None:
    before = await census(rows)
    assert_problem(await ask(api, admin, sale.payment, **body), 422)
    assert await census(rows) == before


async def test_more_units_than_were_bought_and_units_of_nothing(
    api: Api, make: Make, rows: Rows, sale: Sale, admin: User
) -> None:
    before = await census(rows)
    refused = assert_problem(await ask(api, admin, sale.payment, items=units(sale.item, 4)), 409)
    assert (refused["type"], refused["item_id"]) == ("/problems/units-paid-back", sale.item.id)
    assert await census(rows) == before
    await rows.execute("UPDATE order_items SET discount = total_price, iva_amount = 0")
    answer = await ask(api, admin, sale.payment, items=units(sale.item, 1))
    assert assert_problem(answer, 409)["type"] == "/problems/nothing-was-paid"
    assert (await rows.all(OrderItem))[0].refunded_units == 0


@pytest.mark.parametrize("status", ["DECLINED", "REFUNDED", "VOIDED", "PENDING"])
async def test_of_what_was_not_paid_nothing_goes_back(
    api: Api, rows: Rows, sale: Sale, admin: User, status: str
) -> None:
    await rows.execute(f"UPDATE payments SET status = '{status}'")
    refused = assert_problem(await ask(api, admin, sale.payment, amount="1000.00"), 409)
    assert (refused["type"], refused["payment_status"]) == ("/problems/payment-not-refundable", status)
    assert (
        refused["title"] == "There is nothing of this payment to send back: it was not paid, or it went back otherwise."
    )
    assert await rows.count(Refund) == 0


async def test_only_administrators_may(api: Api, make: Make, rows: Rows, sale: Sale, admin: User) -> None:
    owner = await make.owner(await rows.get(Vendor, sale.package.vendor_id))
    buyer = await make.existing_user(sale.order.buyer_id)
    for who, status in ((None, 401), (buyer, 403), (owner, 403)):
        assert_problem(await ask(api, who, sale.payment, amount="1000.00"), status)
    assert assert_problem(await ask(api, admin, 999_999, amount="1.00"), 404)["type"] == "/problems/payment-not-found"
    assert await rows.count(Refund) == 0


# Where its buyer wants it


ACCOUNT = {
    "kind": "BANK_ACCOUNT",
    "bank_code": "1007",
    "account_type": "SAVINGS",
    "account_number": "91234567890",
    "holder_name": "Ana Ruiz",
    "document_type": "CC",
    "document_number": "1020304050",
}
KEY = {"kind": "BREB_KEY", "key_type": "PHONE", "key": "3001234567"}


async def put(api: Api, order: Order, by: User | None, body: dict[str, str]) -> httpx.Response:
    return await api.request("PUT", f"/api/v1/orders/{order.id}/refunds/destination", by=by, json=body)


async def test_the_buyer_says_where_and_sees_only_its_end(
    api: Api, make: Make, rows: Rows, sale: Sale, admin: User
) -> None:
    refund_id = (await ask(api, admin, sale.payment, amount="1000.00")).json()["id"]
    buyer = await make.existing_user(sale.order.buyer_id)
    answer = await put(api, sale.order, buyer, ACCOUNT)
    assert answer.status_code == 200, answer.text
    (seen,) = answer.json()["refunds"]
    assert seen["destination"] == {
        "kind": "BANK_ACCOUNT",
        "bank_code": "1007",
        "account_type": "SAVINGS",
        "account_number": "••••7890",
        "document_type": "CC",
        "document_number": "••••4050",
    }
    (listed,) = (await api.get(f"/api/v1/orders/{sale.order.id}/refunds", by=buyer)).json()["refunds"]
    assert listed == seen
    assert (await api.get(f"/api/v1/admin/refunds/{refund_id}", by=admin)).json()["destination"] == ACCOUNT
    assert (await put(api, sale.order, buyer, KEY)).json()["refunds"][0]["destination"]["key"] == "••••4567"
    assert (await rows.all(Refund))[0].destination == KEY


async def test_only_what_a_person_still_has_to_send_takes_an_account(
    api: Api, make: Make, rows: Rows, sale: Sale, admin: User
) -> None:
    buyer = await make.existing_user(sale.order.buyer_id)
    assert assert_problem(await put(api, sale.order, buyer, KEY), 409)["type"] == "/problems/nothing-to-pay-out"
    refund_id = (await ask(api, admin, sale.payment, amount="1000.00")).json()["id"]
    await put(api, sale.order, buyer, KEY)
    await api.post(f"/api/v1/admin/refunds/{refund_id}/complete", {"reference": "BCO-417"}, by=admin)
    assert_problem(await put(api, sale.order, buyer, ACCOUNT), 409)
    assert (await rows.all(Refund))[0].destination == KEY


async def test_a_card_s_refund_takes_no_account(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    sale = await sold(make, rows, world, drain, method=PaymentMethod.CARD)
    await ask(api, admin, sale.payment, amount="1000.00")
    buyer = await make.existing_user(sale.order.buyer_id)
    assert_problem(await put(api, sale.order, buyer, KEY), 409)
    (refund,) = await rows.all(Refund)
    assert (refund.status, refund.destination) == (RefundStatus.REQUESTED, None)


async def test_it_is_the_buyer_s_alone(api: Api, make: Make, rows: Rows, sale: Sale, admin: User) -> None:
    await ask(api, admin, sale.payment, amount="1000.00")
    owner = await make.owner(await rows.get(Vendor, sale.package.vendor_id))
    for who, status in ((None, 401), (await make.buyer(), 404), (owner, 404), (admin, 403)):
        assert_problem(await put(api, sale.order, who, KEY), status)
    assert (await rows.all(Refund))[0].destination is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "CASH"},
        ACCOUNT | {"account_number": "12a"},
        ACCOUNT | {"account_type": "GOLD"},
        ACCOUNT | {"document_type": "XX"},
        ACCOUNT | {"holder_name": " "},
        {name: value for name, value in ACCOUNT.items() if name != "bank_code"},
        ACCOUNT | {"key": "1"},
        KEY | {"key": "6015551234"},
        KEY | {"key_type": "EMAIL"},
        KEY | {"key_type": "ALPHANUMERIC", "key": "ana"},
        KEY | {"key_type": "MERCHANT_CODE", "key": "1234567890"},
        KEY | {"key_type": "OTHER"},
    ],
)
async def test_what_is_no_account_and_no_key_is_refused(
    api: Api, make: Make, rows: Rows, sale: Sale, admin: User, body: dict[str, str]
) -> None:
    await ask(api, admin, sale.payment, amount="1000.00")
    buyer = await make.existing_user(sale.order.buyer_id)
    assert_problem(await put(api, sale.order, buyer, body), 422)
    assert (await rows.all(Refund))[0].destination is None


@pytest.mark.parametrize(
    "key",
    [
        {"key_type": "EMAIL", "key": "ana.ruiz@example.co"},
        {"key_type": "DOCUMENT", "key": "1020304050"},
        {"key_type": "ALPHANUMERIC", "key": "@ana2026"},
        {"key_type": "MERCHANT_CODE", "key": "0012345678"},
    ],
)
async def test_keys_of_every_type(api: Api, make: Make, sale: Sale, admin: User, key: dict[str, str]) -> None:
    await ask(api, admin, sale.payment, amount="1000.00")
    buyer = await make.existing_user(sale.order.buyer_id)
    answer = await put(api, sale.order, buyer, {"kind": "BREB_KEY"} | key)
    assert answer.status_code == 200, answer.text
    assert key["key"] not in answer.text


async def test_an_account_is_exported_and_erased_with_its_owner(
    api: Api, make: Make, rows: Rows, sale: Sale, admin: User
) -> None:
    await make.move(sale.order, PackageStatus.DELIVERED)
    refund_id = (await ask(api, admin, sale.payment, amount="1000.00")).json()["id"]
    buyer = await make.existing_user(sale.order.buyer_id)
    await put(api, sale.order, buyer, ACCOUNT)
    exported = (await api.get("/api/v1/auth/me/data-export", by=buyer)).json()["records"]["refunds"]
    assert [each["destination"] for each in exported] == [ACCOUNT]
    await api.post(f"/api/v1/admin/refunds/{refund_id}/complete", {"reference": "BCO-417"}, by=admin)
    assert (await api.request("DELETE", "/api/v1/auth/me", by=buyer)).status_code == 204
    (refund,) = await rows.all(Refund)
    assert (refund.status, refund.amount, refund.destination) == (RefundStatus.MADE, Money(1_000), None)
