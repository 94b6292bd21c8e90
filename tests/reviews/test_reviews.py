"""Reviews: only of what was delivered, once for each purchase, and always adding up to the product's rating."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from mestore.catalog.models import Product
from mestore.core.database import transaction
from mestore.core.ids import new_uuid
from mestore.core.world import World
from mestore.orders.models import OrderItem
from mestore.orders.states import PackageStatus
from mestore.reviews.models import Review, ReviewStatus
from mestore.reviews.names import public_name
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows


class Market:
    """A product, its shop, and buyers who have got it."""

    def __init__(self, api: Api, make: Make, rows: Rows, vendor: Vendor, product: Product) -> None:
        self._api = api
        self._make = make
        self._rows = rows
        self.vendor = vendor
        self.product = product
        self.path = f"/api/v1/products/{product.id}/reviews"

    async def buyer(self, *, status: PackageStatus = PackageStatus.DELIVERED, **more: Any) -> User:
        buyer = await self._make.buyer(**more)
        await self.buys(buyer, status)
        return buyer

    async def buys(self, buyer: User, status: PackageStatus = PackageStatus.DELIVERED) -> int:
        """The item's number."""
        order = await self._make.order(buyer=buyer, units={self.product.id: 1})
        await self._make.move(order, status)
        ((item,),) = await self._rows.execute(f"SELECT id FROM order_items WHERE order_id = {order.id}")
        return int(item)

    async def write(self, buyer: User | None, rating: int = 5, **more: Any) -> httpx.Response:
        return await self._api.post(self.path, {"rating": rating, "text": "Muy bueno"} | more, by=buyer)

    async def ask(
        self, method: str, review: dict[str, Any], by: User | None, end: str = "", **body: Any
    ) -> httpx.Response:
        return await self._api.request(method, f"{self.path}/{review['id']}{end}", by=by, json=body or None)

    async def listed(self, **query: Any) -> dict[str, Any]:
        answer = await self._api.get(self.path, params=query)
        assert answer.status_code == 200
        page: dict[str, Any] = answer.json()
        return page

    async def rating(self) -> tuple[str | None, int]:
        product = await self._rows.get(Product, self.product.id)
        shown = [each for each in await self._rows.all(Review) if each.status is ReviewStatus.VISIBLE]
        of_product = [each.rating for each in shown if each.product_id == self.product.id]
        assert (product.rating_sum, product.reviews_count) == (sum(of_product), len(of_product))
        shop = await self._rows.get(Vendor, self.vendor.id)
        assert (shop.rating_sum, shop.reviews_count) == (sum(each.rating for each in shown), len(shown))
        return (None if product.rating is None else str(product.rating)), product.reviews_count


@pytest.fixture
async def market(api: Api, make: Make, rows: Rows) -> Market:
    vendor = await make.vendor()
    return Market(api, make, rows, vendor, await make.product(vendor=vendor, stock=1_000))


async def test_who_has_received_it_reviews_it_and_everybody_sees_that(api: Api, market: Market) -> None:
    buyer = await market.buyer(full_name="Ana María Ruiz")
    answer = await market.write(buyer, 4, text="  Llegó en dos días.\nHuele bien. ")
    assert answer.status_code == 201, answer.text
    review = answer.json()
    assert {
        "product_id": str(market.product.id),
        "rating": 4,
        "text": "Llegó en dos días.\nHuele bien.",
        "reviewer": "Ana R.",
        "reply": None,
    }.items() <= review.items()
    assert (await market.listed(total=True)) == {"items": [review], "next_cursor": None, "total": 1}
    product = (await api.get(f"/api/v1/products/{market.product.id}")).json()
    assert (product["rating"], product["reviews_count"]) == ("4.0", 1)


