import pytest

from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


@pytest.fixture
def bank(api: Api, make: Make, rows: Rows, sandbox: RunningSandbox) -> Bank:
    return Bank(api, make, rows, sandbox)
