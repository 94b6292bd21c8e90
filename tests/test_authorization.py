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
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from mestore.catalog.models import ProductImage
from mestore.commissions.models import Commission, CommissionStatus
from mestore.complaints.models import Complaint, ComplaintEvidence
from mestore.complaints.states import ComplaintKind
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.models import Payment, PaymentIntent, Refund
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus
from mestore.returns.models import Return, ReturnItem
from mestore.reviews.models import Review
from mestore.shipping.models import DeliveryTime, ShippingRate
from mestore.spreadsheets.models import ProductImport, SheetFormat
from mestore.users.models import Address, User, UserSession, UserType
from tests.api import Api
from tests.document import EXAMPLE_ID, EXAMPLE_ORDER, Operation, operations
from tests.make import Make
from tests.payments.review_stage import ToDecide, stage_review
from tests.payments.stage import stage_difference
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

PICTURE = "0" * 32
GENERAL_TIME = UUID("01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e11")
"""The delivery time that is of no shop; the vendor's has the example's id."""

ORDER_NUMBER = "ORD-20261124-7KQ2M9XD"
"""Of the buyer's order."""

CODE = "326000095601"
"""Of the buyer's payment, at a counter."""

CART_ITEM = 1
"""The line of the buyer's cart."""

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
GET    /api/v1/products/analytics                       401    403    403     200     200    403    403
PUT    /api/v1/products/bulk-update                     401    403    403     200     200    403    403
POST   /api/v1/products/import                          401    403    403     409     422    403    403
GET    /api/v1/products/imports                         401    403    403     200     200    403    403
GET    /api/v1/products/imports/{import_id}             401    403    403     200     404    403    403
GET    /api/v1/products/imports/{import_id}/rows        401    403    403     200     404    403    403
GET    /api/v1/products/export                          401    403    403     200     200    403    403
GET    /api/v1/products/by-slug/{slug}                  200    200    200     200     200    200    200
PUT    /api/v1/products/{product_id}                    401    403    403     409     404    403    403
PATCH  /api/v1/products/{product_id}                    401    403    403     200     404    403    403
DELETE /api/v1/products/{product_id}                    401    403    403     204     404    403    403
POST   /api/v1/products/{product_id}/submit             401    403    403     200     404    403    403
POST   /api/v1/products/{product_id}/approve            401    403    403     403     403    200    200
POST   /api/v1/products/{product_id}/reject             401    403    403     403     403    200    200
GET    /api/v1/products/{product_id}/stock-movements    401    403    403     200     404    403    403
POST   /api/v1/products/{product_id}/stock-movements    401    403    403     200     404    403    403
GET    /api/v1/products/{product_id}/page               200    200    200     200     200    200    200
GET    /api/v1/admin/products                           401    403    403     403     403    200    200
GET    /api/v1/products/{product_id}                    200    200    200     200     200    200    200
GET    /api/v1/products/{product_id}/images             200    200    200     200     200    200    200
POST   /api/v1/products/{product_id}/images             401    403    403     422     404    403    403
PATCH  /api/v1/products/{product_id}/images/{image_id}  401    403    403     200     404    403    403
DELETE /api/v1/products/{product_id}/images/{image_id}  401    403    403     204     404    403    403
GET    /media/{folder}/{name}                           200    200    200     200     200    200    200

GET    /api/v1/products/{product_id}/reviews            200    200    200     200     200    200    200
POST   /api/v1/products/{product_id}/reviews            401    409    409     409     409    403    403
PATCH  /api/v1/products/{product_id}/reviews/{review_id}  401    200    404     404     404    403    403
POST   /api/v1/products/{product_id}/reviews/{review_id}/reply  401    403    403     409     404    403    403
PUT    /api/v1/products/{product_id}/reviews/{review_id}/reply  401    403    403     200     404    403    403
POST   /api/v1/products/{product_id}/reviews/{review_id}/hide  401    403    403     403     403    200    200
POST   /api/v1/products/{product_id}/reviews/{review_id}/show  401    403    403     403     403    200    200

GET    /api/v1/products/search                          422    422    422     422     422    422    422
GET    /api/v1/products/suggest                         422    422    422     422     422    422    422
GET    /api/v1/products/{product_id}/similar            200    200    200     200     200    200    200

