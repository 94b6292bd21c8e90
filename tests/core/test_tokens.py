"""What PyJWT accepts by default, and what is no access token of ours: each asked of a real route."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr

from mestore.core import tokens
from mestore.core.clock import utc_now
from mestore.core.ids import new_uuid
from mestore.core.world import World
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows

ME = "/api/v1/auth/me"
REMOVED = object()


class Forge:
    """Makes tokens that differ from a good one in what a test names."""

    def __init__(self, good: str, secret: str) -> None:
        self.good = good
        self._secret = secret
        self._claims: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})

    def token(
        self, *, secret: str | None = None, algorithm: str = "HS256", head: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        said = {name: value for name, value in (self._claims | claims).items() if value is not REMOVED}
        # PyJWT refuses to write some claims that it would read.
        head = {"kid": tokens.key_id(self._secret)} | (head or {})
        return jwt.PyJWS().encode(
            json.dumps(said).encode(), self._secret if secret is None else secret, algorithm, head
        )


@pytest.fixture
async def buyer(make: Make) -> User:
    return await make.buyer()


@pytest.fixture
async def forge(api: Api, buyer: User, world: World) -> Forge:
    return Forge(await api.token(buyer), world.settings.auth.secret.get_secret_value())


async def answer(api: Api, token: str) -> int:
    response = await api.get(ME, headers={"Authorization": f"Bearer {token}"})
    if response.status_code != 200:
        assert_problem(response, 401)
        assert len(token) < 20 or token[-20:] not in response.text
    return response.status_code


async def test_a_good_token_and_one_forged_without_a_change(api: Api, forge: Forge) -> None:
    assert await answer(api, forge.good) == 200
    assert await answer(api, forge.token()) == 200


NOW = int(utc_now().timestamp())
HOUR = 3_600
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    **{f"without {name}": {name: REMOVED} for name in ("iss", "aud", "sub", "jti", "iat", "exp", "typ", "sid")},
    "exp as text": {"exp": str(NOW + HOUR)},
    "exp as text that is no number": {"exp": "tomorrow"},
    "exp 10^400": {"exp": 10**400},
    "exp NaN": {"exp": float("nan")},
    "exp Infinity": {"exp": float("inf")},
    "exp null": {"exp": None},
    "exp true": {"exp": True},
    "exp too far": {"exp": NOW + 2 * HOUR},
    "expired": {"iat": NOW - 2 * HOUR, "exp": NOW - 1},
    "iat in the future": {"iat": NOW + HOUR, "exp": NOW + HOUR + 1},
    "iat as a list": {"iat": [NOW]},
    "another issuer": {"iss": "somebody"},
    "another audience": {"aud": "somebody"},
    "typ refresh": {"typ": "refresh"},
    "typ as a list": {"typ": ["access"]},
    "sub that is no id": {"sub": "admin"},
    "sub as a number": {"sub": 1},
    "sid that is no id": {"sid": "x"},
    "sid as a number": {"sid": 1},
    "a session that there is not": {"sid": str(new_uuid())},
    "a user that there is not": {"sub": str(new_uuid())},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
async def test_claims_that_do_not_fit(claims: dict[str, Any], api: Api, forge: Forge) -> None:
    assert await answer(api, forge.token(**claims)) == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_heads_that_do_not_fit(api: Api, forge: Forge) -> None:
    assert await answer(api, forge.token(secret="s" * 32)) == 401
    assert await answer(api, forge.token(algorithm="HS512")) == 401
    assert await answer(api, forge.token(algorithm="none", secret="")) == 401
    assert await answer(api, forge.token(head={"crit": ["b64"]})) == 401
    assert await answer(api, forge.token(head={"crit": ["exp"], "exp": 1})) == 401


async def test_heads_that_mean_nothing_are_not_followed(api: Api, forge: Forge) -> None:
    head = {"jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/x", "jwk": {"kty": "oct", "k": "c2VjcmV0"}}
    assert await answer(api, forge.token(head=head)) == 200
    assert await answer(api, forge.token(secret="s" * 32, head=head)) == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("kid", ["", "../../etc/passwd", "0" * 16, "' OR '1'='1", "http://127.0.0.1:9/key"])
async def test_a_key_that_is_none_of_ours(api: Api, forge: Forge, kid: str) -> None:
    assert await answer(api, forge.token(head={"kid": kid})) == 401
    assert await answer(api, forge.token(secret=kid or "x" * 32, head={"kid": kid})) == 401


async def test_a_token_without_the_name_of_its_key(api: Api, forge: Forge, world: World) -> None:
    claims = jwt.decode(forge.good, options={"verify_signature": False})
    assert await answer(api, jwt.encode(claims, world.settings.auth.secret.get_secret_value())) == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_what_is_public_is_no_key(api: Api, forge: Forge, world: World) -> None:
    """Key confusion: whatever a client knows of a key, its name included, signs nothing."""
    known = tokens.key_id(world.settings.auth.secret.get_secret_value())
    for secret in (known * 2, known, "public-key"):
        assert await answer(api, forge.token(secret=secret)) == 401


async def test_after_a_change_of_the_key_the_old_one_is_good_until_it_is_given_up(
    api: Api, world: World, buyer: User, forge: Forge
) -> None:
    old = world.settings.auth
    new = old.model_copy(update={"secret": SecretStr("n" * 32), "previous_secrets": [old.secret]})
    gone = new.model_copy(update={"previous_secrets": []})
    now = world.now()
    assert tokens.read(new, forge.good, now).user_id == buyer.id
    fresh = tokens.issue(new, buyer.id, tokens.read(old, forge.good, now).session_id, now)
    assert tokens.read(new, fresh, now).user_id == buyer.id
    for settings, token in ((gone, forge.good), (old, fresh)):
        with pytest.raises(tokens.BadToken):
            tokens.read(settings, token, now)


async def test_a_token_that_was_read_before_ends_all_the_same(world: World, forge: Forge) -> None:
    settings, now = world.settings.auth, world.now()
    assert tokens.read(settings, forge.good, now) == tokens.read(settings, forge.good, now)
    shorter = settings.model_copy(update={"access_minutes": 1})
    elsewhere = settings.model_copy(update={"audience": "somebody"})
    late, early = now + timedelta(hours=1), now - timedelta(minutes=5)
    for read_by, at in ((settings, late), (settings, early), (shorter, now), (elsewhere, now)):
        with pytest.raises(tokens.BadToken):
            tokens.read(read_by, forge.good, at)


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", "a.b", "....", "eyJhbGciOiJub25lIn0..", base64.b64encode(b"[" * 100_000).decode() + ".e30.x"],
    ids=["nothing", "a letter", "three", "two", "dots", "none", "deep"],
)
async def test_what_is_no_token(token: str, api: Api) -> None:
    assert await answer(api, token) == 401


@pytest.mark.parametrize("scheme", ["Basic", "bearer bearer", "", "Token"])
async def test_another_scheme(scheme: str, api: Api, forge: Forge) -> None:
    assert_problem(await api.get(ME, headers={"Authorization": f"{scheme} {forge.good}"}), 401)


async def test_F63_what_an_account_may_is_read_at_each_request(api: Api, forge: Forge, buyer: User, rows: Rows) -> None:
    assert (await api.get("/api/v1/orders", by=buyer)).status_code == 200
    await rows.execute("UPDATE users SET user_type = :kind WHERE id = :id", kind=UserType.ADMIN, id=buyer.id)
    assert_problem(await api.get("/api/v1/orders", by=buyer), 403)
    await rows.execute("UPDATE users SET is_active = false WHERE id = :id", id=buyer.id)
    assert await answer(api, forge.good) == 401


async def test_an_ended_session_ends_its_token(api: Api, forge: Forge, rows: Rows) -> None:
    await rows.execute("UPDATE user_sessions SET revoked_at = now()")
    assert await answer(api, forge.good) == 401
