"""Where the parts of a running `mestore up` answer."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import httpx

from mestore.core.settings import Settings


@dataclass(frozen=True)
class Addresses:
    api: str
    sandbox: str
    smtp: str
    host: str = ""
    """The name by which the API wants to be asked, where it answers to trusted hosts only."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        sandbox = _reachable(settings.sandbox.host)
        return cls(
            api=f"http://{_reachable(settings.api.host)}:{settings.api.port}",
            sandbox=f"http://{sandbox}:{settings.sandbox.port}",
            smtp=f"smtp://{sandbox}:{settings.sandbox.smtp_port}",
            host=next((host for host in settings.api.trusted_hosts if "*" not in host), ""),
        )

    def sandbox_environment(self, settings: Settings) -> dict[str, str]:
        """Leads whatever the settings leave at its default to the sandbox of this run, on whichever ports it has.

        On a laptop one address is everybody, the demo included: it may ask a thousand times as much.
        """
        wanted = {
            ("wompi", "base_url"): f"{self.sandbox}/wompi/v1",
            ("wompi", "checkout_url"): f"{self.sandbox}/wompi/p/",
            ("payu", "payments_url"): f"{self.sandbox}/payu/payments-api/4.0/service.cgi",
            ("payu", "reports_url"): f"{self.sandbox}/payu/reports-api/4.0/service.cgi",
            ("payu", "checkout_url"): f"{self.sandbox}/payu/ppp-web-gateway-payu/",
            ("payu", "notify_url"): f"{self.api}/api/v1/payments/webhook/payu",
            ("efecty", "base_url"): f"{self.sandbox}/payvalida",
            ("sms", "base_url"): f"{self.sandbox}/twilio",
            ("payments", "return_url"): f"{self.sandbox}/return",
            ("mail", "host"): settings.sandbox.host,
            ("mail", "port"): str(settings.sandbox.smtp_port),
            ("limits", "factor"): "1000",
        }
        return {
            f"MESTORE_{section}_{name}".upper(): value
            for (section, name), value in wanted.items()
            if name not in getattr(settings, section).model_fields_set
        }


def answers(url: str, host: str = "") -> Callable[[], bool]:
    """A question to ask again and again: does `url` say 200?"""

    def asks() -> bool:
        with contextlib.suppress(httpx.HTTPError), httpx.Client(timeout=1, trust_env=False) as client:
            return client.get(url, headers={"Host": host} if host else {}).status_code == httpx.codes.OK
        return False

    return asks


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where a server listens everywhere
    return f"[{host}]" if ":" in host else host
