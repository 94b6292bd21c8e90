"""Every number and address of the system, in one frozen tree.

Built once in `app/` from the environment (`MESTORE_DATABASE_URL` sets `database.url`, `MESTORE_ORDERS_HOLD_MINUTES`
sets `orders.hold_minutes`) and handed to whoever needs it: no other module reads the environment. Secrets have no
default outside of development, and production does not start without them.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    Field,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from mestore.core.efecty_settings import EfectySettings
from mestore.core.market_settings import (
    CarrierSettings,
    CartSettings,
    CatalogSettings,
    CommissionSettings,
    ComplaintSettings,
    FraudSettings,
    OrderSettings,
    PaymentSettings,
    ShippingSettings,
    VendorSettings,
    WompiSettings,
)
from mestore.core.payu_settings import PayuSettings
from mestore.core.sections import DEVELOPMENT_SECRET, Section, development_secret


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[a-z0-9.\[\]:-]+)$")]


Quota = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour|day)$")]


class ApiSettings(Section):
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1))
    trusted_hosts: list[str] = ["127.0.0.1", "localhost", "[::1]", "testserver"]
    shutdown_grace_seconds: float | None = Field(None, ge=0)
    """How long `/health/ready` says 503 before the listener closes: longer than the load balancer takes to notice.

    Unset, it is 5 in production and 0 elsewhere.
    """
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
    cart_writes: Quota = "120/minute"
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


class CacheSettings(Section):
    """Public answers that are kept ready."""

    seconds: int = Field(60, ge=0)
    """At most so long, should a change ever not be told; with 0 nothing is kept."""
    max_bytes: int = 16 * 1024 * 1024
    """In each process."""


class MediaSettings(Section):
    """Pictures: what may be sent, where our files of it lie and where they are fetched."""

    url: str | None = None
    """`s3://bucket/prefix`; absent, the files lie in `folder`."""
    folder: Path | None = None
    """Absent, `media` in `data_dir`."""
    public_url: str = "/media"
    """What stands before a file's name in answers: this service, or the network of caches before it."""
    private_url: str | None = None
    """The like for pictures that only some may see: never public, nor in `url`; absent, `private` in `data_dir`."""
    max_bytes: int = 5_242_880
    max_pixels: int = 40_000_000
    at_once: int = Field(2, ge=1)
    """How many pictures one process of the API has worked on at a time."""
    orphan_hours: int = Field(1, ge=1)
    """How old files are that no picture names before they are removed: an upload takes less than a minute."""
    per_product: int = Field(10, ge=1, le=10)


class SpreadsheetSettings(Section):
    """Files of products: what may be sent, and where it waits for its import."""

    url: str | None = None
    """`s3://bucket/prefix`, never one that is public: the files name costs; absent, they wait in `folder`."""
    folder: Path | None = None
    """Absent, `imports` in `data_dir`. API and worker on different machines need `url`."""
    max_bytes: int = 20_971_520
    max_unpacked_bytes: int = 209_715_200
    """Of all that an XLSX file, which is a ZIP archive, holds."""
    max_rows: int = Field(50_000, ge=1)
    batch_rows: int = Field(200, ge=1, le=500)
    """So many rows are looked at and written in one transaction."""
    at_once: int = Field(2, ge=1)
    """How many files one process has converted at a time, each by a process of its own."""
    orphan_hours: int = Field(1, ge=1)
    """How old files are that no import waits for before they are removed."""
    give_up_hours: int = Field(24, ge=1)
    """An import that has not ended by then never will."""


class AuthSettings(Section):
    secret: SecretStr = development_secret("auth")
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
    sessions_kept_days: int = Field(90, ge=1)
    """After it ended: so long a device it was on is none that is new, and its refresh tokens are known as used up."""
    codes_kept_days: int = Field(7, ge=1)
    """One-time codes and password links, after they expired."""
    hash_concurrency: int = 2
    """Argon2 runs in threads, so many at once: each takes 64 MiB and a core."""


class JobSettings(Section):
    heartbeat_seconds: float = 10.0
    """A worker silent for so long counts as dead, and another takes its jobs over."""
    max_attempts: int = 10
    at_once: int = 20


class ChromaSettings(Section):
    """The server of vectors. `mestore up` starts one of its own where no `url` is set."""

    url: str | None = None
    """`http://…`; absent, searches are by words alone."""
    port: int = 8091
    """Of the one that `mestore up` starts, on 127.0.0.1."""
    timeout_seconds: float = Field(1.0, gt=0)


