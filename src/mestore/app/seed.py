"""`mestore seed`: the demo catalogue and its accounts, all in one transaction.

Every id follows from a natural key, and a row whose id is there is left as it is: a second run changes nothing.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mestore.app import demo_catalogue
from mestore.app.demo_accounts import BUYER, OWNER, PASSWORD, DemoAccount
from mestore.app.demo_catalogue import DemoProduct, DemoVendor
from mestore.app.demo_catalogue.records import identifier
from mestore.catalog.models import Category, IvaClass, Product, ProductStatus
from mestore.core.database import Base, create_engine
from mestore.core.money import Money
from mestore.core.settings import Environment, Settings
from mestore.users.contact import read_email
from mestore.users.models import User, UserType
from mestore.users.passwords import hash_password
from mestore.vendors.models import DocumentType, Vendor, VendorStatus

OPENED = datetime(2025, 1, 7, 13, tzinfo=UTC)
"""The accounts and shops came within `SHOPS_CAME_WITHIN` of this, the products until `AGE` after it. The dates are
fixed, so that newest-first lists are the same everywhere."""
SHOPS_CAME_WITHIN = timedelta(days=60)
AGE = timedelta(days=540)
_BATCH = 50

_OF_NEW_PRODUCTS = (
    text("INSERT INTO product_slugs (slug, product_id) SELECT slug, id FROM products ON CONFLICT DO NOTHING"),
    text("""
        INSERT INTO stock_movements (product_id, kind, stock_change, reason, created_at)
        SELECT id, 'IN', stock, 'opening balance', created_at FROM products p
        WHERE stock > 0 AND NOT EXISTS (SELECT FROM stock_movements m WHERE m.product_id = p.id)
    """),
)

Row = dict[str, Any]


def run(settings: Settings, if_empty: bool) -> None:
    """Fill a migrated database; with `if_empty`, only when there are no products.

    Raises:
        SystemExit: in production, and where rows that are not the catalogue's are in its way.
    """
    if settings.environment is Environment.PRODUCTION:
        raise SystemExit("mestore: the demo catalogue does not go into production: everybody knows its password")
    asyncio.run(_fill(settings, if_empty=if_empty))


async def _fill(settings: Settings, *, if_empty: bool) -> None:
    assert settings.database.url is not None
    engine = create_engine(settings.database.url, settings.database, name="seed")
    try:
        async with engine.begin() as connection:
            if if_empty and await connection.scalar(select(exists(select(Product.id)))):
                _say("there are products already: the demo catalogue is not added")
                return
            await _insert_all(connection, await hash_password(PASSWORD, settings.auth))
    except IntegrityError as conflict:
        reason = getattr(conflict.orig and conflict.orig.__cause__, "detail", None) or conflict.orig
        raise SystemExit(f"mestore: nothing was added, for the demo catalogue meets other rows: {reason}") from None
    finally:
        await engine.dispose()


async def _insert_all(connection: AsyncConnection, password_hash: str) -> None:
    columns = (
        TextColumn("  {task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    draws = sys.stdout.isatty()
    with Progress(*columns, disable=not draws) as progress:
        for name, table, rows in _tables(password_hash):
            task = progress.add_task(name, total=len(rows))
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                await connection.execute(insert(table).on_conflict_do_nothing(index_elements=["id"]), batch)
                progress.advance(task, len(batch))
            if not draws:
                _say(f"{len(rows)} {name}")
    for statement in _OF_NEW_PRODUCTS:
        await connection.execute(statement)


def _tables(password_hash: str) -> Iterator[tuple[str, type[Base], Sequence[Row]]]:
    """In the order in which one refers to another."""
    vendors = demo_catalogue.vendors()
    people = [OWNER, BUYER, *map(_owner_of, vendors)]
    yield "accounts", User, [_user(account, password_hash) for account in people]
    yield "vendors", Vendor, [_vendor(vendor) for vendor in vendors]
    yield "categories", Category, list(_categories())
    vendor_ids = {vendor.email: vendor.id for vendor in vendors}
    yield "products", Product, [_product(product, vendor_ids) for product in demo_catalogue.products()]


def _owner_of(vendor: DemoVendor) -> DemoAccount:
    return DemoAccount(UserType.VENDOR, vendor.email, vendor.full_name, vendor.phone)


def _user_id(email: str) -> UUID:
    return identifier("user", email)


def _user(account: DemoAccount, password_hash: str) -> Row:
    email = read_email(account.email)
    assert email is not None
    row_id = _user_id(account.email)
    return {
        "id": row_id,
        "email": email.written,
        "email_key": email.key,
        "password_hash": password_hash,
        "user_type": UserType(account.user_type),
        "full_name": account.full_name,
        "phone": account.phone,
        "email_verified": True,
        **_created(_shop_moment(row_id)),
    }


def _vendor(vendor: DemoVendor) -> Row:
    user_id = _user_id(vendor.email)
    moment = _shop_moment(user_id)
    return {
        "id": vendor.id,
        "user_id": user_id,
        "slug": vendor.slug,
        "business_name": vendor.business_name,
        "description": vendor.description,
        "document_type": DocumentType(vendor.document_type),
        "document_number": vendor.document_number,
        "city": vendor.city,
        "status": VendorStatus.APPROVED,
        "terms_accepted_at": moment,
        **_created(moment),
    }


def _categories() -> Iterator[Row]:
    """Each in its place among its siblings."""
    siblings: Counter[str | None] = Counter()
    for category in demo_catalogue.categories():
        yield {
            "id": category.id,
            "parent_id": identifier("category", category.parent_slug) if category.parent_slug else None,
            "slug": category.slug,
            "name": category.name,
            "position": siblings[category.parent_slug],
        }
        siblings[category.parent_slug] += 1


def _product(product: DemoProduct, vendor_ids: dict[str, UUID]) -> Row:
    return {
        "id": product.id,
        "vendedor_id": vendor_ids[product.vendor_email],
        "category_id": identifier("category", product.category_slug),
        "sku": product.sku,
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "brand": product.brand,
        "precio_venta": Money(product.price),
        "precio_costo": Money(product.cost),
        "iva_class": IvaClass(product.iva_class),
        "stock": product.stock,
        "reserved": 0,
        "weight_kg": product.weight_kg,
        "tags": list(product.tags),
        "attributes": product.attributes,
        "withdrawal_excluded_reason": product.withdrawal_excluded_reason,
        "status": ProductStatus.APPROVED,
        **_created(_moment(product.id, OPENED + SHOPS_CAME_WITHIN, OPENED + AGE)),
    }


def _created(moment: datetime) -> Row:
    return {"created_at": moment, "updated_at": moment}


def _shop_moment(user_id: UUID) -> datetime:
    return _moment(user_id, OPENED, OPENED + SHOPS_CAME_WITHIN)


def _moment(row_id: UUID, earliest: datetime, latest: datetime) -> datetime:
    """Somewhere between the two, decided by the id alone: a UUID of version 5 is a hash."""
    return earliest + timedelta(seconds=row_id.int % int((latest - earliest).total_seconds()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
