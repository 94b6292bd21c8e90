"""Who may do what: every route of the API, asked by everybody.

A row is a route; a column is who asks; a cell is the status of the answer to a request that is otherwise good (the
document's own example). `buyer` and `vendor` are whose rows are asked for: the buyer's order, address and session, the
vendor's shop, product and commission. `other buyer` and `other vendor` own the like, but not these. Where a secret in
the example can be nobody's (a password, code, signature or token), or a thing is taken already, being let in reads 401,
409 or 422.

A new route fails here until its row is written, and so does a row whose route is gone.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from mestore.commissions.models import Commission, CommissionStatus
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.users.models import Address, User, UserSession, UserType
from tests.api import Api
from tests.document import EXAMPLE_ID, EXAMPLE_ORDER, Operation, operations
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

WHO = ("nobody", "buyer", "other buyer", "vendor", "other vendor", "admin", "superuser")

TABLE = """
                                                                    other           other
                                                     nobody  buyer  buyer  vendor  vendor  admin  super

POST   /api/v1/auth/register                            201    201    201     201     201    201    201
POST   /api/v1/auth/login                               401    401    401     401     401    401    401
POST   /api/v1/auth/admin-login                         401    401    401     401     401    401    401
POST   /api/v1/auth/refresh-token                       401    401    401     401     401    401    401
POST   /api/v1/auth/logout                              401    204    204     204     204    204    204
GET    /api/v1/auth/me                                  401    200    200     200     200    200    200
DELETE /api/v1/auth/me                                  401    409    409     409     204    403    403
PATCH  /api/v1/auth/me                                  401    200    200     200     200    200    200
POST   /api/v1/auth/send-verification-email             401    202    202     409     409    409    409
POST   /api/v1/auth/verify-email-otp                    401    422    422     422     422    422    422
POST   /api/v1/auth/forgot-password                     202    202    202     202     202    202    202
POST   /api/v1/auth/reset-password                      422    422    422     422     422    422    422
POST   /api/v1/auth/change-password                     401    422    422     422     422    422    422
POST   /api/v1/auth/send-verification-sms               401    202    202     202     202    202    202
POST   /api/v1/auth/verify-phone-otp                    401    422    422     422     422    422    422
POST   /api/v1/auth/login/otp                           202    202    202     202     202    202    202
POST   /api/v1/auth/login/otp/verify                    422    422    422     422     422    422    422
GET    /api/v1/auth/sessions                            401    200    200     200     200    200    200
DELETE /api/v1/auth/sessions                            401    204    204     204     204    204    204
DELETE /api/v1/auth/sessions/{session_id}               401    204    404     404     404    404    404
GET    /api/v1/auth/mfa                                 401    200    200     200     200    200    200
POST   /api/v1/auth/mfa/enroll                          401    422    422     422     422    422    422
POST   /api/v1/auth/mfa/confirm                         401    409    409     409     409    409    409
POST   /api/v1/auth/mfa/disable                         401    409    409     409     409    409    409
GET    /api/v1/auth/me/data-export                      401    200    200     200     200    200    200
GET    /api/v1/auth/me/addresses                        401    200    200     200     200    200    200
POST   /api/v1/auth/me/addresses                        401    201    201     201     201    201    201
PATCH  /api/v1/auth/me/addresses/{address_id}           401    200    404     404     404    404    404
DELETE /api/v1/auth/me/addresses/{address_id}           401    204    404     404     404    404    404

GET    /api/v1/places/departments                       200    200    200     200     200    200    200
GET    /api/v1/places/municipalities                    200    200    200     200     200    200    200

POST   /api/v1/vendors/register                         201    409    409     409     409    409    409
GET    /api/v1/vendors/me                               401    403    403     200     200    403    403
GET    /api/v1/vendors/{slug}                           200    200    200     200     200    200    200

GET    /api/v1/products                                 200    200    200     200     200    200    200
POST   /api/v1/products                                 401    403    403     201     201    403    403
GET    /api/v1/products/my-products                     401    403    403     200     200    403    403
GET    /api/v1/products/{product_id}                    200    200    200     200     200    200    200

GET    /api/v1/categories                               200    200    200     200     200    200    200

POST   /api/v1/orders                                   401    201    201     201     201    403    403
GET    /api/v1/orders                                   401    200    200     200     200    403    403
GET    /api/v1/orders/{order_id}                        401    200    404     404     404    403    403