class EmbedderSettings(Section):
    """Who makes vectors of texts. After a change of model: `mestore search rebuild`."""

    url: str | None = None
    """A server that answers `POST /v1/embeddings` as OpenAI's does; absent, the model that comes along is used."""
    api_key: SecretStr = SecretStr("")
    query_model: str = "e5-query"
    passage_model: str = "e5-passage"
    """The same as `query_model`, for models that make no difference."""
    timeout_seconds: float = Field(1.0, gt=0)
    threads: int = Field(1, ge=1)


class SearchSettings(Section):
    """How the two rankings, by words and by meaning, become one. `make relevance` finds these numbers."""

    rank_constant: int = Field(5, ge=1)
    """Of reciprocal rank fusion: the larger, the less the very first places count."""
    all_words_weight: float = 1.0
    some_words_weight: float = 0.6
    meaning_weight: float = 0.6
    neighbours: int = Field(100, ge=1, le=1_000)
    """How many products the vectors may name."""
    margin: float = 0.06
    """How much farther than the nearest a neighbour may lie, as a distance by cosine."""
    wait_seconds: float = Field(1.0, gt=0)
    """For the vectors; after that the words alone answer."""
    breaker_failures: int = Field(3, ge=1)
    breaker_seconds: float = Field(5.0, gt=0)
    """So long nobody waits for vectors after so many failures in a row."""


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
    auth_token: SecretStr = development_secret("sms")
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
    cache: CacheSettings = CacheSettings()
    media: MediaSettings = MediaSettings()
    spreadsheets: SpreadsheetSettings = SpreadsheetSettings()
    auth: AuthSettings = AuthSettings()
    vendors: VendorSettings = VendorSettings()
    catalog: CatalogSettings = CatalogSettings()
    orders: OrderSettings = OrderSettings()
    cart: CartSettings = CartSettings()
    shipping: ShippingSettings = ShippingSettings()
    fraud: FraudSettings = FraudSettings()
    payments: PaymentSettings = PaymentSettings()
    jobs: JobSettings = JobSettings()
    carriers: CarrierSettings = CarrierSettings()
    commissions: CommissionSettings = CommissionSettings()
    complaints: ComplaintSettings = ComplaintSettings()
    chroma: ChromaSettings = ChromaSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    search: SearchSettings = SearchSettings()
    wompi: WompiSettings = WompiSettings()
    payu: PayuSettings = PayuSettings()
    efecty: EfectySettings = EfectySettings()
    mail: MailSettings = MailSettings()
    sms: SmsSettings = SmsSettings()
    sandbox: SandboxSettings = SandboxSettings()

    @property
    def payu_offered(self) -> PayuSettings | None:
        """How PayU is reached: as `payu` says, outside production its public test account; None: it is not offered."""
        if self.payu.merchant_id:
            return self.payu
        return None if self.environment is Environment.PRODUCTION else self.payu.with_public_test_account()

    @property
    def efecty_offered(self) -> EfectySettings | None:
        """The like for Efecty, with the sandbox's account outside production."""
        if self.efecty.merchant:
            return self.efecty
        return None if self.environment is Environment.PRODUCTION else self.efecty.with_sandbox_account()

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
                "MESTORE_WOMPI_CHECKOUT_URL": not self.wompi.checkout_url.startswith("https://"),
                "MESTORE_WOMPI_ENVIRONMENT": self.wompi.environment != "prod",
                **self.payu.unfit_for_production(),
                **self.efecty.unfit_for_production(),
                "MESTORE_FRAUD_SECRET": self.fraud.secret.get_secret_value().startswith(DEVELOPMENT_SECRET)
                or len(self.fraud.secret.get_secret_value()) < 32,
                "MESTORE_SMS_BASE_URL": not self.sms.base_url.startswith("https://"),
                "MESTORE_SMS_ACCOUNT_SID": not self.sms.account_sid.strip("AC0"),
                "MESTORE_SMS_AUTH_TOKEN": self.sms.auth_token.get_secret_value().startswith(DEVELOPMENT_SECRET),
                "MESTORE_CARRIERS_SECRETS": any(
                    secret.get_secret_value().startswith(DEVELOPMENT_SECRET) or len(secret.get_secret_value()) < 32
                    for secret in (self.carriers.secrets or {}).values()
                ),
                "MESTORE_API_TRUSTED_HOSTS": "testserver" in self.api.trusted_hosts,
            }.items()
            if absent
        ]
        if missing:
            raise ValueError(f"production needs these settings, with values of its own: {', '.join(missing)}")
        if self.failpoints:
            raise ValueError("MESTORE_FAILPOINTS is for tests: unset it in production")
        return self
