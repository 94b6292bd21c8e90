"""What the OpenAPI document says before it comes to the routes."""

from typing import Any

TEXT = """
The API of MeStore, an open marketplace for Colombia: many vendors, one cart, one payment, and each vendor paid exactly
what it is owed.

**Who calls.** `POST /api/v1/auth/login` gives an `access_token` (an hour) and a `refresh_token` (seven days, good for
one use: `POST /api/v1/auth/refresh-token` gives the next). Send the first as `Authorization: Bearer <access_token>`.
What an account may do is read at each request, so a change of it acts at once.

**Money** is a text of Colombian pesos with two decimals (`"250000.00"`), never a number. Prices that a vendor sets are
net of IVA; `precio_con_iva` is what a consumer pays. Every total adds up to the peso. Times are RFC 3339 in UTC.

**Bodies** are JSON in UTF-8, at most 1 MiB; a picture comes as a form, at most 5 MiB. Unknown fields are refused and
nothing is converted: `"2"` is no number.
Every path answers with and without a slash at its end.

**Errors** are `application/problem+json` (RFC 9457): `type` names the kind and never changes; `title` and `detail` are
for people, in Spanish or English by `Accept-Language`. 400 is what could not be read, 401 nobody signed in, 403 another
kind of account, 404 what is absent or somebody else's, 409 what the state of things forbids, 422 what does not fit
(`errors` says where), 429 too many requests, 503 a part that is away for a moment (`Retry-After` says when to come
back). Each answer carries `X-Request-ID`; send one of your own (8 to 64 letters, digits, `.`, `_`, `-`) and it comes
back.

**Repeating safely.** Where a route takes `Idempotency-Key`, the same key and body give the first answer again, byte for
byte, with `Idempotent-Replayed: true`, for 24 hours. The same key with another body is refused (422), and so is one
whose first request still runs (409). After a lost answer repeat the request with its key: nothing is done twice.

**Limits.** Requests are counted by user, or by address where nobody is signed in. `RateLimit` says what is left of each
limit that counts a request, and `RateLimit-Policy` what they are. Used up, it is 429, and `Retry-After` says when to
come back; a refused request is not counted.

**Pages.** Lists answer `{"items": […], "next_cursor": "…" | null, "total": null}`. Hand `next_cursor` back as `cursor`
until it is null; `limit` is 1 to 100. `total` is counted only when asked for with `total=true`.
""".strip()

TAGS: list[dict[str, Any]] = [
    {
        "name": "auth",
        "description": "Register, sign in and stay signed in; passwords, sessions, a second factor, one's own data.",
    },
    {"name": "places", "description": "Departments and municipalities of Colombia, by DANE's codes."},
    {"name": "vendors", "description": "Open a shop, and see shops."},
    {"name": "products", "description": "What is for sale."},
    {"name": "reviews", "description": "What buyers say of what they got, and what vendors answer."},
    {"name": "categories", "description": "The tree in which products are found."},
    {"name": "shipping", "description": "What shipping costs and when it comes, before anything is ordered."},
    {"name": "cart", "description": "What somebody means to buy, with or without an account, until it is an order."},
    {"name": "orders", "description": "What buyers ordered, in a package for each vendor."},
    {"name": "vendor orders", "description": "What vendors have to send, and where it is on its way."},
    {"name": "carriers", "description": "What carriers tell us of packages."},
    {"name": "returns", "description": "What buyers send back within retracto, from the request to the money."},
    {"name": "payments", "description": "Paying an order, and what the gateways tell us."},
    {"name": "commissions", "description": "What the marketplace keeps of each package."},
    {
        "name": "complaints",
        "description": "Petitions, complaints and claims (PQR), answered within fifteen working days.",
    },
    {"name": "admin", "description": "What the marketplace's own staff keeps."},
    {"name": "operations", "description": "Whether the service lives, can serve, and what it has counted."},
]
