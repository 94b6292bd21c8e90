"""Many products of one shop at once, by their SKU: added where the shop has none, else changed.

A few statements for a batch, whatever its size. A row says what a request for it alone would say, and is written wholly
or not at all; a row that is refused keeps no other from being written. Locks are taken in the order of everybody else:
products by id, then addresses, these sorted.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.events import ProductChanged
from mestore.catalog.models import MovementKind, Product, ProductStatus
from mestore.catalog.moderation import JUDGED, TypicalPrices, status_when_changed, status_when_submitted
from mestore.catalog.moderation_repository import ModerationRepository
from mestore.catalog.schemas import CategorySlug, ProductIn, ProductPatch, Sku
from mestore.catalog.upserts_repository import UpsertRepository
from mestore.core.ids import CategoryId, ProductId, UserId, VendorId, new_uuid
from mestore.core.jobs import publish
from mestore.core.market_settings import CatalogSettings
from mestore.core.slugs import slug_of

_SKU: TypeAdapter[str] = TypeAdapter(Sku)
_SLUG: TypeAdapter[str] = TypeAdapter(CategorySlug)
_NOT_A_SKU = ""


class UpsertOutcome(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass
class Upserted:
    """What became of one row, or, in a rehearsal, what would."""

    outcome: UpsertOutcome
    problems: list[dict[str, Any]] = field(default_factory=list)
    """Place, message and code of what is wrong, as in a 422; never what was sent."""


@dataclass
class _Plan:
    """What is to be written for a row that is not refused."""

    row: Upserted
    product: Product | None
    """The one to change; None: a new one."""
    values: dict[str, Any]


class ProductUpserts:
    def __init__(self, session: AsyncSession, settings: CatalogSettings) -> None:
        self._session = session
        self._settings = settings
        self._products = UpsertRepository(session)
        self._moderation = ModerationRepository(session, settings)

    async def upsert(
        self, vendor_id: VendorId, user_id: UserId, rows: Sequence[Mapping[str, Any]], *, rehearse: bool, reason: str
    ) -> list[Upserted]:
        """Add or change a product for each row, in their order; each SKU stands once among them.

        A row has the fields of a product as a body has them, but `category`, which is a slug. What the row of a
        product that is there does not name stays. `rehearse` looks at everything and writes nothing; `reason` stands by
        the movements of stock.
        """
        skus = [_sku_of(row) for row in rows]
        existing = await self._products.by_sku(vendor_id, skus, lock=not rehearse)
        wanted = {row["category"] for row in rows if _is_slug(row.get("category"))}
        categories = await self._products.categories(wanted)
        concerned = {*categories.values(), *(product.category_id for product in existing.values())}
        typical = await self._moderation.typical_prices(concerned)
        plans = [self._plan(existing.get(sku), row, categories, typical) for sku, row in zip(skus, rows, strict=True)]
        if not rehearse:
            await self._write(vendor_id, user_id, plans, reason)
        return [plan.row for plan in plans]

    def _plan(
        self,
        product: Product | None,
        row: Mapping[str, Any],
        categories: Mapping[str, CategoryId],
        typical: TypicalPrices,
    ) -> _Plan:
        sent = {name: value for name, value in row.items() if name != "category"}
        problems = []
        if "category" in row:
            sent["category_id"] = categories.get(row["category"], CategoryId(new_uuid()))
            if row["category"] not in categories:
                problems.append(_problem("category", "There is no such category", "category_not_found"))
        shape: type[BaseModel] = ProductIn if product is None else ProductPatch
        try:
            read = shape.model_validate(sent)
        except ValidationError as error:
            problems += _problems_of(error)
        if problems:
            return _Plan(Upserted(UpsertOutcome.REFUSED, problems), product, {})
        if product is None:
            return self._plan_of_new(dict(read), typical)
        assert isinstance(read, ProductPatch)
        return self._plan_of_change(product, read.changes(), typical)

    def _plan_of_new(self, values: dict[str, Any], typical: TypicalPrices) -> _Plan:
        status = status_when_submitted(self._settings, values, typical)
        more = {"id": ProductId(new_uuid()), "status": status, "reserved": 0}
        return _Plan(Upserted(UpsertOutcome.CREATED), None, values | more)

    def _plan_of_change(self, product: Product, wanted: dict[str, Any], typical: TypicalPrices) -> _Plan:
        changes = {name: value for name, value in wanted.items() if not _same(getattr(product, name), value)}
        if not changes:
            return _Plan(Upserted(UpsertOutcome.UNCHANGED), product, {})
        if changes.get("stock", product.stock) < product.reserved:
            held = _problem("stock", f"Open orders hold {product.reserved} units", "stock_reserved")
            return _Plan(Upserted(UpsertOutcome.REFUSED, [held]), product, {})
        if product.status is ProductStatus.APPROVED and changes.keys() & JUDGED:
            after = {name: changes.get(name, getattr(product, name)) for name in JUDGED}
            changes["status"] = status_when_changed(self._settings, after, changes.keys(), typical)
        return _Plan(Upserted(UpsertOutcome.UPDATED), product, changes)

    async def _write(self, vendor_id: VendorId, user_id: UserId, plans: Sequence[_Plan], reason: str) -> None:
        await self._give_slugs(plans)
        new = [plan for plan in plans if plan.row.outcome is UpsertOutcome.CREATED]
        added = await self._products.add([plan.values | {"vendedor_id": vendor_id} for plan in new])
        for plan in new:
            if plan.values["id"] not in added:  # somebody published it between our look and now
                taken = _problem("sku", "You already sell a product with this SKU", "sku_taken")
                plan.row.outcome, plan.row.problems = UpsertOutcome.REFUSED, [taken]
        written = [plan for plan in plans if plan.row.outcome in (UpsertOutcome.CREATED, UpsertOutcome.UPDATED)]
        movements, slugs = [], []
        for plan in written:
            change = plan.values.get("stock", 0)
            if plan.product is not None:
                change = plan.values.get("stock", plan.product.stock) - plan.product.stock
                for name, value in plan.values.items():
                    setattr(plan.product, name, value)
            product_id = _id_of(plan)
            if change:
                kind = MovementKind.IN if plan.product is None else MovementKind.ADJUST
                movements.append(
                    {
                        "product_id": product_id,
                        "kind": kind,
                        "stock_change": change,
                        "user_id": user_id,
                        "reason": reason,
                    }
                )
            if "slug" in plan.values:
                slugs.append({"slug": plan.values["slug"], "product_id": product_id})
        await self._session.flush()
        await self._products.add_slugs(slugs)
        await self._products.add_movements(movements)
        await publish(self._session, *(ProductChanged(_id_of(plan)) for plan in written))

    async def _give_slugs(self, plans: Sequence[_Plan]) -> None:
        """Whatever has a new name gets an address of its own: the name's where it is free, else one with a suffix."""
        named = [plan for plan in plans if "name" in plan.values]
        nicest = {id(plan): slug_of(plan.values["name"], longest=200, otherwise="producto") for plan in named}
        taken = await self._products.taken_slugs(set(nicest.values()))
        for plan in named:
            slug = nicest[id(plan)]
            if slug in taken:
                slug = f"{slug}-{secrets.token_hex(3)}"
            taken.add(slug)
            plan.values["slug"] = slug


def _id_of(plan: _Plan) -> ProductId:
    return ProductId(plan.values["id"]) if plan.product is None else plan.product.id


def _sku_of(row: Mapping[str, Any]) -> str:
    try:
        return _SKU.validate_python(row.get("sku"), strict=True)
    except ValidationError:
        return _NOT_A_SKU


def _is_slug(value: Any) -> bool:
    try:
        _SLUG.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _same(kept: Any, wanted: Any) -> bool:
    """Spreadsheets write their own line breaks: those alone are no change."""
    if isinstance(kept, str) and isinstance(wanted, str):
        return kept.replace("\r\n", "\n") == wanted.replace("\r\n", "\n")
    return bool(kept == wanted)


def _problem(place: str, message: str, code: str) -> dict[str, Any]:
    return {"loc": [place], "msg": message, "code": code}


def _problems_of(error: ValidationError) -> list[dict[str, Any]]:
    found = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        place, *rest = each["loc"]
        name = "category" if place == "category_id" else str(place)
        found.append({"loc": [name, *(str(part)[:100] for part in rest)], "msg": each["msg"], "code": each["type"]})
    return found