GET    /api/v1/admin/search-synonyms                    401    403    403     403     403    200    200
POST   /api/v1/admin/search-synonyms                    401    403    403     403     403    201    409
PATCH  /api/v1/admin/search-synonyms/{synonym_id}       401    403    403     403     403    200    200
DELETE /api/v1/admin/search-synonyms/{synonym_id}       401    403    403     403     403    204    404

GET    /api/v1/shipping/quote                           422    422    422     422     422    422    422
GET    /api/v1/vendor/delivery-times                    401    403    403     200     200    403    403
POST   /api/v1/vendor/delivery-times                    401    403    403     201     201    403    403
DELETE /api/v1/vendor/delivery-times/{delivery_time_id}  401    403    403     204     404    403    403
GET    /api/v1/admin/delivery-times                     401    403    403     403     403    200    200
POST   /api/v1/admin/delivery-times                     401    403    403     403     403    201    409
DELETE /api/v1/admin/delivery-times/{delivery_time_id}  401    403    403     403     403    204    404
GET    /api/v1/admin/shipping-rates                     401    403    403     403     403    200    200
POST   /api/v1/admin/shipping-rates                     401    403    403     403     403    201    409
PATCH  /api/v1/admin/shipping-rates/{rate_id}           401    403    403     403     403    200    200
DELETE /api/v1/admin/shipping-rates/{rate_id}           401    403    403     403     403    204    404

GET    /api/v1/categories                               200    200    200     200     200    200    200
POST   /api/v1/categories                               401    403    403     403     403    201    409
GET    /api/v1/categories/{slug}                        200    200    200     200     200    200    200
PATCH  /api/v1/categories/{slug}                        401    403    403     403     403    200    200
DELETE /api/v1/categories/{slug}                        401    403    403     403     403    204    404

GET    /api/v1/cart                                     200    200    200     200     200    403    403
DELETE /api/v1/cart                                     200    200    200     200     200    403    403
POST   /api/v1/cart/items                               200    200    200     200     200    403    403
PATCH  /api/v1/cart/items/{item_id}                     404    200    404     404     404    403    403
DELETE /api/v1/cart/items/{item_id}                     404    200    404     404     404    403    403
POST   /api/v1/cart/merge                               401    200    200     200     200    403    403
POST   /api/v1/cart/checkout                            401    201    409     409     409    403    403

POST   /api/v1/orders                                   401    201    201     201     201    403    403
GET    /api/v1/orders                                   401    200    200     200     200    403    403
GET    /api/v1/orders/{order_id}                        401    200    404     404     404    403    403
PATCH  /api/v1/orders/{order_id}/status                 401    200    404     404     404    200    200
POST   /api/v1/orders/{order_id}/cancel                 401    200    404     404     404    200    200
POST   /api/v1/orders/{order_id}/packages/{package_id}/receive  401  409  404  404    404    403    403
GET    /api/v1/orders/{order_id}/tracking               401    200    404     404     404    200    200
GET    /api/v1/orders/track/{order_number}              200    200    200     200     200    200    200
POST   /api/v1/vendor/orders/{order_id}/tracking        401    403    403     409     404    403    403
POST   /api/v1/admin/orders/{order_id}/packages/{package_id}/tracking  401  403  403  403  403  409  409
POST   /api/v1/carriers/{carrier}/events                401    401    401     401     401    401    401
GET    /api/v1/orders/{order_id}/receipt                401    409    404     404     404    409    409

GET    /api/v1/vendor/orders                            401    403    403     200     200    403    403
GET    /api/v1/vendor/orders/{order_id}                 401    403    403     200     404    403    403
PATCH  /api/v1/vendor/orders/{order_id}/status          401    403    403     200     404    403    403
POST   /api/v1/vendor/orders/{order_id}/shipment        401    403    403     200     404    403    403
GET    /api/v1/admin/orders                             401    403    403     403     403    200    200
GET    /api/v1/admin/orders/{order_id}                  401    403    403     403     403    200    200

