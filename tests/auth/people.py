"""Somebody who registers, and signs in with a password."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tests.api import Api
from tests.sandbox.running import RunningSandbox

PASSWORD = "el-loro-canta-a-las-6"
ANA: dict[str, Any] = {
    "email": "ana.ruiz@example.co",
    "password": PASSWORD,
    "full_name": "Ana Ruiz",
    "phone": "3001234567",
}


async def register(api: Api, **more: Any) -> dict[str, Any]:
    response = await api.post("/api/v1/auth/register", ANA | more)
    assert response.status_code == 201, response.text
    user: dict[str, Any] = response.json()
    return user


async def sign_in(api: Api, email: str = ANA["email"], password: str = PASSWORD) -> dict[str, Any]:
    response = await api.post("/api/v1/auth/login", {"email": email, "password": password})
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


async def mailed_token(
    api: Api, drain: Callable[[], Awaitable[None]], sandbox: RunningSandbox, email: str = ANA["email"]
) -> str:
    """Of the newest link that resets the password."""
    assert (await api.post("/api/v1/auth/forgot-password", {"email": email})).status_code == 202
    await drain()
    found = [re.search(r"#token=([\w-]+)", mail["text"]) for mail in sandbox.mails(email)]
    return next(match[1] for match in found if match)


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