async def test_nobody_else_reviews_it(make: Make, rows: Rows, market: Market) -> None:
    assert_problem(await market.write(None), 401)
    assert_problem(await market.write(await make.user(UserType.ADMIN)), 403)
    assert assert_problem(await market.write(await make.buyer()), 409)["type"] == "/problems/not-delivered"
    for status in set(PackageStatus) - {PackageStatus.DELIVERED}:
        problem = assert_problem(await market.write(await market.buyer(status=status)), 409)
        assert problem["type"] == "/problems/not-delivered"
    owner = await make.owner(market.vendor)
    await market.buys(owner)
    assert assert_problem(await market.write(owner), 409)["type"] == "/problems/own-product"
    assert await rows.count(Review) == 0
    assert await market.rating() == (None, 0)


async def test_an_item_of_another_product_or_buyer_opens_no_door(make: Make, rows: Rows, market: Market) -> None:
    buyer, other = await market.buyer(), await market.buyer()
    (items_of_other,) = [each.id for each in await rows.all(OrderItem)][1:]
    problem = assert_problem(await market.write(buyer, order_item_id=items_of_other), 409)
    assert problem["type"] == "/problems/not-delivered"
    market.path = f"/api/v1/products/{(await make.product()).id}/reviews"
    assert_problem(await market.write(other, order_item_id=items_of_other), 409)
    assert await rows.count(Review) == 0


async def test_each_purchase_is_reviewed_once(rows: Rows, market: Market) -> None:
    buyer = await market.buyer()
    second = await market.buys(buyer)
    assert (await market.write(buyer, 1, order_item_id=second)).status_code == 201
    assert assert_problem(await market.write(buyer, order_item_id=second), 409)["type"] == "/problems/already-reviewed"
    assert (await market.write(buyer, 4)).status_code == 201
    assert assert_problem(await market.write(buyer), 409)["type"] == "/problems/already-reviewed"
    assert await market.rating() == ("2.5", 2)


async def test_of_many_at_once_each_counts_and_none_counts_twice(market: Market) -> None:
    buyers = [await market.buyer() for _ in range(8)]
    wanted = [(buyer, number % 5 + 1) for number, buyer in enumerate(buyers)] * 2
    answers = await asyncio.gather(*(market.write(buyer, rating) for buyer, rating in wanted))
    assert sorted(answer.status_code for answer in answers) == [201] * 8 + [409] * 8
    assert await market.rating() == ("2.6", 8)


