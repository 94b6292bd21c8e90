"""Efecty's counters, reached through Payválida: the merchant's account and what its contract says."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from mestore.core.sections import DEVELOPMENT_SECRET, Section, development_secret


class EfectySettings(Section):
    """Without the three that name the account, Efecty is not offered. In development the account is the sandbox's.

    In production the address is `https://api.payvalida.com`.
    """

    base_url: str = "http://127.0.0.1:8090/payvalida"
    merchant: str = ""
    fixed_hash: SecretStr = SecretStr("")
    """With which requests are signed: Payválida's FIXED_HASH."""
    notification_hash: SecretStr = SecretStr("")
    """With which notifications are: FIXED_HASH_NOTIFICACION."""
    agreement: str = "110000"
    """The number of our *convenio*, which a buyer says at the counter with the code."""
    gln: Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$")] | None = None
    """The collector's number in barcodes; unset, slips have none."""
    min_amount: int = Field(20_000, ge=1)
    """COP, like `max_amount`: what a counter takes at once, by the contract."""
    max_amount: int = Field(6_000_000, ge=1)
    slip_hours: int = Field(72, ge=1, le=28 * 24)
    """A slip is good until the end of the day on which these are over: Payválida knows days only, and at most 30."""
    connect_timeout_seconds: float = Field(1.0, gt=0)
    timeout_seconds: float = Field(8.0, gt=0)

    @model_validator(mode="after")
    def _account_is_whole(self) -> Self:
        named = {
            "MERCHANT": self.merchant,
            "FIXED_HASH": self.fixed_hash.get_secret_value(),
            "NOTIFICATION_HASH": self.notification_hash.get_secret_value(),
        }
        missing = [f"MESTORE_EFECTY_{name}" for name, value in named.items() if not value]
        if 0 < len(missing) < len(named):
            raise ValueError(f"Payválida's account is named in part only: {', '.join(missing)} missing")
        if self.max_amount < self.min_amount:
            raise ValueError("MESTORE_EFECTY_MAX_AMOUNT is less than MESTORE_EFECTY_MIN_AMOUNT")
        return self

    def with_sandbox_account(self) -> Self:
        account = {
            "merchant": "mestore",
            "fixed_hash": development_secret("payvalida"),
            "notification_hash": development_secret("payvalida-notifications"),
            "gln": self.gln or "7709998001237",
        }
        return self.model_copy(update=account)

    def unfit_for_production(self) -> dict[str, bool]:
        """Which settings, by name, are those of a test."""
        return {
            "MESTORE_EFECTY_BASE_URL": bool(self.merchant) and not self.base_url.startswith("https://"),
            "MESTORE_EFECTY_FIXED_HASH": self.fixed_hash.get_secret_value().startswith(DEVELOPMENT_SECRET),
            "MESTORE_EFECTY_NOTIFICATION_HASH": self.notification_hash.get_secret_value().startswith(
                DEVELOPMENT_SECRET
            ),
        }
