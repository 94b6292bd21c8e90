"""Where packages are: for buyers and staff all that was told, for everybody else nothing about anybody."""

import json

import pytest

from mestore.core.settings import LimitSettings
from mestore.orders.states import PackageStatus
from mestore.users.models import UserType
from tests.app.test_rate_limits import limited
from tests.make import SHIPPING
from tests.problems import assert_problem
from tests.tracking.scene import Scene, ago

TRACK = "/api/v1/orders/track"


@pytest.fixture
async def told(scene: Scene) -> Scene:
    """Two events of the carrier, that came in the wrong order, and one of the vendor."""
    await scene.announce("OUT_FOR_DELIVERY", "ev-2", at=ago(scene.world, 1).isoformat(), place="Bogotá")
    await scene.announce(
        *("IN_TRANSIT", "ev-1"),
        at=ago(scene.world, 20).isoformat(),
        place="Bodega de Ana Ruiz, Medellín",
        message="Recogido por Juan Rojas",
    )
    body = {"status": "AT_WAREHOUSE", "at": ago(scene.world, 9).isoformat(), "place": "Cra 7 # 71-21 Apto 301"}
    path = f"/api/v1/vendor/orders/{scene.order.id}/tracking"
    answer = await scene.api.post(path, body | {"message": "Cliente 3001234567"}, by=await scene.owner())
    assert answer.status_code == 201, answer.text
    return scene


async def test_a_buyer_follows_its_packages(told: Scene) -> None:
    answer = await told.api.get(f"/api/v1/orders/{told.order.id}/tracking", by=told.buyer)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["order_number"], shown["status"]) == (told.order.order_number, "SHIPPED")
    (package,) = shown["packages"]
    assert package["vendor"] == {"slug": told.vendor.slug, "business_name": "Café de la Sierra"}
    assert (package["carrier"], package["guide_number"]) == ("Servientrega", told.guide_number)
    assert (package["promised_from"], package["promised_by"]) == tuple(
        str(day) for day in (told.order.packages[0].promised_from, told.order.packages[0].promised_by)
    )
    assert [(event["status"], event["source"]) for event in package["events"]] == [
        ("OUT_FOR_DELIVERY", "CARRIER"),
        ("AT_WAREHOUSE", "VENDOR"),
        ("IN_TRANSIT", "CARRIER"),
    ]
    assert [(each["step"], each["done"]) for each in package["timeline"]] == [
        *((step, True) for step in ("PLACED", "PAID", "PREPARING", "SHIPPED", "OUT_FOR_DELIVERY")),
        ("DELIVERED", False),
    ]


async def test_each_package_shows_its_own_events_only(told: Scene) -> None:
    other = await told.make.vendor()
    products = [await told.make.product(vendor=vendor) for vendor in (told.vendor, other)]
    order = await told.make.paid_order(buyer=told.buyer, units={product.id: 1 for product in products})
    await told.make.move(order, PackageStatus.SHIPPED, vendor=other)
    by = await told.make.owner(other)
    await told.api.post(f"/api/v1/vendor/orders/{order.id}/tracking", {"status": "IN_TRANSIT"}, by=by)
    packages = (await told.api.get(f"/api/v1/orders/{order.id}/tracking", by=told.buyer)).json()["packages"]
    assert {each["vendor"]["slug"]: (each["status"], len(each["events"])) for each in packages} == {
        told.vendor.slug: ("PENDING", 0),
        other.slug: ("SHIPPED", 1),
    }


async def test_staff_sees_it_and_others_do_not(told: Scene) -> None:
    path = f"/api/v1/orders/{told.order.id}/tracking"
    assert_problem(await told.api.get(path), 401)
    for stranger in (await told.make.buyer(), await told.owner()):
        assert_problem(await told.api.get(path, by=stranger), 404)
    mine = await told.api.get(path, by=told.buyer)
    assert (await told.api.get(path, by=await told.make.user(UserType.ADMIN))).json() == mine.json()


async def test_whoever_has_the_number_sees_towns_and_nothing_about_anybody(told: Scene) -> None:
    answer = await told.api.get(f"{TRACK}/{told.order.order_number}")
    assert answer.status_code == 200
    shown = answer.json()
    assert shown.keys() == {"order_number", "status", "packages"}
    (package,) = shown["packages"]
    assert package.keys() == {"status", "carrier", "promised_from", "promised_by", "events"}
    assert [(event["status"], event["town"]) for event in package["events"]] == [
        ("OUT_FOR_DELIVERY", "Bogotá, D.C."),
        ("AT_WAREHOUSE", None),
        ("IN_TRANSIT", "Medellín"),
    ]
    assert {name for event in package["events"] for name in event} == {"status", "at", "town"}
    private = [
        *(SHIPPING[name] for name in ("name", "phone", "address", "notes", "postal_code")),
        *(told.buyer.email, str(told.buyer.id), told.buyer.full_name, told.guide_number),
        *("Café", "Juan", "Cliente", "Bodega", "Cra 7", told.vendor.slug, "Sierra"),
        *(str(item.unit_price.amount) for item in told.order.items),
        str(told.order.total_amount.amount),
    ]
    text = json.dumps(shown, ensure_ascii=False)
    assert [each for each in private if each in text] == []


async def test_a_number_may_be_typed_in_small_letters(told: Scene) -> None:
    number = told.order.order_number
    small, large = [(await told.api.get(f"{TRACK}/{each}")).json() for each in (number.lower(), number)]
    assert small == large


async def test_an_unknown_number_is_told_what_numbers_look_like(scene: Scene) -> None:
    answer = await scene.api.get(f"{TRACK}/ORD-20261124-22222222")
    assert "ORD-20261124-7KQ2M9XD" in assert_problem(answer, 404)["detail"]


@pytest.mark.parametrize(
    "number",
    ["123", "ORD-20261124", "ORD-20261124-0O1IL000", "ORD-2026-7KQ2M9XD", "tracking", "ORD-20261124-7KQ2M9XDX"],
)
async def test_a_number_that_can_be_none(number: str, scene: Scene) -> None:
    assert_problem(await scene.api.get(f"{TRACK}/{number}"), 422)


async def test_who_has_it_already_gets_no_body_until_something_happens(told: Scene) -> None:
    path = f"{TRACK}/{told.order.order_number}"
    tag = (await told.api.get(path)).headers["etag"]
    again = await told.api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await told.announce("DELIVERED", "ev-3")
    assert (await told.api.get(path, headers={"If-None-Match": tag})).json()["status"] == "DELIVERED"


async def test_numbers_can_not_be_guessed_quickly_by_whoever_asks(told: Scene) -> None:
    buyers = [None, told.buyer, await told.make.buyer()]
    async with limited(told.world, search="2/minute") as api:
        got = [(await api.get(f"{TRACK}/ORD-20261124-22222222", by=by)).status_code for by in buyers]
    assert got == [404, 404, 429]
    assert LimitSettings().search == "120/minute"
