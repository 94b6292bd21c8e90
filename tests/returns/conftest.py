import pytest

from mestore.core.world import World
from tests.api import Api
from tests.make import Make
from tests.returns.case import Case, make_case
from tests.rows import Rows


@pytest.fixture
async def case(api: Api, make: Make, rows: Rows, world: World) -> Case:
    return await make_case(api, make, rows, world)
