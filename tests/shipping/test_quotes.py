"""What shipping costs and when it comes, asked by a cart or an order through the service, and by a page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from mestore.app.api import behind_gate, create_app
from mestore.core.database import driver_of, transaction
from mestore.core.ids import VendorId
from mestore.core.money import Money
from mestore.core.world import World
from mestore.shipping.models import DeliveryTime, ShippingRate
from mestore.shipping.service import Destination, Parcel, Quote, ShippingService
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem

TUESDAY = datetime(2026, 11, 25, 4, 59, tzinfo=UTC)
"""The 24th in Colombia, for one minute more."""

BOGOTA, NOWHERE = Destination("11", "11001"), Destination(None, None)
PATH = "/api/v1/shipping/quote"


async def keep(world: World, *kept: ShippingRate | DeliveryTime) -> None:
    async with transaction(world.sessions) as session:
        session.add_all(kept)


async def quote(world: World, parcels: list[Parcel], to: Destination, at: datetime = TUESDAY) -> list[Quote]:
    async with transaction(world.sessions) as session:
        return await ShippingService(session, world.settings, lambda: at).quote(parcels, to)


def parcel(vendor_id: VendorId, subtotal: int = 50_000, kilograms: str = "0.5") -> Parcel:
    return Parcel(vendor_id, Money(subtotal), Decimal(kilograms))


async def test_without_rows_the_settings_hold(world: World, make: Make) -> None:
    shop, other = (await make.vendor()).id, (await make.vendor()).id
    first, second = await quote(world, [parcel(shop, 199_999), parcel(other, 200_000)], NOWHERE)
    assert (first.vendor_id, first.cost, first.free_from) == (shop, Money(15_000), Money(200_000))
    assert (second.vendor_id, second.cost) == (other, Money(0))
    told = first.promise
    assert (told.min_days, told.max_days) == (2, 8)
    assert (told.earliest, told.latest) == (date(2026, 11, 26), date(2026, 12, 4))


async def test_days_are_counted_from_colombia_s_today(world: World, make: Make) -> None:
    shop = (await make.vendor()).id
    (told,) = await quote(world, [parcel(shop)], NOWHERE, datetime(2026, 11, 25, 5, 0, tzinfo=UTC))
    assert (told.promise.earliest, told.promise.latest) == (date(2026, 11, 27), date(2026, 12, 7))


async def test_each_parcel_has_its_own_quote_in_one_query(world: World, make: Make) -> None:
    shops = [(await make.vendor()).id for _ in range(5)]
    await keep(
        world,
        ShippingRate(department_code="11", up_to_kg=Decimal(1), cost=Money(6_000), free_from=Money(60_000)),
        ShippingRate(department_code="11", cost=Money(8_000)),
        ShippingRate(department_code="05", cost=Money(1)),
        DeliveryTime(min_days=3, max_days=9),
        DeliveryTime(vendor_id=shops[1], min_days=4, max_days=10),
        DeliveryTime(vendor_id=shops[2], department_code="11", min_days=1, max_days=2),
        DeliveryTime(vendor_id=shops[3], municipality_code="05001", min_days=1, max_days=1),
        DeliveryTime(municipality_code="11001", min_days=2, max_days=3),
    )
    parcels = [
        parcel(shops[3]),
        parcel(shops[2], kilograms="1.5"),
        parcel(shops[1], 60_000),
        parcel(shops[0], 60_000, "1.001"),
        parcel(shops[4], 200_000, "7"),
    ]
    statements: list[object] = []
    async with transaction(world.sessions) as session:
        with (await driver_of(session)).query_logger(statements.append):
            found = await ShippingService(session, world.settings, lambda: TUESDAY).quote(parcels, BOGOTA)
    assert len(statements) == 1
    assert [each.vendor_id for each in found] == [each.vendor_id for each in parcels]
    assert [str(each.cost) for each in found] == ["6000.00", "8000.00", "0.00", "8000.00", "0.00"]
    assert [str(each.free_from) for each in found] == ["60000.00", "200000.00", "60000.00", "200000.00", "200000.00"]
    assert [(each.promise.min_days, each.promise.max_days) for each in found] == [
        (2, 3),
        (1, 2),
        (4, 10),
        (2, 3),
        (2, 3),
    ]


async def test_a_destination_to_come_has_what_holds_everywhere(world: World, make: Make) -> None:
    shop = (await make.vendor()).id
    await keep(
        world,
        ShippingRate(cost=Money(11_000)),
        ShippingRate(department_code="11", cost=Money(8_000)),
        DeliveryTime(vendor_id=shop, municipality_code="11001", min_days=1, max_days=1),
        DeliveryTime(vendor_id=shop, min_days=3, max_days=5),
    )
    (told,) = await quote(world, [parcel(shop)], NOWHERE)
    assert (told.cost, told.promise.max_days) == (Money(11_000), 5)
    (there,) = await quote(world, [parcel(shop)], Destination(None, "11001"))
    assert (there.cost, there.promise.max_days) == (Money(8_000), 1)


async def test_no_parcels_no_quotes(world: World) -> None:
    assert await quote(world, [], BOGOTA) == []


@pytest.fixture(name="tuesday")
async def _tuesday(world: World) -> AsyncIterator[Api]:
    """The API on that Tuesday."""
    app = create_app(world.settings)
    app.state.world = replace(world, now=lambda: TUESDAY)
    transport = httpx.ASGITransport(behind_gate(app, world.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, world)


async def test_a_product_s_page_asks_without_signing_in(tuesday: Api, world: World, make: Make) -> None:
    shop = (await make.vendor()).id
    await keep(world, ShippingRate(department_code="11", up_to_kg=Decimal(1), cost=Money(6_000)))
    wanted = {"vendor_id": str(shop), "subtotal": "50000.00", "weight_kg": "0.500"}
    answer = await tuesday.get(PATH, params=wanted | {"municipality_code": "11001"})
    assert answer.status_code == 200
    assert answer.json() == {
        "vendor_id": str(shop),
        "cost": "6000.00",
        "free_from": "200000.00",
        "promise": {"min_days": 2, "max_days": 8, "earliest": "2026-11-26", "latest": "2026-12-04"},
    }
    assert (await tuesday.get(PATH, params=wanted)).json()["cost"] == "15000.00"
    heavy = await tuesday.get(PATH, params=wanted | {"municipality_code": "11001", "weight_kg": "1.001"})
    assert heavy.json()["cost"] == "15000.00"
    free = await tuesday.get(PATH, params=wanted | {"subtotal": "200000"})
    assert free.json()["cost"] == "0.00"


@pytest.mark.parametrize(
    "bad",
    [
        {"municipality_code": "11999"},
        {"municipality_code": "1101"},
        {"municipality_code": ""},
        {"subtotal": "-1"},
        {"subtotal": "50000.50"},
        {"subtotal": "1e5"},
        {"subtotal": ""},
        {"weight_kg": "0.0001"},
        {"weight_kg": "-1"},
        {"weight_kg": "NaN"},
        {"weight_kg": "1000000"},
        {"vendor_id": "11"},
    ],
    ids=str,
)
async def test_what_can_t_be_quoted_is_refused(tuesday: Api, make: Make, bad: dict[str, str]) -> None:
    good = {"vendor_id": str((await make.vendor()).id), "subtotal": "50000.00", "weight_kg": "0.500"}
    assert (await tuesday.get(PATH, params=good)).status_code == 200
    assert_problem(await tuesday.get(PATH, params=good | bad), 422)
    for name in good:
        assert_problem(await tuesday.get(PATH, params={key: good[key] for key in good if key != name}), 422)


async def test_an_unknown_municipality_is_named(tuesday: Api, make: Make) -> None:
    wanted = {
        "vendor_id": str((await make.vendor()).id),
        "subtotal": "1",
        "weight_kg": "1",
        "municipality_code": "00001",
    }
    problem = assert_problem(await tuesday.get(PATH, params=wanted), 422)
    assert problem["type"] == "/problems/destination-unknown"


async def test_a_shop_that_does_not_sell_has_no_quotes(tuesday: Api, world: World, make: Make) -> None:
    closed = await make.vendor(deleted_at=world.now())
    waiting = await make.vendor(status=VendorStatus.PENDING)
    for vendor_id in (closed.id, waiting.id, "01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10"):
        answer = await tuesday.get(PATH, params={"vendor_id": str(vendor_id), "subtotal": "1", "weight_kg": "1"})
        assert assert_problem(answer, 404)["type"] == "/problems/vendor-not-found"