POST   /api/v1/orders/{order_id}/returns                401    422    404     404     404    403    403
GET    /api/v1/orders/{order_id}/returns                401    200    404     404     404    403    403
POST   /api/v1/orders/{order_id}/returns/{return_id}/shipment  401  409  404  404     404    403    403
GET    /api/v1/vendor/returns                           401    403    403     200     200    403    403
GET    /api/v1/vendor/returns/{return_id}               401    403    403     200     404    403    403
POST   /api/v1/vendor/returns/{return_id}/approve       401    403    403     200     404    403    403
POST   /api/v1/vendor/returns/{return_id}/refuse        401    403    403     200     404    403    403
POST   /api/v1/vendor/returns/{return_id}/receive       401    403    403     409     404    403    403
GET    /api/v1/admin/returns                            401    403    403     403     403    200    200
GET    /api/v1/admin/returns/{return_id}                401    403    403     403     403    200    200
POST   /api/v1/admin/returns/{return_id}/approve        401    403    403     403     403    200    200
POST   /api/v1/admin/returns/{return_id}/refuse         401    403    403     403     403    200    200
POST   /api/v1/admin/returns/{return_id}/receive        401    403    403     403     403    409    409
GET    /api/v1/orders/{order_id}/refunds                401    200    404     404     404    403    403
PUT    /api/v1/orders/{order_id}/refunds/destination    401    200    404     404     404    403    403
POST   /api/v1/payments/{payment_id}/refunds            401    403    403     403     403    201    201
GET    /api/v1/admin/refunds                            401    403    403     403     403    200    200
GET    /api/v1/admin/refunds/{refund_id}                401    403    403     403     403    200    200
POST   /api/v1/admin/refunds/{refund_id}/complete       401    403    403     403     403    200    200
POST   /api/v1/admin/refunds/{refund_id}/pay-out        401    403    403     403     403    200    200
GET    /api/v1/admin/payments                           401    403    403     403     403    200    200
GET    /api/v1/admin/payments/{payment_id}              401    403    403     403     403    200    200
POST   /api/v1/admin/payments/{payment_id}/approve      401    403    403     403     403    200    200
POST   /api/v1/admin/payments/{payment_id}/reject       401    403    403     403     403    200    200
GET    /api/v1/admin/payment-cases                      401    403    403     403     403    200    200
GET    /api/v1/admin/payment-cases/{case_id}            401    403    403     403     403    200    200
POST   /api/v1/admin/payment-cases/{case_id}/close      401    403    403     403     403    200    200
GET    /api/v1/admin/fraud/blocks                       401    403    403     403     403    200    200
POST   /api/v1/admin/fraud/blocks                       401    403    403     403     403    201    409
DELETE /api/v1/admin/fraud/blocks/{block_id}            401    403    403     403     403    204    404

POST   /api/v1/payments/process                         401    200    404     404     404    403    403
POST   /api/v1/payments/process/payu                    401    200    404     404     404    403    403
POST   /api/v1/payments/process/efecty                  401    200    404     404     404    403    403
POST   /api/v1/payments/create-intent                   401    201    404     404     404    403    403
POST   /api/v1/payments/confirm                         401    200    404     404     404    403    403
GET    /api/v1/payments/status/{intent_id}              401    200    404     404     404    403    403
GET    /api/v1/payments                                 401    200    200     200     200    403    403
GET    /api/v1/payments/{payment_id}/events             401    200    404     404     404    200    200
GET    /api/v1/payments/{payment_id}/slip               401    409    404     404     404    409    409
GET    /api/v1/payments/config                          200    200    200     200     200    200    200
GET    /api/v1/payments/methods                         200    200    200     200     200    200    200
GET    /api/v1/payments/health                          200    200    200     200     200    200    200
GET    /api/v1/payments/status/order/{order_id}         401    200    404     404     404    403    403
POST   /api/v1/payments/efecty/confirm                  401    403    403     403     403    409    409
GET    /api/v1/payments/efecty/validate/{code}          401    200    404     404     404    200    200
GET    /api/v1/admin/reconciliation                     401    403    403     403     403    200    200
POST   /api/v1/admin/reconciliation/{difference_id}/close  401  403   403     403     403    200    409
POST   /api/v1/payments/webhook                         401    401    401     401     401    401    401
POST   /api/v1/payments/webhook/payu                    401    401    401     401     401    401    401
POST   /api/v1/payments/webhook/efecty                  401    401    401     401     401    401    401

GET    /api/v1/commissions                              401    403    403     200     200    403    403
GET    /api/v1/commissions/{commission_id}              401    403    403     200     404    403    403