POST   /api/v1/payments/process                         401    200    404     404     404    403    403
GET    /api/v1/payments/status/order/{order_id}         401    200    404     404     404    403    403
POST   /api/v1/payments/webhook                         401    401    401     401     401    401    401

GET    /api/v1/commissions                              401    403    403     200     200    403    403
GET    /api/v1/commissions/{commission_id}              401    403    403     200     404    403    403

GET    /health/live                                     200    200    200     200     200    200    200
GET    /health/ready                                    200    200    200     200     200    200    200
GET    /metrics                                         200    200    200     200     200    200    200
"""

LINES = [line.split() for line in TABLE.splitlines() if "/" in line]
Cells = dict[str, int]


def read_table() -> dict[str, Cells]:
    """Route → who → status."""
    rows: dict[str, Cells] = {}
    for method, path, *cells in LINES:
        assert len(cells) == len(WHO), f"{method} {path}"
        rows[f"{method} {path}"] = dict(zip(WHO, map(int, cells), strict=True))
    return rows


ROWS = read_table()


@dataclass
class Scene:
    people: dict[str, User | None]
    slug: str
    commission_id: int

    def path(self, operation: Operation) -> str:
        places = {
            "order_id": EXAMPLE_ORDER,
            "commission_id": self.commission_id,
            "slug": self.slug,
        }
        names = {each["name"] for each in operation.spec.get("parameters", ()) if each["in"] == "path"}
        return operation.path.format(**{name: places.get(name, EXAMPLE_ID) for name in names})


@pytest.fixture(name="scene")
async def _scene(make: Make, rows: Rows, world: World, sandbox: RunningSandbox) -> Scene:
    shop, other_shop = await make.vendor(), await make.vendor()
    product = await make.product(id=EXAMPLE_ID, vendor=shop, stock=1_000)
    await make.product(vendor=other_shop)
    await make.category(id=EXAMPLE_ID)
    people: dict[str, User | None] = {
        "nobody": None,
        "buyer": await make.buyer(email_verified=False),
        "other buyer": await make.buyer(email_verified=False),
        "vendor": await make.owner(shop),
        "other vendor": await make.owner(other_shop),
        "admin": await make.user(UserType.ADMIN),
        "superuser": await make.user(UserType.SUPERUSER),
    }
    buyer = people["buyer"]
    assert buyer is not None
    await rows.execute(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
    order = await make.order(buyer=buyer, units={product.id: 1})
    await make.order(buyer=people["other buyer"], units={product.id: 1})
    (package, *_) = order.packages
    commission = Commission(
        package_id=package.id,
        order_id=order.id,
        vendor_id=shop.id,
        base=Money(100_000),
        rate="0.05",
        amount=Money(5_000),
        status=CommissionStatus.PENDING,
    )
    where = {"name": "Ana", "phone": "+573001234567", "street": "Calle 93 # 13-24", "municipality_code": "11001"}
    async with transaction(world.sessions) as session:
        session.add(commission)
        session.add(UserSession(id=EXAMPLE_ID, user_id=buyer.id))
        session.add(Address(id=EXAMPLE_ID, user_id=buyer.id, is_default=True, **where))
    return Scene(people, shop.slug, commission.id)


def owners_last(cells: Cells) -> list[str]:
    """Whoever may change the row asks when the others have been refused."""
    return sorted(cells, key=lambda who: (who in {"buyer", "vendor"}, WHO.index(who)))


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_who_may_do_what(operation: Operation, scene: Scene, api: Api) -> None:
    cells = ROWS.get(str(operation))
    assert cells is not None, f"{operation} has no row in the table"
    found: Cells = {}
    for who in owners_last(cells):
        body: dict[str, Any] = {}
        if operation.bodies:
            ((media_type, media),) = operation.bodies.items()
            body = {"json": media["example"], "headers": {"Content-Type": media_type}}
        answer = await api.request(operation.method, scene.path(operation), by=scene.people[who], **body)
        found[who] = answer.status_code
    assert {who: found[who] for who in WHO} == cells


def test_every_row_has_its_route() -> None:
    assert ROWS.keys() - {str(operation) for operation in operations()} == set()
    counted = Counter(f"{method} {path}" for method, path, *_ in LINES)
    assert [route for route, count in counted.items() if count > 1] == []


def test_nobody_is_let_in_where_the_document_asks_for_a_token() -> None:
    """The table itself can't forget a lock."""
    for operation in operations():
        if operation.spec.get("security"):
            assert ROWS[str(operation)]["nobody"] == 401, operation
