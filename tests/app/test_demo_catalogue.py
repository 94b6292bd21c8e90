import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import phonenumbers
import pytest
from email_validator import validate_email
from stdnum.co import nit

from mestore.app.demo_catalogue import DemoCategory, DemoProduct, DemoVendor, categories, products, vendors
from mestore.app.demo_catalogue.families import (
    COMPUTERS_AND_BICYCLES_EXCLUDED_UP_TO,
    IVA_PERCENT,
    PHONES_EXCLUDED_UP_TO,
)

PRINT_FINGERPRINT = (
    "import hashlib; from mestore.app import demo_catalogue as c;"
    "print(hashlib.sha256(repr([c.vendors(), c.categories(), c.products()]).encode()).hexdigest())"
)


@cache
def catalogue() -> tuple[list[DemoVendor], list[DemoCategory], list[DemoProduct]]:
    return vendors(), categories(), products()


def twice(values: Iterable[object]) -> list[object]:
    return [value for value, times in Counter(values).items() if times > 1]


def named(word: str) -> list[DemoProduct]:
    return [product for product in catalogue()[2] if word in product.name.lower()]


def test_there_is_enough_of_everything() -> None:
    all_vendors, all_categories, all_products = catalogue()
    assert len(all_vendors) >= 12
    assert len(all_categories) >= 40
    assert len(all_products) >= 600


def test_the_catalogue_is_the_same_in_another_process_with_another_hash_seed() -> None:
    here = hashlib.sha256(repr(list(catalogue())).encode()).hexdigest()
    assert hashlib.sha256(repr([vendors(), categories(), products()]).encode()).hexdigest() == here
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        other = subprocess.run(
            [sys.executable, "-c", PRINT_FINGERPRINT], env=environment, capture_output=True, text=True, check=True
        )
        assert other.stdout.strip() == here


def test_nothing_that_must_be_unique_occurs_twice() -> None:
    all_vendors, all_categories, all_products = catalogue()
    assert not twice(
        [
            *(vendor.id for vendor in all_vendors),
            *(category.id for category in all_categories),
            *(product.id for product in all_products),
        ]
    )
    for attribute in ("email", "slug", "phone", "document_number", "municipality_code", "business_name"):
        assert not twice(getattr(vendor, attribute) for vendor in all_vendors)
    assert not twice(category.slug for category in all_categories)
    assert not twice(product.slug for product in all_products)
    assert not twice((product.vendor_email, product.sku) for product in all_products)
    assert not twice((product.vendor_email, product.name) for product in all_products)


def test_every_reference_resolves_and_parents_come_first() -> None:
    all_vendors, all_categories, all_products = catalogue()
    seen: dict[str, int] = {}
    for category in all_categories:
        seen[category.slug] = 1 if category.parent_slug is None else seen[category.parent_slug] + 1
    assert max(seen.values()) == 3
    assert {product.vendor_email for product in all_products} == {vendor.email for vendor in all_vendors}
    leaves = {category.slug for category in all_categories} - {category.parent_slug for category in all_categories}
    shelves = Counter(product.category_slug for product in all_products)
    assert set(shelves) == leaves
    assert min(shelves.values()) >= 5
    assert min(Counter(product.vendor_email for product in all_products).values()) >= 20


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.slug)
def test_a_vendor_could_register(vendor: DemoVendor) -> None:
    assert validate_email(vendor.email, check_deliverability=False).normalized == vendor.email
    phone = phonenumbers.parse(vendor.phone, None)
    assert phonenumbers.is_valid_number_for_region(phone, "CO")
    assert phonenumbers.number_type(phone) == phonenumbers.PhoneNumberType.MOBILE
    assert phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164) == vendor.phone
    assert re.fullmatch(r"\d{5}", vendor.municipality_code)
    if vendor.document_type == "NIT":
        assert re.fullmatch(r"\d{9}-\d", vendor.document_number)
        assert nit.is_valid(vendor.document_number)
    else:
        assert re.fullmatch(r"[1-9]\d{5,9}", vendor.document_number)


def could_be_published(product: DemoProduct) -> bool:
    iva = (product.price * IVA_PERCENT[product.iva_class] / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return all(
        (
            re.fullmatch(r"[A-Z0-9-]{3,50}", product.sku),
            re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", product.slug),
            2 <= len(product.name) <= 200,
            2 <= len(re.findall(r"[.!?](?= |$)", product.description)) <= 4,
            100 <= product.price <= 100_000_000,
            product.price == product.price.to_integral_value(),
            product.cost == product.cost.to_integral_value(),
            0 < product.cost < product.price,
            (product.price + iva) % 100 == 0,
            0 <= product.stock <= 200,
            Decimal(0) < product.weight_kg < 100,
            product.tags and not twice(product.tags),
            all(product.attributes.values()),
        )
    )


def test_every_product_could_be_published_and_its_price_with_iva_is_a_round_one() -> None:
    assert [product for product in catalogue()[2] if not could_be_published(product)] == []


def test_most_products_are_in_stock_and_some_are_not() -> None:
    stocks = [product.stock for product in catalogue()[2]]
    assert 0.01 < stocks.count(0) / len(stocks) < 0.1
    assert sum(stock >= 5 for stock in stocks) / len(stocks) > 0.85


@pytest.mark.parametrize(
    ("word", "iva_class"),
    [
        ("café de origen", "REDUCED"),
        ("chocolate de mesa", "REDUCED"),
        ("alimento para perro", "REDUCED"),
        ("panela", "EXCLUDED"),
        ("mora de castilla", "EXCLUDED"),
        ("leche entera", "EXEMPT"),
        ("huevos", "EXEMPT"),
        ("maría, de jorge isaacs", "EXEMPT"),
        ("nevera", "GENERAL"),
        ("mochila wayuu", "GENERAL"),
        ("teclas grandes", "GENERAL"),
    ],
)
def test_iva_follows_the_kind_of_good(word: str, iva_class: str) -> None:
    assert {product.iva_class for product in named(word)} == {iva_class}


@pytest.mark.parametrize(
    ("category", "most"),
    [
        ("celulares", PHONES_EXCLUDED_UP_TO),
        ("computadores-portatiles", COMPUTERS_AND_BICYCLES_EXCLUDED_UP_TO),
        ("bicicletas", COMPUTERS_AND_BICYCLES_EXCLUDED_UP_TO),
    ],
)
def test_phones_computers_and_bicycles_are_excluded_up_to_their_limit(category: str, most: int) -> None:
    classes = {"EXCLUDED": 0, "GENERAL": 0}
    for product in catalogue()[2]:
        if product.category_slug == category and "teclas grandes" not in product.name:
            assert product.iva_class == ("EXCLUDED" if product.price <= most else "GENERAL")
            classes[product.iva_class] += 1
    assert all(classes.values())


@pytest.mark.parametrize(
    "word",
    [
        "nevera", "audífonos", "celular", "tenis", "computador portátil", "hamaca", "mochila wayuu", "café", "panela",
        "ruana", "olla", "rompecabezas", "cuentos", "taladro", "gato", "crema", "bebé", "escritorio", "bicicleta",
    ],
)  # fmt: skip
def test_what_shoppers_ask_for_is_there(word: str) -> None:
    assert len(named(word)) >= 2
