"""The refresh token as a cookie, for browsers: no script reads it, and it is sent to one address only."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from mestore.auth.errors import OriginRefused
from mestore.core.wiring import CurrentSettings

NAME = "mestore_refresh"
PATH = "/api/v1/auth/refresh-token"


class RefreshCookie:
    def __init__(self, request: Request, response: Response, settings: CurrentSettings) -> None:
        self._request = request
        self._response = response
        self._origins = settings.api.cors_origins
        self._seconds = settings.auth.refresh_days * 86_400

    def read(self) -> str | None:
        """The token in the caller's cookie.

        Raises:
            OriginRefused: a page that is not ours sent it: a browser says so, whatever the page does.
        """
        token = self._request.cookies.get(NAME)
        if token is not None and not self._is_ours(self._request.headers.get("origin", "")):
            raise OriginRefused
        return token

    def give(self, token: str) -> None:
        self._response.set_cookie(
            NAME, token, max_age=self._seconds, path=PATH, secure=True, httponly=True, samesite="strict"
        )

    def take_back(self) -> None:
        self._response.delete_cookie(NAME, path=PATH, secure=True, httponly=True, samesite="strict")

    def _is_ours(self, origin: str) -> bool:
        """One of the settings', or of the very host that was called, which the gate has checked."""
        return origin in self._origins or (
            bool(origin) and urlsplit(origin).netloc == self._request.headers.get("host", "")
        )


RefreshCookieDep = Annotated[RefreshCookie, Depends()]
