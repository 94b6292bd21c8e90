"""Settings: each from the environment, and no production without secrets of its own (fault F76)."""

import pytest
from pydantic import ValidationError

from mestore.core.settings import Environment, Settings

PRODUCTION = {
    "MESTORE_ENVIRONMENT": "production",
    "MESTORE_DATABASE_URL": "postgresql://mestore@db.internal/mestore",
    "MESTORE_REDIS_URL": "redis://cache.internal/0",
    "MESTORE_AUTH_SECRET": "k7Jd0s9Q2mXw4vB8nT1zR6yC3hL5gF0p",
    "MESTORE_WOMPI_BASE_URL": "https://production.wompi.co/v1",
    "MESTORE_WOMPI_CHECKOUT_URL": "https://checkout.wompi.co/p/",
    "MESTORE_WOMPI_ENVIRONMENT": "prod",
    "MESTORE_WOMPI_PUBLIC_KEY": "pub_prod_x",
    "MESTORE_WOMPI_PRIVATE_KEY": "prv_prod_x",
    "MESTORE_WOMPI_INTEGRITY_SECRET": "prod_integrity_x",
    "MESTORE_WOMPI_EVENTS_SECRET": "prod_events_x",
    "MESTORE_FRAUD_SECRET": "h2Qw9LxT4bVn7RmK1sZc8YpD5gJf3AeU",
    "MESTORE_SMS_BASE_URL": "https://api.twilio.com",
    "MESTORE_SMS_ACCOUNT_SID": "AC5f0c9d3e7a1b4826",
    "MESTORE_SMS_AUTH_TOKEN": "b81c6f02d94e4a7fa3",
    "MESTORE_API_TRUSTED_HOSTS": '["api.shop.example"]',
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_starts_with_all_it_needs(environment: pytest.MonkeyPatch) -> None:
    settings = Settings()
    assert settings.environment is Environment.PRODUCTION
    assert settings.database.url == PRODUCTION["MESTORE_DATABASE_URL"]


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "MESTORE_ENVIRONMENT"])
def test_production_refuses_to_start_without(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("MESTORE_AUTH_SECRET", "short"),
        ("MESTORE_AUTH_SECRET", "development-only-auth-0123456789abcdef0123456789"),
        ("MESTORE_FRAUD_SECRET", "development-only-fraud-0123456789abcdef0123456789"),
        ("MESTORE_WOMPI_PRIVATE_KEY", "prv_test_x"),
        ("MESTORE_WOMPI_BASE_URL", "http://production.wompi.co/v1"),
        ("MESTORE_CARRIERS_SECRETS", '{"tcc": "short"}'),
        ("MESTORE_CARRIERS_SECRETS", '{"tcc": "development-only-carrier-0123456789abcdef0123456789"}'),
        ("MESTORE_FAILPOINTS", '{"before_commit": "kill"}'),
    ],
)
def test_production_refuses_values_of_development(environment: pytest.MonkeyPatch, name: str, bad: str) -> None:
    environment.setenv(name, bad)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_no_secret_is_shown_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    shown = repr(Settings())
    for name in ("AUTH_SECRET", "SMS_AUTH_TOKEN", "WOMPI_PRIVATE_KEY", "WOMPI_INTEGRITY_SECRET", "WOMPI_EVENTS_SECRET"):
        assert PRODUCTION[f"MESTORE_{name}"] not in shown


def test_an_error_about_settings_shows_no_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MESTORE_API_PORT", "no number")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert PRODUCTION["MESTORE_AUTH_SECRET"] not in str(refused.value)
