"""What the demo catalogue hands out: three plain records, with ids that are the same on every machine."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

NAMESPACE = UUID("5f0c7a52-2c1e-5d0b-9a64-0d7b1c3e8f21")

IvaClass = Literal["GENERAL", "REDUCED", "EXEMPT", "EXCLUDED"]
DocumentType = Literal["NIT", "CC"]


def identifier(kind: str, natural_key: str) -> UUID:
    return uuid5(NAMESPACE, f"{kind}:{natural_key}")


def slug_of(text: str) -> str:
    """`Café molido 250 g` → `cafe-molido-250-g`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


@dataclass(frozen=True)
class DemoVendor:
    id: UUID
    email: str
    slug: str
    business_name: str
    full_name: str
    phone: str
    """E.164."""
    document_type: DocumentType
    document_number: str
    """A NIT carries its check digit after a hyphen."""
    city: str
    department: str
    municipality_code: str
    """DANE, five digits."""
    description: str


@dataclass(frozen=True)
class DemoCategory:
    id: UUID
    name: str
    slug: str
    parent_slug: str | None


@dataclass(frozen=True)
class DemoProduct:
    id: UUID
    vendor_email: str
    category_slug: str
    sku: str
    name: str
    slug: str
    """Unique in the whole catalogue."""
    description: str
    brand: str
    price: Decimal
    """Net of IVA, whole pesos, such that the price with IVA is a round one."""
    cost: Decimal
    iva_class: IvaClass
    stock: int
    weight_kg: Decimal
    tags: tuple[str, ...]
    attributes: dict[str, str]
    withdrawal_excluded_reason: str | None
    """Why the buyer has no right of retracto: Law 1480 of 2011, article 47, for what perishes or is of personal use."""
