"""Efecty's account: whole or none, the sandbox's in development, and never that one in production."""

import pytest
from pydantic import ValidationError

from mestore.core.settings import Environment, Settings
from tests.core.test_settings import PRODUCTION

OURS = {
    "MESTORE_EFECTY_MERCHANT": "mimarket",
    "MESTORE_EFECTY_FIXED_HASH": "b81c6f02d94e4a7fa3",
    "MESTORE_EFECTY_NOTIFICATION_HASH": "0c1d2e3f4a5b6c7d8e",
    "MESTORE_EFECTY_BASE_URL": "https://api.payvalida.com",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_in_development_it_is_the_sandboxs_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESTORE_EFECTY_SLIP_HOURS", "24")
    offered = Settings(environment=Environment.DEVELOPMENT).efecty_offered
    assert offered is not None
    assert (offered.merchant, offered.slip_hours) == ("mestore", 24)
    assert offered.fixed_hash.get_secret_value() not in repr(offered)


def test_in_production_it_is_not_offered_unless_named(production: pytest.MonkeyPatch) -> None:
    assert Settings().efecty_offered is None


def test_in_production_with_all_of_its_own_it_is_offered(production: pytest.MonkeyPatch) -> None:
    for name, value in OURS.items():
        production.setenv(name, value)
    offered = Settings().efecty_offered
    assert offered is not None
    assert (offered.merchant, offered.gln) == ("mimarket", None)


@pytest.mark.parametrize("name", OURS)
def test_an_account_is_whole(production: pytest.MonkeyPatch, name: str) -> None:
    for each, value in OURS.items():
        production.setenv(each, value)
    production.delenv(name)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize(
    ("name", "bad", "said"),
    [
        ("MESTORE_EFECTY_BASE_URL", "http://api.payvalida.com", "MESTORE_EFECTY_BASE_URL"),
        ("MESTORE_EFECTY_FIXED_HASH", "development-only-payvalida-0123456789", "MESTORE_EFECTY_FIXED_HASH"),
        ("MESTORE_EFECTY_NOTIFICATION_HASH", "development-only-x", "MESTORE_EFECTY_NOTIFICATION_HASH"),
        ("MESTORE_EFECTY_GLN", "77099980012", "gln"),
        ("MESTORE_EFECTY_SLIP_HOURS", "673", "slip_hours"),
        ("MESTORE_EFECTY_MAX_AMOUNT", "19999", "MESTORE_EFECTY_MAX_AMOUNT"),
    ],
)
def test_production_refuses_what_can_not_be_right(
    production: pytest.MonkeyPatch, name: str, bad: str, said: str
) -> None:
    for each, value in OURS.items():
        production.setenv(each, value)
    production.setenv(name, bad)
    with pytest.raises(ValidationError, match=said):
        Settings()
