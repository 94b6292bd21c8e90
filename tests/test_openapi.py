"""The OpenAPI document says of every route what somebody needs who has nothing else, and what it shows works."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import jsonschema_rs
import pytest
from fastapi.routing import iter_route_contexts

from mestore.app.api import create_app
from mestore.auth import one_time_codes, password_links
from mestore.auth.models import Authenticator, OtpCode, OtpPurpose, PasswordReset, RecoveryCode
from mestore.auth.second_factor import hash_of as recovery_code_hash
from mestore.catalog.models import ProductImage
from mestore.complaints.models import Complaint
from mestore.complaints.states import ComplaintKind
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.orders.models import OrderItem
from mestore.orders.states import PackageStatus
from mestore.payments.models import PaymentIntent
from mestore.payments.states import PaymentMethod
from mestore.returns.states import ReturnStatus
from mestore.reviews.models import Review
from mestore.shipping.models import ShippingRate
from mestore.users.models import Address, User, UserType
from mestore.users.passwords import hash_password
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.document import EXAMPLE_ID, EXAMPLE_ORDER, Json, Operation, document, operations, resolved
from tests.make import Make
from tests.payments.review_stage import stage_review
from tests.payments.stage import stage_difference, stage_slip
from tests.returns.stage import stage_delivered, stage_refund, stage_return
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

EVERY = pytest.mark.parametrize("operation", operations(), ids=str)
PAGES = {"/docs", "/docs/start.js", "/openapi.json"}
PROBLEM = "application/problem+json"


def fits(example: Any, schema: Json) -> list[str]:
    """Why an example is none."""
    validator = jsonschema_rs.Draft202012Validator(schema | {"components": document()["components"]})
    return [error.message for error in validator.iter_errors(example)]


@EVERY
def test_every_route_says_what_it_is_for(operation: Operation) -> None:
    summary, tags = operation.spec["summary"], operation.spec["tags"]
    assert re.fullmatch(r"[A-Z][^.]{5,80}", summary), summary
    assert tags
    assert set(tags) <= {tag["name"] for tag in document()["tags"]}
    assert re.fullmatch(r"[a-z][a-z_]+", operation.spec["operationId"])


def test_the_names_of_operations_are_their_own() -> None:
    names = Counter(operation.spec["operationId"] for operation in operations())
    assert [name for name, count in names.items() if count > 1] == []


def test_no_route_stays_out_of_the_document() -> None:
    documented = {operation.path for operation in operations()}
    # A path may say what its parameter looks like, as in `{product_id:uuid}`; the document does so in its schema.
    routes = {re.sub(r":\w+}", "}", str(route.path)) for route in iter_route_contexts(create_app(Settings()).routes)}
    assert routes - documented - PAGES == {"/docs/assets"}


def test_the_document_tells_how_to_begin() -> None:
    text = document()["info"]["description"]
    for told in ("Authorization: Bearer", "Money", "application/problem+json", "Idempotency-Key", "next_cursor"):
        assert told in text


@EVERY
def test_every_body_has_an_example_that_fits(operation: Operation) -> None:
    for media in operation.bodies.values():
        assert fits(media["example"], media["schema"]) == []


@EVERY
def test_every_answer_has_an_example_that_fits(operation: Operation) -> None:
    answers = operation.spec["responses"]
    assert any(status.startswith("2") for status in answers)
    for status, answer in answers.items():
        assert answer["description"]
        content = answer.get("content", {})
        assert content or status == "204", f"{status} without content"
        for media in content.values():
            examples = (
                [media["example"]] if "example" in media else [each["value"] for each in media["examples"].values()]
            )
            assert examples, f"{status} without an example"
            for example in examples:
                assert fits(example, media["schema"]) == [], status


@EVERY
def test_every_refusal_is_a_problem(operation: Operation) -> None:
    for status, answer in operation.spec["responses"].items():
        if status >= "400" and not operation.path.startswith("/health"):
            assert set(answer["content"]) == {PROBLEM}
            for example in answer["content"][PROBLEM]["examples"].values():
                assert example["value"]["status"] == int(status)


@EVERY
def test_the_fields_of_an_answer_are_always_there(operation: Operation) -> None:
    for status, answer in operation.spec["responses"].items():
        for media in answer.get("content", {}).values():
            if status.startswith("2"):
                for name, shape in objects(media["schema"]):
                    assert set(shape.get("required", ())) == set(shape.get("properties", ())), name


def objects(schema: Json) -> Iterator[tuple[str, Json]]:
    """The objects with named fields that an answer is made of."""
    name, shape = schema.get("$ref", "answer"), resolved(schema)
    if "properties" in shape:
        yield name, shape
    for part in (*shape.get("properties", {}).values(), *shape.get("anyOf", ()), shape.get("items")):
        if part:
            yield from objects(part)


@EVERY
async def test_a_route_is_protected_as_it_says(operation: Operation, api: Api) -> None:
    answer = await api.request(operation.method, operation.example_path)
    refused = answer.status_code == 401 and answer.json()["type"] == "/problems/not-signed-in"
    assert refused is bool(operation.spec.get("security")), answer.text


class Stage:
    """Makes what the examples speak of, and says who sends them."""

    def __init__(self, make: Make, rows: Rows, world: World) -> None:
        self._make = make
        self._rows = rows
        self._world = world
        self._scenes: dict[str, Callable[[], Awaitable[User | None]]] = {
            "publish_product": self.seller,
            "replace_product": self.vendor_with_a_product,
            "change_product": self.vendor_with_a_product,
            "change_many_products": self.vendor_with_a_product,
            "move_stock": self.vendor_with_a_product,
            "reject_product": self.administrator_with_a_product,
            "add_category": self.administrator,
            "change_category": self.administrator_with_categories,
            "change_image": self.vendor_with_a_picture,
            "write_review": self.buyer_with_a_delivered_product,
            "edit_review": self.buyer_with_a_review,
            "reply_to_review": self.vendor_with_a_review,
            "edit_reply": self.vendor_with_a_reply,
            "hide_review": self.moderator,
            "add_synonym": self.administrator,
            "change_synonym": self.administrator_with_synonyms,
            "add_shipping_rate": self.administrator,
            "change_shipping_rate": self.administrator_with_a_rate,
            "add_delivery_time": self.administrator,
            "add_my_delivery_time": self.seller,
            "add_to_cart": self.guest_of_the_product,
            "change_cart_item": self.buyer_with_a_cart,
            "check_out": self.buyer_with_a_cart,
            "place_order": self.buyer_of_the_product,
            "process_payment": self.buyer_with_an_order,
            "process_payment_by_payu": self.buyer_with_an_order,
            "process_payment_by_efecty": self.buyer_with_an_order,
            "create_intent": self.buyer_with_an_order,
            "confirm_intent": self.buyer_with_an_intent,
            "tell_of_my_package": self.vendor_with_a_package_on_its_way,
            "tell_of_package": self.administrator_with_a_package_on_its_way,
            "move_order": self.buyer_with_an_order,
            "cancel_order": self.buyer_with_an_order,
            "move_package": self.vendor_with_a_paid_order,
            "ship_package": self.vendor_with_a_paid_order,
            "request_return": self.buyer_who_got_it,
            "ship_return": self.buyer_with_an_approved_return,
            "refuse_return": self.vendor_with_a_return,
            "receive_return": self.vendor_with_an_approved_return,
            "refuse_any_return": self.administrator_with_a_return,
            "receive_any_return": self.administrator_with_an_approved_return,
            "complete_refund": self.administrator_with_a_refund,
            "take_over_refund": self.administrator_with_a_refund,
            "reject_payment": self.administrator_with_payments_to_decide,
            "close_payment_case": self.administrator_with_payments_to_decide,
            "add_fraud_block": self.administrator,
            "refund_payment": self.administrator_with_a_refund,
            "set_refund_destination": self.buyer_with_a_refund,
            "confirm_collections": self.administrator_with_a_slip,
            "close_difference": self.administrator_with_a_difference,
            "file_complaint": self.buyer_with_an_order,
            "write_in_complaint": self.buyer_with_a_complaint,
            "write_as_shop": self.vendor_with_a_complaint,
            "answer_complaint": self.administrator_with_a_complaint,
            "verify_email_otp": self.buyer_with_a_code,
            "verify_phone_otp": self.buyer_with_a_code_by_sms,
            "log_in_by_phone": self.somebody_with_a_code_to_sign_in,
            "change_address": self.buyer_with_an_address,
            "change_password": self.buyer_with_a_password,
            "reset_password": self.somebody_with_a_link,
            "enroll_mfa": self.buyer_with_a_password,
            "disable_mfa": self.buyer_with_a_recovery_code,
        }

    async def set_for(self, operation: Operation) -> User | None:
        scene = self._scenes.get(operation.spec["operationId"])
        if scene is not None:
            return await scene()
        return await self._make.buyer() if operation.spec.get("security") else None

    async def seller(self) -> User:
        await self._make.category(id=EXAMPLE_ID)
        return await self._make.owner(await self._make.vendor())

    async def vendor_with_a_product(self) -> User:
        await self._make.category(id=EXAMPLE_ID)
        vendor = await self._make.vendor()
        await self._make.product(id=EXAMPLE_ID, vendor=vendor)
        return await self._make.owner(vendor)

    async def administrator_with_a_product(self) -> User:
        await self._make.product(id=EXAMPLE_ID)
        return await self.administrator()

    async def administrator_with_categories(self) -> User:
        await self._make.category(id=EXAMPLE_ID)
        await self._make.category(slug="cafe")
        return await self.administrator()

    async def vendor_with_a_picture(self) -> User:
        vendor = await self._make.vendor()
        product = await self._make.product(id=EXAMPLE_ID, vendor=vendor)
        picture = {"position": 1, "width": 1200, "height": 900, "color": "#d9c7a0", "folder": "0" * 32}
        async with transaction(self._world.sessions) as session:
            session.add(ProductImage(id=EXAMPLE_ID, product_id=product.id, **picture))
        return await self._make.owner(vendor)

    async def buyer_with_a_delivered_product(self) -> User:
        buyer, _ = await self._delivered()
        return buyer

    async def buyer_with_a_review(self) -> User:
        buyer, _ = await self._reviewed(reply=None)
        return buyer

    async def vendor_with_a_review(self) -> User:
        _, owner = await self._reviewed(reply=None)
        return owner

    async def vendor_with_a_reply(self) -> User:
        _, owner = await self._reviewed(reply="Gracias")
        return owner

    async def moderator(self) -> User:
        await self._reviewed(reply=None)
        return await self._make.user(UserType.ADMIN)

    async def administrator(self) -> User:
        return await self._make.user(UserType.ADMIN)

    async def administrator_with_synonyms(self) -> User:
        await self._make.synonym("marimba", "balafón", id=EXAMPLE_ID)
        return await self.administrator()

    async def administrator_with_a_rate(self) -> User:
        async with transaction(self._world.sessions) as session:
            session.add(ShippingRate(id=EXAMPLE_ID, cost=Money(9_000)))
        return await self.administrator()

    async def _delivered(self) -> tuple[User, User]:
        """Who has bought the product and got it, and who sold it."""
        vendor, buyer = await self._make.vendor(), await self._make.buyer()
        product = await self._make.product(id=EXAMPLE_ID, vendor=vendor)
        order = await self._make.order(buyer=buyer, units={product.id: 1})
        await self._make.move(order, PackageStatus.DELIVERED)
        return buyer, await self._make.owner(vendor)

    async def _reviewed(self, *, reply: str | None) -> tuple[User, User]:
        buyer, owner = await self._delivered()
        (item,) = await self._rows.all(OrderItem)
        review = {"order_item_id": item.id, "buyer_id": buyer.id, "rating": 4, "reply": reply}
        async with transaction(self._world.sessions) as session:
            session.add(Review(id=EXAMPLE_ID, product_id=EXAMPLE_ID, **review))
        for table in ("products", "vendors"):
            await self._rows.execute(f"UPDATE {table} SET rating_sum = 4, reviews_count = 1")
        return buyer, owner

    async def guest_of_the_product(self) -> None:
        await self._make.product(id=EXAMPLE_ID)

    async def buyer_with_a_cart(self) -> User:
        buyer, product = await self._make.buyer(), await self._make.product(price=50_000)
        await self._make.cart(buyer, {product.id: 1}, first_item=1)
        return buyer

    async def buyer_of_the_product(self) -> User:
        await self._make.product(id=EXAMPLE_ID)
        return await self._make.buyer()

    async def buyer_with_an_order(self) -> User:
        buyer = await self._make.buyer()
        await self._rows.execute(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
        assert (await self._make.order(buyer=buyer)).id == EXAMPLE_ORDER
        return buyer

    async def buyer_with_an_intent(self) -> User:
        buyer = await self.buyer_with_an_order()
        until = self._world.now() + timedelta(hours=1)
        wanted = {"order_id": EXAMPLE_ORDER, "buyer_id": buyer.id, "method": PaymentMethod.PSE}
        async with transaction(self._world.sessions) as session:
            session.add(PaymentIntent(id=EXAMPLE_ID, amount=Money(1_000), expires_at=until, **wanted))
        return buyer

    async def vendor_with_a_paid_order(self) -> User:
        vendor = await self._make.vendor()
        product = await self._make.product(vendor=vendor)
        await self._rows.execute(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
        assert (await self._make.paid_order(units={product.id: 1})).id == EXAMPLE_ORDER
        return await self._make.owner(vendor)

    async def buyer_who_got_it(self) -> User:
        buyer, _ = await stage_delivered(self._make, self._rows, self._world)
        return buyer

    async def buyer_with_an_approved_return(self) -> User:
        buyer, _ = await stage_return(self._make, self._rows, self._world, ReturnStatus.APPROVED)
        return buyer

    async def vendor_with_a_return(self) -> User:
        _, owner = await stage_return(self._make, self._rows, self._world, ReturnStatus.REQUESTED)
        return owner

    async def vendor_with_an_approved_return(self) -> User:
        _, owner = await stage_return(self._make, self._rows, self._world, ReturnStatus.APPROVED)
        return owner

    async def administrator_with_a_return(self) -> User:
        await self.vendor_with_a_return()
        return await self.administrator()

    async def administrator_with_an_approved_return(self) -> User:
        await self.vendor_with_an_approved_return()
        return await self.administrator()

    async def administrator_with_a_slip(self) -> User:
        await stage_slip(self._make, self._world)
        return await self.administrator()

    async def administrator_with_a_difference(self) -> User:
        await stage_difference(self._rows, self._world)
        return await self.administrator()

    async def buyer_with_a_refund(self) -> User:
        return await stage_refund(self._make, self._rows, self._world)

    async def administrator_with_payments_to_decide(self) -> User:
        admin = await self.administrator()
        await stage_review(self._make, self._rows, self._world, admin)
        return admin

    async def administrator_with_a_refund(self) -> User:
        await stage_refund(self._make, self._rows, self._world)
        return await self.administrator()

    async def vendor_with_a_package_on_its_way(self) -> User:
        return await self._make.owner(await self._shipped())

    async def administrator_with_a_package_on_its_way(self) -> User:
        await self._shipped()
        return await self.administrator()

    async def _shipped(self) -> Vendor:
        """Whose package is on its way: number 1 of order number 1, as the paths of the examples say."""
        vendor = await self._make.vendor()
        product = await self._make.product(vendor=vendor)
        for table in ("orders", "packages"):
            await self._rows.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH 1")
        order = await self._make.order(units={product.id: 1})
        await self._make.move(order, PackageStatus.SHIPPED)
        return vendor

    async def buyer_with_a_complaint(self) -> User:
        buyer, _ = await self._complained()
        return buyer

    async def vendor_with_a_complaint(self) -> User:
        _, owner = await self._complained()
        return owner

    async def administrator_with_a_complaint(self) -> User:
        await self._complained()
        return await self.administrator()

    async def _complained(self) -> tuple[User, User]:
        """Who complains of a shop, and whose shop it is."""
        vendor, buyer = await self._make.vendor(), await self._make.buyer()
        order = await self._make.order(buyer=buyer, units={(await self._make.product(vendor=vendor)).id: 1})
        complaint = {"kind": ComplaintKind.CLAIM, "subject": "Rayada", "text": "Rayada", "due_at": self._world.now()}
        about = {"user_id": buyer.id, "order_id": order.id, "vendor_id": vendor.id}
        async with transaction(self._world.sessions) as session:
            session.add(Complaint(id=EXAMPLE_ID, filing_number="PQR-20261124-7KQ2M9XD", **complaint, **about))
        return buyer, await self._make.owner(vendor)

    async def buyer_with_a_code(self) -> User:
        return await self._code_for(await self._make.buyer(email_verified=False), OtpPurpose.VERIFY_EMAIL)

    async def buyer_with_a_code_by_sms(self) -> User:
        return await self._code_for(await self._make.buyer(), OtpPurpose.VERIFY_PHONE)

    async def somebody_with_a_code_to_sign_in(self) -> None:
        await self._code_for(await self._make.buyer(phone_verified=True), OtpPurpose.LOGIN_PHONE)

    async def buyer_with_an_address(self) -> User:
        buyer = await self._make.buyer()
        where = {"street": "Calle 93 # 13-24", "municipality_code": "11001"}
        async with transaction(self._world.sessions) as session:
            session.add(
                Address(
                    id=EXAMPLE_ID, user_id=buyer.id, name=buyer.full_name, phone=buyer.phone, is_default=True, **where
                )
            )
        return buyer

    async def _code_for(self, buyer: User, purpose: OtpPurpose) -> User:
        hashed = one_time_codes.hash_of(self._world.settings.auth, buyer.id, purpose, "493817")
        async with transaction(self._world.sessions) as session:
            expires = self._world.now() + timedelta(minutes=10)
            session.add(
                OtpCode(
                    user_id=buyer.id,
                    purpose=purpose,
                    code_hash=b"0" * one_time_codes.SALT_BYTES + hashed,
                    expires_at=expires,
                )
            )
        return buyer

    async def buyer_with_a_password(self) -> User:
        hashed = await hash_password("el-loro-canta-a-las-6", self._world.settings.auth)
        return await self._make.buyer(password_hash=hashed)

    async def somebody_with_a_link(self) -> None:
        hashed = password_links.hash_of("pN4wX8rT1kV6bQ9mJ3cL7hF2dS5gZ0yA8uE4iO1oRtY")
        buyer = await self._make.buyer()
        expires = self._world.now() + timedelta(hours=1)
        async with transaction(self._world.sessions) as session:
            session.add(PasswordReset(user_id=buyer.id, salt=b"", token_hash=hashed, expires_at=expires))

    async def buyer_with_a_recovery_code(self) -> User:
        buyer = await self.buyer_with_a_password()
        hashed = recovery_code_hash(buyer.id, "k7dm-w2xq-9hpt-4rvn")
        async with transaction(self._world.sessions) as session:
            session.add(Authenticator(user_id=buyer.id, secret=b"", confirmed_at=self._world.now()))
            session.add(RecoveryCode(user_id=buyer.id, code_hash=hashed))
        return buyer


async def test_the_examples_of_paying_in_two_steps_work_one_after_the_other(
    api: Api, make: Make, rows: Rows, world: World, sandbox: RunningSandbox
) -> None:
    create, confirm = (
        named(name).bodies["application/json"]["example"] for name in ("create_intent", "confirm_intent")
    )
    buyer = await Stage(make, rows, world).buyer_with_an_order()
    intent = await api.post(named("create_intent").path, create, by=buyer)
    paid = await api.post(named("confirm_intent").path, confirm | {"intent_id": intent.json()["intent_id"]}, by=buyer)
    assert (paid.status_code, paid.json()["status"]) == (200, "PENDING"), paid.text


def test_paying_by_an_intent_refuses_what_paying_refuses_and_more() -> None:
    refused = {status: names_of(answer) for status, answer in named("confirm_intent").spec["responses"].items()}
    for status, answer in named("process_payment").spec["responses"].items():
        assert names_of(answer) <= refused[status]
    assert {"OrderNotFound", "IntentNotFound"} <= refused["404"]
    assert {"PaymentInProgress", "TooManySlips", "OrderNotPayable", "IntentExpired", "IntentConfirmed"} <= refused[
        "409"
    ]
    assert "GatewayAway" in refused["503"]


def named(operation_id: str) -> Operation:
    return next(each for each in operations() if each.spec["operationId"] == operation_id)


def names_of(answer: Json) -> set[str]:
    """The refusals of which an answer shows examples."""
    return set(answer["content"].get(PROBLEM, {}).get("examples", ()))


@pytest.mark.parametrize(
    ("operation_id", "gateway"),
    [
        ("process_payment", "wompi"),
        ("confirm_intent", "wompi"),
        ("process_payment_by_payu", "payu"),
        ("process_payment_by_efecty", "efecty"),
    ],
)
def test_the_examples_of_an_attempt_say_what_their_status_means(operation_id: str, gateway: str) -> None:
    known, unknown = (
        named(operation_id).spec["responses"][status]["content"]["application/json"]["example"]
        for status in ("200", "202")
    )
    assert (known["gateway"], known["status"]) == (gateway, "PENDING")
    assert known["payment_url"].startswith("https://")
    assert (known["instructions"] is not None) is (gateway == "efecty")
    assert (unknown["gateway"], unknown["status"]) == (gateway, "PROCESSING")
    assert (unknown["payment_url"], unknown["instructions"]) == (None, None)


def test_the_example_of_a_collection_that_is_not_known_yet_says_so() -> None:
    answer = named("confirm_collections").spec["responses"]["202"]["content"]["application/json"]["example"]
    assert answer["file"] is None
    assert {each["outcome"] for each in answer["collections"]} == {"PENDING"}


FORMS = {"multipart/form-data"}
"""What is pasted there is a file."""

OF_THE_MOMENT = "confirm_mfa"
"""Its code is one that an authenticator shows for thirty seconds."""


@pytest.mark.parametrize(
    "operation",
    [each for each in operations() if each.bodies.keys() - FORMS and each.spec["operationId"] != OF_THE_MOMENT],
    ids=str,
)
async def test_the_example_of_a_body_works_when_pasted(
    operation: Operation, api: Api, make: Make, rows: Rows, world: World, sandbox: RunningSandbox
) -> None:
    sender = await Stage(make, rows, world).set_for(operation)
    for media_type, media in ((kind, body) for kind, body in operation.bodies.items() if kind not in FORMS):
        answer = await api.request(
            operation.method,
            operation.example_path,
            by=sender,
            json=media["example"],
            headers={"Content-Type": media_type},
        )
        # A token or signature in an example can't be a living one.
        assert answer.is_success or answer.status_code == 401, answer.text


async def test_the_pages_load_without_internet(api: Api) -> None:
    page = await api.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text
    referenced = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(referenced) == 3
    script = await api.get("/docs/start.js")
    assert re.findall(r'url: "([^"]+)"', script.text) == ["/openapi.json"]
    for path in (*referenced, "/openapi.json"):
        answer: httpx.Response = await api.get(path)
        assert answer.status_code == 200, path
        assert answer.content
    assert (await api.get("/openapi.json")).json() == document()
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    "path", ["/docs/assets/../../core.py", "/docs/assets/%2e%2e/core.py", "/docs/assets/nothing.js", "/redoc"]
)
async def test_what_is_no_page_is_a_problem(path: str, api: Api) -> None:
    answer = await api.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
