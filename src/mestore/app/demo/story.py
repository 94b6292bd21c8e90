"""What the steps of the demo know of each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from mestore.app.demo.web import Person, Site
from mestore.core.settings import Settings


@dataclass
class Shop:
    owner: Person
    vendor: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.vendor["business_name"])


@dataclass(frozen=True)
class Line:
    product: dict[str, Any]
    quantity: int

    @property
    def product_id(self) -> str:
        return str(self.product["id"])


@dataclass
class Purchase:
    """One of those that only `--all` plays: a buyer of its own, an order, and how it is paid."""

    title: str
    buyer: Person
    order: dict[str, Any]
    ends: tuple[str, str] = ("APPROVED", "CONFIRMED")
    """The states of its newest payment and of its order that it must have when everything is over."""
    attempt: dict[str, Any] = field(init=False)
    """The newest."""

    @property
    def order_path(self) -> str:
        return f"/orders/{self.order['id']}"


def say_nothing(_text: str) -> None:
    """For a watcher who wants to see results only."""


@dataclass
class Story:
    """Filled on the way: a field is there once the step that finds it out has been played."""

    settings: Settings
    api: Site
    sandbox: Site
    run: str
    """Makes this run's e-mails, document and keys its own."""
    tell: Callable[[str], None] = say_nothing
    """What a step that takes long waits for."""
    purchases: dict[str, Purchase] = field(default_factory=dict)
    new_shop: Shop = field(init=False)
    seeded_shop: Shop = field(init=False)
    buyer: Person = field(init=False)
    lines: list[Line] = field(init=False)
    placed: httpx.Response = field(init=False)
    order: dict[str, Any] = field(init=False)
    attempt: dict[str, Any] = field(init=False)
    reference: str = field(init=False)
    """Of the attempt, at the gateway."""

    @property
    def shops(self) -> tuple[Shop, Shop]:
        return self.new_shop, self.seeded_shop

    @property
    def order_path(self) -> str:
        return f"/orders/{self.order['id']}"

    def available(self, line: Line) -> int:
        return int(self.api.get(f"/products/{line.product_id}")["stock_disponible"])
