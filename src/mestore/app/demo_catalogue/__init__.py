"""A deterministic catalogue to look at: invented Colombian vendors, a category tree and some hundreds of products.

Pure data and a pure generator. The same on every call and machine, ids included, so that it can be loaded twice.
"""

from itertools import chain

from mestore.app.demo_catalogue.departments import FAMILIES
from mestore.app.demo_catalogue.families import grow
from mestore.app.demo_catalogue.records import DemoCategory, DemoProduct, DemoVendor, IvaClass
from mestore.app.demo_catalogue.sellers import SELLERS, vendor_of
from mestore.app.demo_catalogue.tree import walk

__all__ = ["DemoCategory", "DemoProduct", "DemoVendor", "IvaClass", "categories", "products", "vendors"]


def vendors() -> list[DemoVendor]:
    return [vendor_of(seller) for seller in SELLERS]


def categories() -> list[DemoCategory]:
    return list(walk())


def products() -> list[DemoProduct]:
    """In an order that mixes departments, as a shop that has been open for a while looks."""
    return sorted(chain.from_iterable(grow(family) for family in FAMILIES), key=lambda product: product.id)
