"""SMS over Twilio's REST API: form-encoded in, JSON out.

Twilio takes a message first and knows later whether it arrived. It has no idempotency keys: a call whose answer was
lost may have sent the SMS, and a second one says the same.
"""

from http import HTTPStatus
from typing import Any

import httpx

from mestore.core.settings import SmsSettings
from mestore.notifications.mailer import ReceiverRefused

FINAL = {
    21211: "not a phone number",
    21408: "no SMS to this country",
    21610: "the receiver has opted out",
    21612: "not reachable by SMS",
    21614: "not a mobile number",
    30003: "handset unreachable",
    30004: "blocked by the receiver or the carrier",
    30005: "unknown handset",
    30006: "landline, or carrier unreachable",
    30007: "filtered by the carrier as spam",
    30008: "not delivered, and the carrier does not say why",
}
"""What trying again does not help against, in words of ours: Twilio's repeat the number."""


class SmsNotTaken(Exception):
    """Not now, or nobody knows; worth trying again."""


class Twilio:
    def __init__(self, http: httpx.AsyncClient, settings: SmsSettings) -> None:
        self._http = http
        self._settings = settings
        self._messages = f"{settings.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages"

    async def send(self, number: str, text: str) -> str:
        """Twilio's id of the message that it has taken.

        Raises:
            ReceiverRefused: it never will take it for this number.
            SmsNotTaken: also when the answer never came.
        """
        form = {"To": number, "From": self._settings.sender, "Body": text}
        status, answer = await self._ask("POST", f"{self._messages}.json", data=form)
        sid = answer.get("sid")
        if status == HTTPStatus.CREATED and isinstance(sid, str):
            return sid
        code = answer.get("code")
        if status == HTTPStatus.BAD_REQUEST and code in FINAL:
            raise ReceiverRefused(reason(code))
        raise SmsNotTaken(f"HTTP {status}, code {code if isinstance(code, int) else None}")

    async def failure_of(self, sid: str) -> str | None:
        """Why a message did not arrive; None when it did, or is still on its way.

        Raises:
            SmsNotTaken: there was no answer.
        """
        status, answer = await self._ask("GET", f"{self._messages}/{sid}.json")
        if status != HTTPStatus.OK:
            raise SmsNotTaken(f"HTTP {status}")
        return reason(answer.get("error_code")) if answer.get("status") in {"failed", "undelivered"} else None

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
        token = self._settings.auth_token.get_secret_value()
        try:
            response = await self._http.request(
                method, url, auth=(self._settings.account_sid, token), timeout=self._settings.timeout_seconds, **more
            )
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise SmsNotTaken(type(error).__name__) from error
        return response.status_code, answer if isinstance(answer, dict) else {}


def reason(code: object) -> str:
    """What is kept with a message that failed, as in `21614 not a mobile number`."""
    return f"{code} {FINAL.get(code, 'not delivered') if isinstance(code, int) else 'not delivered'}"
