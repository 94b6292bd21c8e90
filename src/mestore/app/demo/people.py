"""Before the seventeen steps: a vendor opens a shop and fills it, a buyer makes an account. After them: sessions."""

import re
import secrets
from typing import Any

from mestore.app import demo_accounts
from mestore.app.demo.story import Line, Shop, Story
from mestore.app.demo.web import Person, Wrong, eventually, expect

_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_SHELF = "cafe-molido"
_PRODUCTS = (
    {
        "sku": "DEMO-CAFE-500",
        "name": "Café de la demostración 500 g",
        "description": "Tostado ayer, para probar que todo funciona.",
        "brand": "Demo",
        "precio_venta": "32381.00",
        "precio_costo": "18000.00",
        "iva_class": "REDUCED",
        "stock": 40,
        "weight_kg": "0.500",
        "tags": ["café"],
    },
    {
        "sku": "DEMO-MOLINILLO",
        "name": "Molinillo manual de la demostración",
        "description": "De acero, con manija de madera.",
        "brand": "Demo",
        "precio_venta": "58823.00",
        "iva_class": "GENERAL",
        "stock": 5,
        "weight_kg": "0.900",
        "attributes": {"material": "acero"},
    },
)


def register_vendor(story: Story) -> str:
    email = f"tienda.{story.run}@vendedores.example"
    registered = story.api.post(
        "/vendors/register",
        201,
        json={
            **_account(email, "Rosa Elena Demo"),
            "business_name": f"Tienda {story.run}",
            "document_type": "CC",
            "document_number": f"1{secrets.randbelow(10**9):09}",
            "city": "Santa Marta",
            "terms_accepted": True,
        },
    )
    status = registered["vendor"]["status"]
    expect(status == "APPROVED", f"the shop is {status}, not APPROVED")
    story.new_shop = Shop(sign_in(story, email), registered["vendor"])
    return f"POST /vendors/register → 201, {story.new_shop.name} is {status}"


def verify_vendor(story: Story) -> str:
    return _verify(story, story.new_shop.owner)


def publish_products(story: Story) -> str:
    """Two of the new shop; the order takes one of a shop of the demo catalogue besides."""
    shelf = next((each for each in story.api.get("/categories") if each["slug"] == _SHELF), None)
    if shelf is None:
        raise Wrong("there is no demo catalogue in this database: fill it with `mestore seed`")
    published = [
        story.new_shop.owner.post("/products", 201, json={**product, "category_id": shelf["id"]})
        for product in _PRODUCTS
    ]
    owner = sign_in(story, demo_accounts.VENDOR_EMAIL)
    story.seeded_shop = Shop(owner, owner.get("/vendors/me"))
    wanted = {"vendor_id": story.seeded_shop.vendor["id"], "in_stock": "true", "limit": 100}
    catalogued = max(story.api.get("/products", params=wanted)["items"], key=lambda each: each["stock_disponible"])
    story.lines = [Line(published[0], 2), Line(published[1], 1), Line(catalogued, 1)]
    prices = ", ".join(f"{product['sku']} at {product['precio_con_iva']} with IVA" for product in published)
    return f"POST /products → 201 twice, {prices}"


def register_buyer(story: Story) -> str:
    email = f"compra.{story.run}@compradores.example"
    story.buyer, verified = _new_buyer(story, email)
    return f"POST /auth/register → 201, {email}; {verified}; signed in"


def another_buyer(story: Story, name: str) -> Person:
    """Somebody whose first purchase it is: many attempts to pay by one person would look like fraud."""
    return _new_buyer(story, f"{name}.{story.run}@compradores.example")[0]


def _new_buyer(story: Story, email: str) -> tuple[Person, str]:
    user = story.api.post("/auth/register", 201, json=_account(email, "Ana Ruiz Demo"))
    expect(user["user_type"] == "BUYER", f"the buyer became a {user['user_type']}")
    buyer = sign_in(story, email)
    return buyer, _verify(story, buyer)


def sign_in(story: Story, email: str) -> Person:
    answer = story.api.post("/auth/login", json={"email": email, "password": demo_accounts.PASSWORD})
    return Person(story.api, email, answer["access_token"])


def log_in(story: Story) -> str:
    answer = story.api.post("/auth/login", json=_credentials(story))
    expect(answer["user"]["email_verified"], "the e-mail is not verified any more")
    return f"POST /auth/login → 200, a {answer['token_type']} token, good for {answer['expires_in']} s"


def refresh(story: Story) -> str:
    first = story.api.post("/auth/login", json=_credentials(story))
    second = story.api.post("/auth/refresh-token", json={"refresh_token": first["refresh_token"]})
    expect(second["refresh_token"] != first["refresh_token"], "the refresh token was not rotated")
    Person(story.api, story.buyer.email, second["access_token"]).get("/auth/me")
    return "POST /auth/refresh-token → 200, rotated, and the new access token works"


def log_out(story: Story) -> str:
    person = sign_in(story, story.buyer.email)
    person.ask("POST", "/auth/logout", 204)
    person.get("/auth/me", 401)
    story.buyer.get("/auth/me")
    return "POST /auth/logout → 204; that session's token gets 401 at once, the others live on"


def _account(email: str, full_name: str) -> dict[str, Any]:
    return {"email": email, "password": demo_accounts.PASSWORD, "full_name": full_name, "phone": "3001234567"}


def _credentials(story: Story) -> dict[str, str]:
    return {"email": story.buyer.email, "password": demo_accounts.PASSWORD}


def _verify(story: Story, person: Person) -> str:
    """With the code that a person would read in the inbox."""

    def code_by_mail() -> str | None:
        mails = story.sandbox.get("/inbox/mails", params={"to": person.email})
        return next((found[0] for mail in mails if (found := _CODE.search(mail["text"]))), None)

    code = eventually(code_by_mail, f"no code was mailed to {person.email} (does the worker run?)")
    user = person.post("/auth/verify-email-otp", json={"code": code})
    expect(user["email_verified"], "the e-mail is not verified")
    return f"the code {code} came by mail and verified the address"
