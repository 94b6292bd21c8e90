import pytest

from mestore.core.world import World
from tests.api import Api
from tests.make import Make
from tests.tracking.scene import Scene


@pytest.fixture
async def paid(api: Api, make: Make, world: World) -> Scene:
    """A paid order of one package that its vendor has not shipped."""
    vendor, buyer = await make.vendor(business_name="Café de la Sierra"), await make.buyer()
    product = await make.product(vendor=vendor, name="Café de origen")
    order = await make.paid_order(buyer=buyer, units={product.id: 2})
    return Scene(api, make, world, buyer, vendor, order, order.packages[0].id)


@pytest.fixture
async def scene(paid: Scene) -> Scene:
    """The same, two days after it was shipped."""
    await paid.ship()
    return paid
