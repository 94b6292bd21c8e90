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
from mestore.core.database import transaction
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.users.models import Address, User
from mestore.users.passwords import hash_password
from tests.api import Api
from tests.document import EXAMPLE_ID, EXAMPLE_ORDER, Json, Operation, document, operations, resolved
from tests.make import Make
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
    routes = {route.path for route in iter_route_contexts(create_app(Settings()).routes)}
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
            "place_order": self.buyer_of_the_product,
            "process_payment": self.buyer_with_an_order,
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

    async def buyer_of_the_product(self) -> User:
        await self._make.product(id=EXAMPLE_ID)
        return await self._make.buyer()

    async def buyer_with_an_order(self) -> User:
        buyer = await self._make.buyer()
        await self._rows.execute(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
        assert (await self._make.order(buyer=buyer)).id == EXAMPLE_ORDER
        return buyer

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


OF_THE_MOMENT = "confirm_mfa"
"""Its code is one that an authenticator shows for thirty seconds."""


@pytest.mark.parametrize(
    "operation",
    [each for each in operations() if each.bodies and each.spec["operationId"] != OF_THE_MOMENT],
    ids=str,
)
async def test_the_example_of_a_body_works_when_pasted(
    operation: Operation, api: Api, make: Make, rows: Rows, world: World, sandbox: RunningSandbox
) -> None:
    sender = await Stage(make, rows, world).set_for(operation)
    for media_type, media in operation.bodies.items():
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
