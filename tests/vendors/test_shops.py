import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.core.database import transaction
from mestore.core.market_settings import VendorSettings
from mestore.core.world import World
from mestore.notifications.models import Message
from mestore.users.models import User, UserType
from mestore.users.service import NewUser
from mestore.vendors.models import DocumentType, Vendor, VendorStatus
from mestore.vendors.registration import NewShop, VendorRegistration
from mestore.vendors.service import VendorService
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

REGISTER = "/api/v1/vendors/register"
ROSA: dict[str, Any] = {
    "email": "rosa@cafedelasierra.example",
    "password": "un-tinto-en-la-sierra",
    "full_name": "Rosa Elena Mendoza",
    "phone": "3005550101",
    "business_name": "Café de la Sierra",
    "document_type": "NIT",
    "document_number": "900.123.456-8",
    "city": "Santa Marta",
    "terms_accepted": True,
}
SHOP = {"id", "slug", "business_name", "description", "city", "rating", "reviews_count", "created_at"}


async def test_a_vendor_registers_and_is_approved(api: Api, rows: Rows, drain: Callable[[], Awaitable[None]]) -> None:
    response = await api.post(REGISTER, ROSA)
    assert response.status_code == 201
    body = response.json()
    assert body.keys() == {"user", "vendor"}
    assert (body["user"]["user_type"], body["user"]["email_verified"]) == ("VENDOR", False)
    assert body["vendor"] | {"id": None, "created_at": None} == {
        "id": None,
        "slug": "cafe-de-la-sierra",
        "business_name": "Café de la Sierra",
        "description": "",
        "status": "APPROVED",
        "city": "Santa Marta",
        "document_type": "NIT",
        "document_number": "900123456-8",
        "rating": None,
        "reviews_count": 0,
        "created_at": None,
    }
    await drain()
    assert [(letter.template, str(letter.receiver_id)) for letter in await rows.all(Message)] == [
        ("verify_email", body["user"]["id"])
    ]


async def test_a_vendor_signs_in_and_sees_the_own_shop(api: Api) -> None:
    registered = (await api.post(REGISTER, ROSA)).json()
    tokens = (await api.post("/api/v1/auth/login", {"email": ROSA["email"], "password": ROSA["password"]})).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    response = await api.get("/api/v1/vendors/me/", headers=headers)
    assert (response.status_code, response.json()) == (200, registered["vendor"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"document_number": "900123456-7"}, "document_invalid"),
        ({"document_type": "CC"}, "document_invalid"),
        ({"document_type": "PASSPORT"}, "enum"),
        ({"terms_accepted": False}, "terms_not_accepted"),
        ({"terms_accepted": 1}, "bool_type"),
        ({"terms_accepted": "true"}, "bool_type"),
        ({"email": "rosa@"}, "email_invalid"),
        ({"phone": "1"}, "phone"),
        ({"password": "colombia123"}, "password_common"),
        ({"status": "APPROVED"}, "extra_forbidden"),
        ({"user_type": "ADMIN"}, "extra_forbidden"),
        ({"business_name": "x"}, "too_short"),
        ({"city": "x" * 101}, "too_long"),
    ],
)
async def test_a_refused_registration_changes_nothing(
    api: Api, rows: Rows, change: dict[str, object], code: str
) -> None:
    response = await api.post(REGISTER, ROSA | change)
    assert response.status_code == 422
    assert [each["code"] for each in response.json()["errors"]] == [code]
    assert (await rows.count(User), await rows.count(Vendor)) == (0, 0)


async def test_one_document_is_one_shop(api: Api, rows: Rows) -> None:
    await api.post(REGISTER, ROSA)
    response = await api.post(REGISTER, ROSA | {"email": "otra@example.co", "document_number": "9001234568"})
    assert (response.status_code, response.json()["type"]) == (409, "/problems/document-taken")
    assert (await rows.count(User), await rows.count(Vendor)) == (1, 1)


async def test_one_e_mail_is_one_account(api: Api, make: Make, rows: Rows) -> None:
    await make.buyer(email=ROSA["email"], email_key=ROSA["email"])
    response = await api.post(REGISTER, ROSA | {"email": ROSA["email"].upper()})
    assert (response.status_code, response.json()["type"]) == (409, "/problems/email-taken")
    assert [user.user_type for user in await rows.all(User)] == [UserType.BUYER]
    assert await rows.count(Vendor) == 0


async def test_shops_of_one_name_at_once_have_addresses_of_their_own(api: Api, rows: Rows) -> None:
    responses = await asyncio.gather(
        *(
            api.post(
                REGISTER,
                ROSA | {"email": f"r{i}@example.co", "document_type": "CC", "document_number": f"1020304{i:03}"},
            )
            for i in range(6)
        )
    )
    assert [response.status_code for response in responses] == [201] * 6
    slugs = [vendor.slug for vendor in await rows.all(Vendor)]
    assert len(set(slugs)) == 6
    assert "cafe-de-la-sierra" in slugs


async def test_the_same_document_at_once_makes_one_shop(api: Api, rows: Rows) -> None:
    responses = await asyncio.gather(*(api.post(REGISTER, ROSA | {"email": f"r{i}@example.co"}) for i in range(6)))
    assert sorted(response.status_code for response in responses) == [201, *[409] * 5]
    assert (await rows.count(User), await rows.count(Vendor)) == (1, 1)


async def test_without_auto_approval_an_administrator_decides(world: World, rows: Rows) -> None:
    settings = world.settings.model_copy(update={"vendors": VendorSettings(auto_approve=False)})
    owner = NewUser(ROSA["email"], ROSA["password"], "Rosa", ROSA["phone"], UserType.VENDOR)
    shop = NewShop("Café", DocumentType.NIT, "900123456-8", "Santa Marta")
    async with transaction(world.sessions) as session:
        await VendorRegistration(session, settings, world.now).register(owner, shop)
    assert [vendor.status for vendor in await rows.all(Vendor)] == [VendorStatus.PENDING]


async def test_everybody_sees_a_shop_without_contact_data_or_document(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    response = await api.get(f"/api/v1/vendors/{vendor.slug}")
    assert response.status_code == 200
    assert response.json().keys() == SHOP
    assert vendor.document_number not in response.text


@pytest.mark.parametrize("status", [VendorStatus.PENDING, VendorStatus.REJECTED, VendorStatus.SUSPENDED])
async def test_a_shop_that_may_not_sell_is_as_absent_as_none(api: Api, make: Make, status: VendorStatus) -> None:
    vendor = await make.vendor(status=status)
    response = await api.get(f"/api/v1/vendors/{vendor.slug}")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/vendor-not-found")
    assert (await api.get("/api/v1/vendors/nada-de-nada")).status_code == 404


async def test_my_shop_is_for_vendors(api: Api, make: Make) -> None:
    assert (await api.get("/api/v1/vendors/me")).status_code == 401
    assert (await api.get("/api/v1/vendors/me", by=await make.buyer())).status_code == 403
    shopless = await make.user(UserType.VENDOR)
    assert (await api.get("/api/v1/vendors/me", by=shopless)).status_code == 404


async def test_publishing_needs_approval_and_a_verified_e_mail(make: Make) -> None:
    vendor, pending = await make.vendor(), await make.vendor(status=VendorStatus.PENDING)
    owner = await make.owner(vendor)
    unverified = await make.user(UserType.VENDOR, email_verified=False)
    assert VendorService.may_publish(owner, vendor)
    assert not VendorService.may_publish(owner, pending)
    assert not VendorService.may_publish(unverified, vendor)
