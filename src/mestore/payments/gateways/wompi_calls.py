"""How Wompi is called: with the private key, bounded in time and size."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from mestore.core.market_settings import WompiSettings
from mestore.payments.gateways.base import NotCharged, OutcomeUnknown
from mestore.payments.gateways.calls import Answer, call


class WompiCalls:
    def __init__(self, http: aiohttp.ClientSession, settings: WompiSettings) -> None:
        self._http = http
        self._settings = settings
        self._private = {"Authorization": f"Bearer {settings.private_key.get_secret_value()}"}

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask Wompi to move money.

        Raises:
            NotCharged, OutcomeUnknown: see `calls.call`.
        """
        return await self._call("POST", path, headers=self._private, json=body)

    async def ask(
        self, path: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """A question that moves no money: any answer that is none means that we still do not know.

        Raises:
            OutcomeUnknown: Wompi said neither what there is nor that there is nothing (404).
        """
        try:
            response = await self._call("GET", path, headers=headers or self._private, params=params)
        except NotCharged as error:
            raise OutcomeUnknown(str(error)) from error
        if response.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise OutcomeUnknown(f"Wompi answered {response.status}")
        return response

    async def _call(self, method: str, path: str, **request: Any) -> Answer:
        settings = self._settings
        return await call(
            self._http,
            method,
            settings.base_url + path,
            gateway="Wompi",
            waits=aiohttp.ClientTimeout(total=settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            **request,
        )