POST   /api/v1/complaints                               401    201    404     404     404    403    403
GET    /api/v1/complaints                               401    200    200     200     200    403    403
GET    /api/v1/complaints/{complaint_id}                401    200    404     404     404    403    403
POST   /api/v1/complaints/{complaint_id}/messages       401    201    404     404     404    403    403
POST   /api/v1/complaints/{complaint_id}/evidence       401    422    404     404     404    403    403
GET    /api/v1/complaints/{complaint_id}/evidence/{evidence_id}  401  200  404  404   404    403    403
POST   /api/v1/complaints/{complaint_id}/close          401    200    404     404     404    403    403
GET    /api/v1/vendor/complaints                        401    403    403     200     200    403    403
GET    /api/v1/vendor/complaints/{complaint_id}         401    403    403     200     404    403    403
POST   /api/v1/vendor/complaints/{complaint_id}/messages  401  403    403     201     404    403    403
GET    /api/v1/vendor/complaints/{complaint_id}/evidence/{evidence_id}  401  403  403  200  404  403  403
GET    /api/v1/admin/complaints                         401    403    403     403     403    200    200
GET    /api/v1/admin/complaints/{complaint_id}          401    403    403     403     403    200    200
POST   /api/v1/admin/complaints/{complaint_id}/answer   401    403    403     403     403    200    409
POST   /api/v1/admin/complaints/{complaint_id}/close    401    403    403     403     403    409    409
GET    /api/v1/admin/complaints/{complaint_id}/evidence/{evidence_id}  401  403  403  403  403  200  200

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
    slugs: dict[str, str]
    """Of a shop, a product and a category, by the beginnings of the paths that take them."""
    commission_id: int
    return_id: int
    refund_id: int
    payment_id: int
    difference_id: int
    paid_order_id: int
    package_id: int
    to_decide: ToDecide

    def path(self, operation: Operation) -> str:
        places = {
            "order_id": self.paid_order_id if operation.path.startswith("/api/v1/vendor/") else EXAMPLE_ORDER,
            "commission_id": self.commission_id,
            "package_id": self.package_id,
            "return_id": self.return_id,
            "refund_id": self.refund_id,
            "payment_id": self.to_decide.payment_id if "/admin/" in operation.path else self.payment_id,
            "case_id": self.to_decide.case_id,
            "block_id": self.to_decide.block_id,
            "difference_id": self.difference_id,
            "code": CODE,
            "slug": next((slug for start, slug in self.slugs.items() if operation.path.startswith(start)), None),
            "item_id": CART_ITEM,
            "order_number": ORDER_NUMBER,
            "folder": PICTURE,
            "name": "600.webp",
            "delivery_time_id": GENERAL_TIME if operation.path.startswith("/api/v1/admin/") else EXAMPLE_ID,
        }
        names = {each["name"] for each in operation.spec.get("parameters", ()) if each["in"] == "path"}
        return operation.path.format(**{name: places.get(name, EXAMPLE_ID) for name in names})


def in_cash(order: Order, world: World) -> Payment:
    """What nobody brought to a counter in time."""
    return Payment(
        order_id=order.id,
        buyer_id=order.buyer_id,
        gateway="payu",
        method=PaymentMethod.EFECTY,
        reference="cash",
        code=CODE,
        code_expires_at=world.now(),
        amount=order.total_amount,
        status=PaymentStatus.EXPIRED,
        fraud_score=0,
        fraud_reasons=[],
        expires_at=world.now(),
    )


