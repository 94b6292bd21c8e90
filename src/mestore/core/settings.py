"""Every number and address of the system, in one frozen tree.

Built once in `app/` from the environment (`MESTORE_DATABASE_URL` sets `database.url`, `MESTORE_ORDERS_HOLD_MINUTES`
sets `orders.hold_minutes`) and handed to whoever needs it: no other module reads the environment. Secrets have no
default outside of development, and production does not start without them.
"""

import os
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-"  # noqa: S105 - the mark by which production recognises and refuses it


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[a-z0-9.\[\]:-]+)$")]
Quota = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour|day)$")]


def _secret(name: str) -> SecretStr:
    return SecretStr(f"{DEVELOPMENT_SECRET}{name}-0123456789abcdef0123456789")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ApiSettings(Section):
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1))
    trusted_hosts: list[str] = ["127.0.0.1", "localhost", "[::1]", "testserver"]
    max_body_bytes: int = 1_048_576
    max_webhook_bytes: int = 65_536
    trusted_proxies: list[IPvAnyNetwork] = []
    """Whose `X-Forwarded-For` is believed, as addresses or networks (`["10.0.0.0/8"]`)."""
    cors_origins: list[Origin] = []
    """Whose pages may call from a browser, as in `["https://shop.example"]`."""
    cors_credentials: bool = True

    @model_validator(mode="after")
    def _credentials_are_for_known_origins(self) -> Self:
        if "*" in self.cors_origins and self.cors_credentials:
            raise ValueError(
                'MESTORE_API_CORS_ORIGINS=["*"] with credentials would let every page act as its visitor: '
                "list the origins, or set MESTORE_API_CORS_CREDENTIALS=false"
            )
        return self


class LimitSettings(Section):
    """How many requests of one user, or of one address where nobody is signed in."""

    everything: Quota = "600/minute"
    login: Quota = "10/minute"
    register_account: Quota = "5/hour"
    codes: Quota = "5/hour"
    """One-time codes and reset letters asked for."""
    orders: Quota = "50/hour"
    payments: Quota = "20/hour"
    product_writes: Quota = "100/hour"
    search: Quota = "120/minute"
    factor: int = Field(1, ge=1)
    """Multiplies them all: on a laptop and in tests one address is everybody."""


class DatabaseSettings(Section):
    url: str | None = None
    """`postgresql://…`; absent, `mestore up` and the tests run the embedded server."""
    pool_size: int = 8
    pool_timeout_seconds: float = 2.0
    lock_timeout_ms: int = 2_000
    statement_timeout_ms: int = 5_000
    idle_in_transaction_timeout_ms: int = 10_000


class RedisSettings(Section):
    url: str | None = None
    timeout_seconds: float = 0.2


class AuthSettings(Section):
    secret: SecretStr = _secret("auth")
    previous_secrets: list[SecretStr] = []
    """What `secret` was before: tokens made with them are good until they expire. Keep one here for `refresh_days`."""
    issuer: str = "mestore"
    audience: str = "mestore-api"
    access_minutes: int = 60
    refresh_days: int = 7
    refresh_grace_seconds: int = 30
    otp_minutes: int = 10
    otp_attempts: int = 5
    otp_cooldown_seconds: int = 60
    otp_per_hour: int = 5
    reset_minutes: int = 60
    reset_url: str = "http://127.0.0.1:3000/recuperar"
    """The page that the letter's link opens; the token follows after `#token=`, where no server's log sees it."""
    reset_cooldown_seconds: int = 60
    resets_per_hour: int = 5
    failure_minutes: int = 15
    """Within so many minutes failed sign-ins are counted together, and for so long an account stays locked."""
    lock_after_failures: int = 5
    slow_after_failures: int = 20
    """From one address, whatever the accounts: after these it may try once in `slow_seconds`."""
    slow_seconds: int = 15
    terms_version: str = "2026-11-24"
    """Which text of terms and data policy somebody agrees to who registers now."""
    hash_concurrency: int = 2
    """Argon2 runs in threads, so many at once: each takes 64 MiB and a core."""


class VendorSettings(Section):
    auto_approve: bool = True


class OrderSettings(Section):
    shipping_cost: Decimal = Decimal(15_000)
    free_shipping_from: Decimal = Decimal(200_000)
    hold_minutes: int = 60
    """An order without any payment attempt keeps its stock this long."""
    card_hold_minutes: int = 30
    pse_hold_minutes: int = 60


class FraudSettings(Section):
    decline_from: int = 80
    review_from: int = 60


class WompiSettings(Section):
    base_url: str = "http://127.0.0.1:8090/wompi/v1"
    public_key: str = "pub_test_mestore"
    private_key: SecretStr = SecretStr("prv_test_mestore")
    integrity_secret: SecretStr = SecretStr("test_integrity_mestore")
    events_secret: SecretStr = SecretStr("test_events_mestore")
    environment: str = "test"
    """What an event must say in `environment`: `test`, or `prod` in production (fault F46)."""
    connect_timeout_seconds: float = 1.0
    timeout_seconds: float = 8.0
    payment_url_wait_seconds: float = 6.0
    """How long `process` polls for the bank's address, which PSE gives only after a moment."""


