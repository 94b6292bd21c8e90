"""What a submitted product's words and price give away: pure functions from them to reasons to look at it."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mestore.catalog.models import ProductStatus
from mestore.core.ids import CategoryId
from mestore.core.market_settings import CatalogSettings, Moderation
from mestore.core.money import Money

_MOBILE = re.compile(r"(?<!\d)(\+?57[\s.-]?)?3\d{2}[\s.-]?\d{3}[\s.-]?\d{4}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,}", re.IGNORECASE)
_LINK = re.compile(r"\b(https?://|www\.|wa\.me/|t\.me/)", re.IGNORECASE)

WORDS = frozenset({"name", "description", "brand", "tags", "category_id"})
"""What an administrator may have judged: a change of it is judged again."""

JUDGED = WORDS | {"precio_venta"}
"""Whatever is looked at, by an administrator or by a rule."""

TypicalPrices = Mapping[CategoryId, Money]
"""What things of a category usually cost, net of IVA; of categories with few products nothing is known."""


def reasons_to_look(words: Sequence[str], forbidden: Sequence[str]) -> list[str]:
    """Why an administrator should see this first; empty when nothing speaks against it.

    A way to reach the shop past the marketplace, or a word that is not to be sold under.
    """
    text = " \n ".join(words)
    plain = _plain(text)
    reasons = []
    if _MOBILE.search(text) or _EMAIL.search(text):
        reasons.append("contact-data")
    if _LINK.search(text):
        reasons.append("link")
    if any(re.search(rf"\b{re.escape(_plain(word))}\b", plain) for word in forbidden):
        reasons.append("forbidden-word")
    return reasons


def reasons_of_price(price: Money, typical: Money | None, times: int) -> list[str]:
    """The same of a price: a slip by some zeros, or a bait."""
    if typical is None or (typical <= price * times and price <= typical * times):
        return []
    return ["price-far-off"]


def status_when_submitted(
    settings: CatalogSettings, product: Mapping[str, Any], typical: TypicalPrices
) -> ProductStatus:
    """For sale at once, or waiting for an administrator: moderation is manual, or words or price are flagged."""
    if settings.moderation is Moderation.MANUAL:
        return ProductStatus.PENDING
    words = [product["name"], product["description"], product["brand"] or "", *product["tags"]]
    flagged = [*reasons_to_look(words, settings.forbidden_words), *_of_its_price(settings, product, typical)]
    return ProductStatus.PENDING if flagged else ProductStatus.APPROVED


def status_when_changed(
    settings: CatalogSettings, product: Mapping[str, Any], changed: Collection[str], typical: TypicalPrices
) -> ProductStatus:
    """Of what is for sale and is now as `product` says: new words are judged as if submitted, a new price by itself.

    Where moderation is manual a price is its vendor's own business.
    """
    if not WORDS.isdisjoint(changed):
        return status_when_submitted(settings, product, typical)
    by_rule = settings.moderation is Moderation.AUTO and "precio_venta" in changed
    flagged = by_rule and _of_its_price(settings, product, typical)
    return ProductStatus.PENDING if flagged else ProductStatus.APPROVED


def _of_its_price(settings: CatalogSettings, product: Mapping[str, Any], typical: TypicalPrices) -> list[str]:
    return reasons_of_price(product["precio_venta"], typical.get(product["category_id"]), settings.far_off_price)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
