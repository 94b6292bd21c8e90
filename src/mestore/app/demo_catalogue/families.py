"""Families of products: a small table of kinds, each sold in a few variants, grows into catalogue records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import product as combinations

from mestore.app.demo_catalogue.records import DemoProduct, IvaClass, identifier, slug_of
from mestore.app.demo_catalogue.sellers import email_of

IVA_PERCENT: Mapping[IvaClass, int] = {"GENERAL": 19, "REDUCED": 5, "EXEMPT": 0, "EXCLUDED": 0}

UVT_2026 = 52_374
PHONES_EXCLUDED_UP_TO = 22 * UVT_2026
"""Estatuto Tributario, article 424: smartphones and tablets of at most 22 UVT cause no IVA."""
COMPUTERS_AND_BICYCLES_EXCLUDED_UP_TO = 50 * UVT_2026
"""The same article: personal computers, bicycles, skates and scooters of at most 50 UVT."""

PERISHABLE = "Producto perecedero"
PERSONAL_USE = "Producto de uso personal"

ONE_PIECE = "1 unidad"

WHOLE = Decimal(1)


@dataclass(frozen=True)
class Variant:
    """One way a kind is sold. `percent` is of the kind's price; `grams` replaces the kind's weight."""

    label: str
    percent: int = 100
    grams: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


ONLY = (Variant(""),)


@dataclass(frozen=True)
class Kind:
    """`shelf_price` is what the buyer reads on the shelf, IVA included; `text` is one or two sentences.

    `closing` stands in place of the family's text where that does not fit.
    """

    name: str
    shelf_price: int
    grams: int
    text: str
    variants: tuple[Variant, ...] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    brand: str | None = None
    iva: IvaClass | None = None
    closing: str | None = None


@dataclass(frozen=True)
class Family:
    code: str
    """Starts every SKU of the family; unique within the vendor."""
    vendor: str
    category: str
    brand: str
    text: str
    tags: tuple[str, ...]
    kinds: tuple[Kind, ...]
    variants: tuple[Variant, ...] = ONLY
    attributes: Mapping[str, str] = field(default_factory=dict)
    iva: IvaClass = "GENERAL"
    excluded_up_to: int = 0
    """Up to this price the law excludes the good from IVA, above it `iva` holds."""
    cost_percent: int = 62
    withdrawal_excluded_reason: str | None = None


def colours(*names: str) -> tuple[Variant, ...]:
    return tuple(Variant(f"color {name}", attributes={"color": name}) for name in names)


def sizes(*names: str) -> tuple[Variant, ...]:
    return tuple(Variant(f"talla {name}", attributes={"talla": name}) for name in names)


def contents(*rows: tuple[str, int, int]) -> tuple[Variant, ...]:
    """Rows of (label, percent, grams). A single piece is not worth a word in the name."""
    return tuple(
        Variant("" if label == ONE_PIECE else label, percent, grams, {"presentación": label})
        for label, percent, grams in rows
    )


def each(first: tuple[Variant, ...], second: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Every one of `first` in every one of `second`, such as colours in sizes; the weight is the last one given."""
    return tuple(
        Variant(
            f"{one.label} {other.label}",
            one.percent * other.percent // 100,
            other.grams or one.grams,
            {**one.attributes, **other.attributes},
        )
        for one, other in combinations(first, second)
    )


def grow(family: Family) -> Iterator[DemoProduct]:
    for number, kind in enumerate(family.kinds, start=1):
        for variant in kind.variants or family.variants:
            yield _product(family, number, kind, variant)


def _product(family: Family, number: int, kind: Kind, variant: Variant) -> DemoProduct:
    sku = slug_of(f"{family.code} {number:02d} {variant.label}").upper()
    name = f"{kind.name} {variant.label}".strip()
    vendor_email = email_of(family.vendor)
    product_id = identifier("product", f"{vendor_email}/{sku}")
    wanted = kind.shelf_price * variant.percent // 100
    iva_class = kind.iva or ("EXCLUDED" if wanted <= family.excluded_up_to else family.iva)
    price = _net_of_round_shelf_price(wanted, IVA_PERCENT[iva_class])
    grams = kind.grams if variant.grams is None else variant.grams
    return DemoProduct(
        id=product_id,
        vendor_email=vendor_email,
        category_slug=family.category,
        sku=sku,
        name=name,
        slug=slug_of(name),
        description=f"{kind.text} {kind.closing or family.text}",
        brand=kind.brand or family.brand,
        price=price,
        cost=_cost(price, family.cost_percent, product_id.int),
        iva_class=iva_class,
        stock=_stock(price, product_id.int),
        weight_kg=Decimal(grams).scaleb(-3),
        tags=family.tags,
        attributes={**family.attributes, **kind.attributes, **variant.attributes},
        withdrawal_excluded_reason=family.withdrawal_excluded_reason,
    )


def _net_of_round_shelf_price(wanted: int, iva_percent: int) -> Decimal:
    """The net price whose price with IVA is the round figure (12.400, 89.900, 1.249.900) nearest to the wanted one.

    Not every figure can be met by a whole net price plus its rounded IVA; the next round one is taken then.
    """
    if wanted < 20_000:
        step, ending = 100, 0
    elif wanted < 200_000:
        step, ending = 1_000, -100
    else:
        step, ending = 10_000, -100
    shelf = Decimal((wanted - ending + step // 2) // step * step + ending)
    rate = Decimal(iva_percent) / 100
    while True:
        net = (shelf / (1 + rate)).quantize(WHOLE, ROUND_HALF_UP)
        if net + (net * rate).quantize(WHOLE, ROUND_HALF_UP) == shelf:
            return net
        shelf += step


def _cost(price: Decimal, percent: int, seed: int) -> Decimal:
    """A few points around the family's usual share, always under the price."""
    return (price * (percent + seed // 101 % 9 - 4) / 100).quantize(WHOLE, ROUND_HALF_UP)


def _stock(price: Decimal, seed: int) -> int:
    """About one in twenty-five is sold out and as many have a last few; dear things are kept in smaller numbers."""
    fate, amount = seed % 100, seed // 1009
    if fate < 4:
        return 0
    if fate < 8:
        return 1 + amount % 4
    most = 200 if price < 100_000 else 60 if price < 800_000 else 25
    return 5 + amount % (most - 4)
