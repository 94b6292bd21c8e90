"""PayU's account: whole or none, that of everybody's tests in development, and never that one in production."""

import pytest
from pydantic import ValidationError

from mestore.core.settings import Environment, Settings
from tests.core.test_settings import PRODUCTION

ACCOUNT = {
    "MESTORE_PAYU_MERCHANT_ID": "700001",
    "MESTORE_PAYU_ACCOUNT_ID": "700002",
    "MESTORE_PAYU_API_LOGIN": "b4cFbR2xYw1n",
    "MESTORE_PAYU_API_KEY": "Qm2x8LwZ0cVt5RkN7sJd3HyB1g",
}
ADDRESSES = {
    "MESTORE_PAYU_PAYMENTS_URL": "https://api.payulatam.com/payments-api/4.0/service.cgi",
    "MESTORE_PAYU_REPORTS_URL": "https://api.payulatam.com/reports-api/4.0/service.cgi",
    "MESTORE_PAYU_CHECKOUT_URL": "https://checkout.payulatam.com/ppp-web-gateway-payu/",
    "MESTORE_PAYU_NOTIFY_URL": "https://api.shop.example/api/v1/payments/webhook/payu",
}
OURS = {**ACCOUNT, **ADDRESSES, "MESTORE_PAYU_TEST": "false"}


def test_in_development_it_is_the_public_test_account() -> None:
    offered = Settings(environment=Environment.DEVELOPMENT).payu_offered
    assert offered is not None
    assert (offered.merchant_id, offered.account_id, offered.test) == ("508029", "512321", True)
    assert offered.api_key.get_secret_value() not in repr(offered)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_in_production_it_is_not_offered_unless_named(production: pytest.MonkeyPatch) -> None:
    assert Settings().payu_offered is None


def test_in_production_with_all_of_its_own_it_is_offered(production: pytest.MonkeyPatch) -> None:
    for name, value in OURS.items():
        production.setenv(name, value)
    offered = Settings().payu_offered
    assert offered is not None
    assert (offered.merchant_id, offered.test) == ("700001", False)


@pytest.mark.parametrize("name", [*ADDRESSES, "MESTORE_PAYU_TEST"])
def test_production_refuses_what_is_left_of_development(production: pytest.MonkeyPatch, name: str) -> None:
    for each, value in OURS.items():
        production.setenv(each, value)
    production.delenv(name)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_production_refuses_the_public_test_key(production: pytest.MonkeyPatch) -> None:
    for each, value in (OURS | {"MESTORE_PAYU_API_KEY": "4Vj8eK4rloUd272L48hsrarnUA"}).items():
        production.setenv(each, value)
    with pytest.raises(ValidationError, match="MESTORE_PAYU_API_KEY"):
        Settings()


@pytest.mark.parametrize("name", list(ACCOUNT))
def test_an_account_is_whole(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each, value in ACCOUNT.items():
        monkeypatch.setenv(each, value)
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_hmac_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESTORE_PAYU_CONFIRMATION_ALGORITHM", "hmac-sha256")
    with pytest.raises(ValidationError, match="MESTORE_PAYU_HMAC_KEY"):
        Settings()
    monkeypatch.setenv("MESTORE_PAYU_HMAC_KEY", "k")
    assert Settings().payu.confirmation_algorithm == "hmac-sha256"
