from collections.abc import Awaitable, Callable, Iterator

import pytest

from mestore.core.world import World
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.card_bank import CardBank
from tests.payments.counter import Counter
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


@pytest.fixture
def bank(api: Api, make: Make, rows: Rows, sandbox: RunningSandbox) -> Bank:
    return Bank(api, make, rows, sandbox)


@pytest.fixture
def counter(api: Api, rows: Rows, bank: Bank) -> Iterator[Counter]:
    counter = Counter(api, rows, bank)
    yield counter
    counter.shop.close()


@pytest.fixture
def cards(
    bank: Bank, api: Api, make: Make, rows: Rows, world: World, drain: Callable[[], Awaitable[None]]
) -> Iterator[CardBank]:
    cards = CardBank(bank, api, make, rows, world, drain)
    yield cards
    cards.close()
