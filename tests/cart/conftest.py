"""Shoppers for the cart's tests."""

from collections.abc import Awaitable, Callable

import pytest

from tests.api import Api
from tests.cart.shopping import Shopping
from tests.make import Make


@pytest.fixture
def guest(api: Api) -> Shopping:
    return Shopping(api)


@pytest.fixture
def new_buyer(api: Api, make: Make) -> Callable[[], Awaitable[Shopping]]:
    async def signed_in() -> Shopping:
        user = await make.buyer()
        await api.token(user)
        return Shopping(api, by=user)

    return signed_in


@pytest.fixture
async def buyer(new_buyer: Callable[[], Awaitable[Shopping]]) -> Shopping:
    return await new_buyer()