class PaymentSettings(Section):
    return_url: str = "http://127.0.0.1:8090/return"
    """Where a buyer lands after the bank when the request names no `return_url`."""
    sweep_after_seconds: int = 30
    not_found_grace_seconds: int = 120
    """How long a gateway may not know a reference before the attempt counts as never made."""


class JobSettings(Section):
    heartbeat_seconds: float = 10.0
    """A worker silent for so long counts as dead, and another takes its jobs over."""
    max_attempts: int = 10
    at_once: int = 20


class CommissionSettings(Section):
    rate: Decimal = Decimal("0.05")


class MailSettings(Section):
    host: str = "127.0.0.1"
    port: int = 1025
    username: str | None = None
    password: SecretStr | None = None
    use_tls: bool = False
    sender: str = "MeStore <hola@mestore.example>"
    timeout_seconds: float = 10.0


class SmsSettings(Section):
    """Twilio's."""

    base_url: str = "http://127.0.0.1:8090/twilio"
    account_sid: str = "AC00000000000000000000000000000000"
    auth_token: SecretStr = _secret("sms")
    sender: str = "+15005550006"
    timeout_seconds: float = 5.0
    daily_budget: int = 1_000
    """SMS of the whole system in a day of Colombia's: who pumps them costs so much and no more (fault F71)."""
    codes_per_address_per_hour: int = 10
    """Codes by SMS that one address may ask for, whatever the numbers."""
    look_after_seconds: int = 60
    """When Twilio is asked what became of an SMS that it took."""


class SandboxSettings(Section):
    host: str = "127.0.0.1"
    port: int = 8090
    smtp_port: int = 1025


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="MESTORE_", env_nested_delimiter="_", env_nested_max_split=1, frozen=True, extra="ignore"
    )

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path(".mestore")
    log_level: str = "INFO"
    failpoints: dict[str, str] = {}
    """Where a test makes the process fail, as in `before_commit:kill`; refused in production."""

    api: ApiSettings = ApiSettings()
    limits: LimitSettings = LimitSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    auth: AuthSettings = AuthSettings()
    vendors: VendorSettings = VendorSettings()
    orders: OrderSettings = OrderSettings()
    fraud: FraudSettings = FraudSettings()
    payments: PaymentSettings = PaymentSettings()
    jobs: JobSettings = JobSettings()
    commissions: CommissionSettings = CommissionSettings()
    wompi: WompiSettings = WompiSettings()
    mail: MailSettings = MailSettings()
    sms: SmsSettings = SmsSettings()
    sandbox: SandboxSettings = SandboxSettings()

    @model_validator(mode="after")
    def _production_has_its_own_secrets(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        missing = [
            name
            for name, absent in {
                "MESTORE_DATABASE_URL": not self.database.url,
                "MESTORE_REDIS_URL": not self.redis.url,
                "MESTORE_AUTH_SECRET": self.auth.secret.get_secret_value().startswith(DEVELOPMENT_SECRET)
                or len(self.auth.secret.get_secret_value()) < 32,
                "MESTORE_AUTH_PREVIOUS_SECRETS": any(
                    secret.get_secret_value().startswith(DEVELOPMENT_SECRET) or len(secret.get_secret_value()) < 32
                    for secret in self.auth.previous_secrets
                ),
                "MESTORE_WOMPI_PUBLIC_KEY": not self.wompi.public_key.startswith("pub_prod_"),
                "MESTORE_WOMPI_PRIVATE_KEY": not self.wompi.private_key.get_secret_value().startswith("prv_prod_"),
                "MESTORE_WOMPI_INTEGRITY_SECRET": not self.wompi.integrity_secret.get_secret_value().startswith(
                    "prod_"
                ),
                "MESTORE_WOMPI_EVENTS_SECRET": not self.wompi.events_secret.get_secret_value().startswith("prod_"),
                "MESTORE_WOMPI_BASE_URL": not self.wompi.base_url.startswith("https://"),
                "MESTORE_WOMPI_ENVIRONMENT": self.wompi.environment != "prod",
                "MESTORE_SMS_BASE_URL": not self.sms.base_url.startswith("https://"),
                "MESTORE_SMS_ACCOUNT_SID": not self.sms.account_sid.strip("AC0"),
                "MESTORE_SMS_AUTH_TOKEN": self.sms.auth_token.get_secret_value().startswith(DEVELOPMENT_SECRET),
                "MESTORE_API_TRUSTED_HOSTS": "testserver" in self.api.trusted_hosts,
            }.items()
            if absent
        ]
        if missing:
            raise ValueError(f"production needs these settings, with values of its own: {', '.join(missing)}")
        if self.failpoints:
            raise ValueError("MESTORE_FAILPOINTS is for tests: unset it in production")
        return self