@pytest.fixture(name="scene")
async def _scene(make: Make, rows: Rows, world: World, sandbox: RunningSandbox) -> Scene:
    shop, other_shop = await make.vendor(), await make.vendor()
    product = await make.product(id=EXAMPLE_ID, vendor=shop, stock=1_000)
    await make.product(vendor=other_shop)
    category = await make.category(id=EXAMPLE_ID)
    await make.synonym("marimba", "balafón", id=EXAMPLE_ID)
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
    await make.cart(buyer, {product.id: 1}, first_item=CART_ITEM)
    paid = await make.paid_order(units={product.id: 1})
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
        back = Return(
            order_id=order.id,
            package_id=package.id,
            buyer_id=buyer.id,
            vendor_id=shop.id,
            reason="",
            refund_due_at=world.now(),
            items=[ReturnItem(order_item_id=order.items[0].id, quantity=1)],
        )
        payment = Payment(
            order_id=order.id,
            buyer_id=buyer.id,
            gateway="wompi",
            method=PaymentMethod.PSE,
            reference="paid",
            amount=order.total_amount,
            status=PaymentStatus.APPROVED,
            settles_order=False,
            fraud_score=0,
            fraud_reasons=[],
            expires_at=world.now(),
        )
        session.add_all((back, payment, in_cash(order, world)))
        await session.flush()
        refund = Refund(
            payment_id=payment.id,
            order_id=order.id,
            cause="return:1",
            amount=Money(100),
            reason="Retracto",
            status=RefundStatus.MANUAL,
            due_at=world.now(),
        )
        session.add(refund)
        session.add(_intent(order, world.now() + timedelta(hours=1)))
        session.add(ShippingRate(id=EXAMPLE_ID, department_code="05", cost=Money(9_000)))
        for time_id, vendor_id in ((EXAMPLE_ID, shop.id), (GENERAL_TIME, None)):
            session.add(DeliveryTime(id=time_id, vendor_id=vendor_id, department_code="05", min_days=2, max_days=5))
        session.add(UserSession(id=EXAMPLE_ID, user_id=buyer.id))
        session.add(Address(id=EXAMPLE_ID, user_id=buyer.id, is_default=True, **where))
        session.add(
            ProductImage(
                id=EXAMPLE_ID, product_id=product.id, position=1, width=600, height=600, color="#ffffff", folder=PICTURE
            )
        )
        uploaded = {"format": SheetFormat.CSV, "dry_run": False, "object_name": "imports/example"}
        session.add(ProductImport(id=EXAMPLE_ID, vendor_id=shop.id, user_id=shop.user_id, **uploaded))
        (item,) = order.items
        session.add(
            Review(
                id=EXAMPLE_ID,
                product_id=product.id,
                order_item_id=item.id,
                buyer_id=buyer.id,
                rating=5,
                reply="Gracias",
            )
        )
        complaint = {"kind": ComplaintKind.CLAIM, "subject": "Rayada", "text": "Rayada", "due_at": world.now()}
        about = {"user_id": buyer.id, "order_id": order.id, "vendor_id": shop.id}
        session.add(Complaint(id=EXAMPLE_ID, filing_number="PQR-20261124-7KQ2M9XD", **complaint, **about))
        await session.flush()
        picture = {"position": 1, "width": 600, "height": 600, "folder": PICTURE}
        session.add(ComplaintEvidence(id=EXAMPLE_ID, complaint_id=EXAMPLE_ID, **picture))
    for table, row in (("products", product.id), ("vendors", product.vendedor_id)):
        await rows.execute(f"UPDATE {table} SET rating_sum = 5, reviews_count = 1 WHERE id = :id", id=row)
    await rows.execute("UPDATE order_items SET returned_units = 1 WHERE order_id = :id", id=order.id)
    private = world.settings.data_dir / "private" / PICTURE / "1200.webp"
    private.parent.mkdir(parents=True, exist_ok=True)
    private.write_bytes(b"RIFF")
    file = world.settings.data_dir / "media" / PICTURE / "600.webp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"RIFF")
    await rows.execute("UPDATE orders SET order_number = :number WHERE id = :id", number=ORDER_NUMBER, id=order.id)
    slugs = {
        "/api/v1/vendors/": shop.slug,
        "/api/v1/products/by-slug/": product.slug,
        "/api/v1/categories/": category.slug,
    }
    return Scene(
        people,
        slugs,
        commission.id,
        back.id,
        refund.id,
        payment.id,
        (await stage_difference(rows, world)).id,
        paid.id,
        package.id,
        await stage_review(make, rows, world, await make.owner(shop)),
    )


def _intent(order: Order, until: datetime) -> PaymentIntent:
    """The buyer's, of the example's id."""
    return PaymentIntent(
        id=EXAMPLE_ID,
        order_id=order.id,
        buyer_id=order.buyer_id,
        method=PaymentMethod.PSE,
        amount=order.total_amount,
        expires_at=until,
    )


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
            media_type, media = next(iter(operation.bodies.items()))
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
