import pytest

from tests.api import Api
from tests.complaints.cases import Case, new_case
from tests.make import Make


@pytest.fixture
async def case(api: Api, make: Make) -> Case:
    return await new_case(api, make)