async def test_edits_hiding_and_showing_at_once_leave_the_rating_true(make: Make, market: Market) -> None:
    admin = await make.user(UserType.ADMIN)
    buyers = [await market.buyer() for _ in range(3)]
    reviews = [(await market.write(buyer, 3)).json() for buyer in buyers]
    answers = await asyncio.gather(
        *(
            asked
            for buyer, review in zip(buyers, reviews, strict=True)
            for number in range(1, 6)
            for asked in (
                market.ask("PATCH", review, buyer, rating=number),
                market.ask("POST", review, admin, "/hide", reason="x"),
                market.ask("POST", review, admin, "/show"),
            )
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    await market.rating()


async def test_a_shop_has_the_average_of_all_its_products_reviews(
    api: Api, make: Make, rows: Rows, market: Market
) -> None:
    other, elsewhere = await make.product(vendor=market.vendor, stock=10), await make.product(stock=10)
    at_other = Market(api, make, rows, market.vendor, other)
    before = await rows.get(Vendor, market.vendor.id)

    async def shown() -> tuple[str | None, int]:
        shop = (await api.get(f"/api/v1/vendors/{market.vendor.slug}")).json()
        for product in (market.product, other):
            seen = (await api.get(f"/api/v1/products/{product.id}")).json()
            assert seen["vendor"]["rating"] == shop["rating"]
        return shop["rating"], shop["reviews_count"]

    assert await shown() == (None, 0)
    for place, rating in ((market, 5), (at_other, 4), (at_other, 5)):
        review = (await place.write(await place.buyer(), rating)).json()
        await place.rating()
    assert await shown() == ("4.7", 3)
    await at_other.ask("PATCH", review, await make.existing_user((await rows.all(Review))[-1].buyer_id), rating=1)
    assert await shown() == ("3.3", 3)
    await at_other.ask("POST", review, await make.user(UserType.ADMIN), "/hide", reason="Insulta")
    assert await shown() == ("4.5", 2)
    assert (await api.get(f"/api/v1/products/{elsewhere.id}")).json()["vendor"]["rating"] is None
    deleted = await api.request("DELETE", f"/api/v1/products/{other.id}", by=await make.owner(market.vendor))
    assert deleted.status_code == 204
    shop = (await api.get(f"/api/v1/vendors/{market.vendor.slug}")).json()
    assert (shop["rating"], shop["reviews_count"]) == ("4.5", 2), "a shop does not lose what was said by deleting it"
    assert (await rows.get(Vendor, market.vendor.id)).updated_at == before.updated_at


async def test_reviews_of_many_products_at_once_all_count_for_their_shop(
    api: Api, make: Make, rows: Rows, market: Market
) -> None:
    admin = await make.user(UserType.ADMIN)
    places = [market]
    for _ in range(3):
        product = await make.product(vendor=market.vendor, stock=100)
        places.append(Market(api, make, rows, market.vendor, product))
    hidden = [(place, (await place.write(await place.buyer(), 1)).json()) for place in places]
    buyers = [(place, await place.buyer()) for place in places for _ in range(3)]
    answers = await asyncio.gather(
        *(place.write(buyer, number % 5 + 1) for number, (place, buyer) in enumerate(buyers)),
        *(place.ask("POST", review, admin, "/hide", reason="x") for place, review in hidden),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    for place in places:
        await place.rating()
    shop = await rows.get(Vendor, market.vendor.id)
    assert (str(shop.rating), shop.reviews_count) == ("2.8", 12)


async def test_who_holds_a_shop_and_then_its_products_never_meets_a_review_half_way(
    rows: Rows, world: World, market: Market
) -> None:
    """As a shop is closed: its row first, then all it sells."""
    buyer = await market.buyer()
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with transaction(world.sessions) as session:
        await session.execute(text("SELECT FROM vendors FOR NO KEY UPDATE"))
        writing = asyncio.create_task(market.write(buyer))
        async with asyncio.timeout(5):
            while not (await rows.execute(waits))[0][0]:
                assert not writing.done()
        await session.execute(text("SELECT FROM products FOR NO KEY UPDATE"))
    assert (await writing).status_code == 201
    assert await market.rating() == ("5.0", 1)


async def test_a_buyer_edits_its_own_review_and_nobody_elses(make: Make, market: Market) -> None:
    buyer = await market.buyer()
    review = (await market.write(buyer, 5)).json()
    answer = await market.ask("PATCH", review, buyer, rating=2)
    assert (answer.status_code, answer.json()["rating"], answer.json()["text"]) == (200, 2, "Muy bueno")
    assert await market.rating() == ("2.0", 1)
    assert (await market.ask("PATCH", review, buyer, text="Regular")).json()["text"] == "Regular"
    assert_problem(await market.ask("PATCH", review, None, rating=1), 401)
    assert_problem(await market.ask("PATCH", review, await market.buyer(), rating=1), 404)
    assert_problem(await market.ask("PATCH", review, await make.owner(market.vendor), rating=1), 404)
    for wrong in ({"rating": 0}, {"rating": 6}, {"rating": "5"}, {"rating": 4.5}, {"text": "a" * 2_001}, {"x": 1}):
        assert_problem(await market.ask("PATCH", review, buyer, **wrong), 422)
    assert await market.rating() == ("2.0", 1)


async def test_the_vendor_replies_once_and_may_edit_that(make: Make, market: Market) -> None:
    review = (await market.write(await market.buyer())).json()
    owner, other = await make.owner(market.vendor), await make.owner(await make.vendor())
    assert_problem(await market.ask("PUT", review, owner, "/reply", text="Antes"), 404)
    for by, status in ((None, 401), (await make.buyer(), 403), (other, 404)):
        assert_problem(await market.ask("POST", review, by, "/reply", text="No"), status)
        assert_problem(await market.ask("PUT", review, by, "/reply", text="No"), status)
    answer = await market.ask("POST", review, owner, "/reply", text="¡Gracias!")
    assert (answer.status_code, answer.json()["reply"]) == (201, "¡Gracias!")
    assert answer.json()["replied_at"]
    assert_problem(await market.ask("POST", review, owner, "/reply", text="Otra"), 409)
    assert (await market.ask("PUT", review, owner, "/reply", text="¡Mil gracias!")).status_code == 200
    (shown,) = (await market.listed())["items"]
    assert shown["reply"] == "¡Mil gracias!"
    assert shown["updated_at"] == review["updated_at"], "a reply is no edit of the review"


async def test_of_two_replies_at_once_one_stays(make: Make, market: Market) -> None:
    review = (await market.write(await market.buyer())).json()
    owner = await make.owner(market.vendor)
    answers = await asyncio.gather(*(market.ask("POST", review, owner, "/reply", text=text) for text in "ab"))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_hidden_review_is_neither_shown_nor_counted(make: Make, rows: Rows, market: Market) -> None:
    admin, buyer = await make.user(UserType.ADMIN), await market.buyer()
    review = (await market.write(buyer, 1)).json()
    await market.write(await market.buyer(), 5)
    for by, status in ((None, 401), (buyer, 403), (await make.owner(market.vendor), 403)):
        assert_problem(await market.ask("POST", review, by, "/hide", reason="No me gusta"), status)
        assert_problem(await market.ask("POST", review, by, "/show"), status)
    for _ in range(2):
        hidden = await market.ask("POST", review, admin, "/hide", reason="Insulta")
        assert hidden.status_code == 200
        assert (hidden.json()["status"], hidden.json()["hidden_reason"]) == ("HIDDEN", "Insulta")
        assert await market.rating() == ("5.0", 1)
    assert [each["rating"] for each in (await market.listed())["items"]] == [5]
    assert_problem(await market.ask("POST", review, await make.owner(market.vendor), "/reply", text="?"), 404)
    assert (await market.ask("PATCH", review, buyer, rating=2)).status_code == 200
    assert await market.rating() == ("5.0", 1), "what its buyer edits stays hidden"
    for _ in range(2):
        assert (await market.ask("POST", review, admin, "/show")).json()["status"] == "VISIBLE"
        assert await market.rating() == ("3.5", 2)
    assert_problem(await market.ask("POST", {"id": new_uuid()}, admin, "/hide", reason="x"), 404)


async def test_pages_show_each_review_once_the_newest_first(market: Market) -> None:
    written = [(await market.write(await market.buyer())).json()["id"] for _ in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        page = await market.listed(limit=2, **({"cursor": cursor} if cursor else {}))
        found += [each["id"] for each in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == written[::-1]


async def test_reviews_of_what_is_not_for_sale_are_not_found(api: Api, rows: Rows, market: Market) -> None:
    buyer = await market.buyer()
    await rows.execute("UPDATE products SET status = 'INACTIVE'")
    assert_problem(await api.get(market.path), 404)
    assert_problem(await market.write(buyer), 404)


@pytest.mark.parametrize(
    ("full_name", "shown"),
    [("Ana", "Ana"), ("Ana Ruiz", "Ana R."), ("José Luis Díaz Ñáñez", "José Ñ."), ("  ana   ruiz ", "ana R.")],
)
def test_a_reviewer_is_a_first_name_and_an_initial(full_name: str, shown: str) -> None:
    assert public_name(full_name, erased=False) == shown
    assert public_name(full_name, erased=True) == "Cuenta eliminada"


async def test_who_is_erased_leaves_the_stars_and_no_name(api: Api, rows: Rows, market: Market) -> None:
    buyer = await market.buyer()
    await market.write(buyer, 4)
    await rows.execute(
        "UPDATE users SET deleted_at = now(), full_name = 'Cuenta eliminada' WHERE id = :id", id=buyer.id
    )
    (shown,) = (await market.listed())["items"]
    assert (shown["reviewer"], shown["rating"]) == ("Cuenta eliminada", 4)
