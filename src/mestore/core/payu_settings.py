"""PayU Latam: the merchant's account and where its services stand."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from mestore.core.sections import Section

_SANDBOX = "http://127.0.0.1:8090/payu"
_PUBLIC_TEST_KEY = "4Vj8eK4rloUd272L48hsrarnUA"
"""The API key that PayU prints in its documentation for everybody's tests."""


class PayuSettings(Section):
    """Without the four that name the account, PayU is not offered; in development the account is the public test one.

    In production its addresses are `https://api.payulatam.com/payments-api/4.0/service.cgi`,
    `https://api.payulatam.com/reports-api/4.0/service.cgi` and
    `https://checkout.payulatam.com/ppp-web-gateway-payu/`.
    """

    merchant_id: str = ""
    account_id: str = ""
    api_login: str = ""
    api_key: SecretStr = SecretStr("")
    payments_url: str = f"{_SANDBOX}/payments-api/4.0/service.cgi"
    reports_url: str = f"{_SANDBOX}/reports-api/4.0/service.cgi"
    checkout_url: str = f"{_SANDBOX}/ppp-web-gateway-payu/"
    notify_url: str = "http://127.0.0.1:8000/api/v1/payments/webhook/payu"
    """Where PayU posts its confirmations."""
    algorithm: Literal["md5", "sha1", "sha256"] = "md5"
    """With which the account signs requests; PayU's default is MD5, and SHA-256 is better."""
    confirmation_algorithm: Literal["md5", "sha1", "sha256", "hmac-sha256"] = "md5"
    """With which PayU signs confirmations."""
    hmac_key: SecretStr = SecretStr("")
    """Of `hmac-sha256` only."""
    test: bool = True
    """Whether the account is a test one: what confirmations must say in `test` (fault F46)."""
    cash_min_amount: int = Field(20_000, ge=1)
    """COP, like `cash_max_amount`: what Efecty's counters take at once."""
    cash_max_amount: int = Field(6_000_000, ge=1)
    connect_timeout_seconds: float = Field(1.0, gt=0)
    timeout_seconds: float = Field(8.0, gt=0)

    @model_validator(mode="after")
    def _account_is_whole(self) -> Self:
        named = {
            "MERCHANT_ID": self.merchant_id,
            "ACCOUNT_ID": self.account_id,
            "API_LOGIN": self.api_login,
            "API_KEY": self.api_key.get_secret_value(),
        }
        missing = [f"MESTORE_PAYU_{name}" for name, value in named.items() if not value]
        if 0 < len(missing) < len(named):
            raise ValueError(f"PayU's account is named in part only: {', '.join(missing)} missing")
        if self.confirmation_algorithm == "hmac-sha256" and not self.hmac_key.get_secret_value():
            raise ValueError("MESTORE_PAYU_CONFIRMATION_ALGORITHM=hmac-sha256 needs MESTORE_PAYU_HMAC_KEY")
        return self

    def with_public_test_account(self) -> Self:
        key = SecretStr(_PUBLIC_TEST_KEY)
        account = {"merchant_id": "508029", "account_id": "512321", "api_login": "pRRXKOl8ikMmt9u", "api_key": key}
        return self.model_copy(update=account)

    def unfit_for_production(self) -> dict[str, bool]:
        """Which settings, by name, are those of a test."""
        return {
            "MESTORE_PAYU_API_KEY": self.api_key.get_secret_value() == _PUBLIC_TEST_KEY,
            "MESTORE_PAYU_TEST": bool(self.merchant_id) and self.test,
            "MESTORE_PAYU_PAYMENTS_URL": bool(self.merchant_id) and not self.payments_url.startswith("https://"),
            "MESTORE_PAYU_REPORTS_URL": bool(self.merchant_id) and not self.reports_url.startswith("https://"),
            "MESTORE_PAYU_CHECKOUT_URL": bool(self.merchant_id) and not self.checkout_url.startswith("https://"),
            "MESTORE_PAYU_NOTIFY_URL": bool(self.merchant_id) and not self.notify_url.startswith("https://"),
        }
