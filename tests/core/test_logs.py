"""What the programs write: a JSON object a line, with ids to follow a request by, and nothing that must stay secret."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import httpx
import pytest

from mestore.core.logs import hide_secrets
from tests.app.running_system import RunningSystem
from tests.make import PSE, SHIPPING
from tests.sandbox.running import RunningSandbox, eventually

CARD = {"number": "4242424242424242", "cvc": "123", "exp_month": "08", "exp_year": "39", "card_holder": "ANA RUIZ"}
KEYS = {
    "MESTORE_AUTH_SECRET": "canary-auth-secret-0123456789abcdef",
    "MESTORE_WOMPI_PRIVATE_KEY": "prv_test_canaryPrivateKey",
    "MESTORE_WOMPI_INTEGRITY_SECRET": "test_integrity_canaryIntegrity",
    "MESTORE_WOMPI_EVENTS_SECRET": "test_events_canaryEvents",
}
PASSWORD = "canario-de-la-clave-7"
WRONG_PASSWORD = "canario-equivocado-8"
BUYER_DOCUMENT = "1999888777"
GIVES_TOKENS = {"POST /auth/login", "POST /auth/refresh-token"}


class Flow:
    """The main flow, and the ways in which people get it wrong, each with something that must not be seen again."""

    def __init__(self, http: httpx.Client, sandbox: RunningSandbox) -> None:
        self.http = http
        self.sandbox = sandbox
        self.answers: dict[str, str] = {}
        self.secrets: dict[str, str] = {
            **KEYS,
            "password": PASSWORD,
            "wrong password": WRONG_PASSWORD,
            "card number": CARD["number"],
            "document number": BUYER_DOCUMENT,
        }
        self.tokens: dict[str, str] = {}

    def play(self) -> None:
        buyer = self._account("/auth/register", "ana.canaria@example.co")
        vendor = self._account(
            "/vendors/register",
            "tienda.canaria@example.co",
            business_name="Tienda Canaria",
            document_type="CC",
            document_number="1020304051",
            city="Santa Marta",
            terms_accepted=True,
        )
        self._go_wrong(buyer)
        categories = self.ask("GET", "/categories").json()
        product = self.ask("POST", "/products", 201, by=vendor, json=_product(categories[0]["id"])).json()
        for method, data in (("PSE", PSE | {"document_number": BUYER_DOCUMENT}), ("CARD", self._card())):
            self._buy(buyer, product["id"], method, data)
        self.ask("POST", "/auth/logout", 204, by=buyer)

    def ask(self, method: str, path: str, status: int = 200, by: str | None = None, **more: Any) -> httpx.Response:
        if by:
            more["headers"] = {"Authorization": f"Bearer {by}"}
        answer = self.http.request(method, path, **more)
        assert answer.status_code == status, answer.text
        address = f"{method} {path}"
        self.answers[address] = f"{self.answers.get(address, '')}\n{answer.headers}\n{answer.text}"
        return answer

    def _account(self, path: str, email: str, **more: Any) -> str:
        """Somebody with a verified e-mail, signed in; the access token."""
        who = {"email": email, "full_name": "Ana Canaria", "phone": "3001234567"} | more
        self.ask("POST", path, 201, json=who | {"password": PASSWORD})
        signed_in = self.ask("POST", "/auth/login", json={"email": email, "password": PASSWORD}).json()
        body = {"refresh_token": signed_in["refresh_token"]}
        refreshed = self.ask("POST", "/auth/refresh-token", json=body).json()
        for kind in ("access_token", "refresh_token"):
            self.tokens |= {f"first {kind} of {email}": signed_in[kind], f"{kind} of {email}": refreshed[kind]}
        code = eventually(lambda: self._mailed_code(email), 30)
        assert code is not None
        self.secrets[f"code of {email}"] = code
        token: str = refreshed["access_token"]
        self.ask("POST", "/auth/verify-email-otp", by=token, json={"code": code})
        return token

    def _mailed_code(self, email: str) -> str | None:
        found = (re.search(r"(?<!\d)\d{6}(?!\d)", mail["text"]) for mail in self.sandbox.mails(email))
        return next((match[0] for match in found if match), None)

    def _go_wrong(self, buyer: str) -> None:
        login = {"email": "ana.canaria@example.co", "password": WRONG_PASSWORD}
        self.ask("POST", "/auth/login", 401, json=login)
        self.ask("POST", "/auth/login", 422, json=login | {"password": [WRONG_PASSWORD], WRONG_PASSWORD[::-1]: 1})
        broken = f'{{"password": "{WRONG_PASSWORD}"'
        self.ask("POST", "/auth/login", 400, content=broken, headers={"Content-Type": "application/json"})
        self.ask("POST", "/auth/refresh-token", 401, json={"refresh_token": WRONG_PASSWORD})
        self.ask("GET", "/auth/me", 401, by=WRONG_PASSWORD)
        self.ask("GET", f"/products?cursor={WRONG_PASSWORD}", 422)
        self.ask("POST", "/payments/webhook", 401, json={"signature": {"checksum": WRONG_PASSWORD}})
        card = {"order_id": 1, "payment_method": "CARD", "payment_data": CARD}
        self.ask("POST", "/payments/process", 422, by=buyer, json=card)

    def _card(self) -> dict[str, Any]:
        made = httpx.post(
            f"{self.sandbox.wompi_url}/tokens/cards",
            json=CARD,
            headers={"Authorization": "Bearer pub_test_mestore"},
            trust_env=False,
        )
        token: str = made.json()["data"]["id"]
        self.secrets["card token"] = token
        return {"token": token, "installments": 1}

    def _buy(self, buyer: str, product_id: str, method: str, data: dict[str, Any]) -> None:
        body = {"items": [{"product_id": product_id, "quantity": 1}], "shipping_info": SHIPPING}
        order = self.ask("POST", "/orders", 201, by=buyer, json=body).json()
        wanted = {"order_id": order["id"], "payment_method": method, "payment_data": data}
        # What a gateway's failure leaves in the logs is looked at too.
        self.sandbox.control("fail_next", call="GET /merchants/info", mode="html_200", times=1)
        only_wompi = {"payment_method": "NEQUI", "payment_data": {"phone": "3991111111"}}
        self.ask("POST", "/payments/process", 503, by=buyer, json=wanted | only_wompi)
        self.ask("POST", "/payments/process", by=buyer, json=wanted)
        reference = self.sandbox.transactions()[0]["reference"]
        self.sandbox.control("force_outcome", reference=reference, status="APPROVED")
        path = f"/orders/{order['id']}"
        eventually(lambda: self.ask("GET", path, by=buyer).json()["status"] == "CONFIRMED", 30)
        eventually(lambda: any(order["order_number"] in mail["text"] for mail in self.sandbox.mails()), 30)


def _product(category_id: str) -> dict[str, Any]:
    return {
        "sku": "CANARIO-1",
        "name": "Jaula de madera",
        "category_id": category_id,
        "precio_venta": "100000.00",
        "iva_class": "GENERAL",
        "stock": 9,
        "weight_kg": "1.000",
    }


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    folder = tmp_path_factory.mktemp("system")
    with RunningSystem(folder, durable=False, environment=KEYS) as system:
        in_database(
            system,
            "INSERT INTO categories (id, slug, name, position) VALUES (gen_random_uuid(), 'jaulas', 'Jaulas', 1)",
        )
        yield system


@pytest.fixture(scope="module")
def flow(system: RunningSystem) -> Flow:
    with httpx.Client(base_url=f"{system.api_url}/api/v1", timeout=30, trust_env=False) as http:
        flow = Flow(http, system.sandbox)
        flow.play()
    return flow


def in_database(system: RunningSystem, statement: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(system.database_url)
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement)
            return found
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def dump(system: RunningSystem) -> dict[str, str]:
    """Every table as text; of binary columns what they say, too."""
    tables = in_database(system, "SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'")
    return {
        table["name"]: "\n".join(
            value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for row in in_database(system, f"SELECT * FROM {table['name']}")
            for value in row.values()
        )
        for table in tables
    }


def seen(secret: str, text: str) -> bool:
    """Of a code, only where it stands alone: its digits also happen within others."""
    return re.search(rf"(?<![\w.-]){secret}(?![\w-])", text) is not None if secret.isdigit() else secret in text


def test_no_secret_is_in_logs_answers_or_tables(system: RunningSystem, flow: Flow) -> None:
    places = {f"log of {name}": system.log(name) for name in ("api", "worker", "postgres")}
    places |= {f"table {name}": text for name, text in dump(system).items()}
    assert places["table pgqueuer_log"]
    assert places["table messages"]
    places |= flow.answers
    leaks = [
        (name, place)
        for name, secret in {**flow.secrets, **flow.tokens}.items()
        for place, text in places.items()
        if seen(secret, text) and not (name in flow.tokens and place in GIVES_TOKENS)
    ]
    assert leaks == []


def test_each_line_is_json_and_says_which_request_or_job_it_is_of(system: RunningSystem, flow: Flow) -> None:
    lines = {name: [json.loads(line) for line in system.log(name).splitlines()] for name in ("api", "worker")}
    for line in (*lines["api"], *lines["worker"]):
        assert {"event", "level", "logger", "time"} <= line.keys(), line
    requests = [line for line in lines["api"] if line["event"] == "request"]
    assert {"/auth/login", "/orders", "/payments/process", "/payments/webhook"} <= {line["route"] for line in requests}
    assert len({line["request_id"] for line in requests}) == len(requests)
    done = [line for line in lines["worker"] if line["event"] == "job_done"]
    assert {"commissions.charge_confirmed_order", "notifications.send_letters"} <= {line["job"] for line in done}
    assert len({line["job_id"] for line in done}) == len(done)
    caused = {line.get("request_id") for line in done if line["job"] == "notifications.tell_order_confirmed"}
    assert caused & {line["request_id"] for line in requests if line["route"] == "/payments/webhook"}


def test_check_finds_nothing_wrong_in_what_the_programs_did(system: RunningSystem, flow: Flow) -> None:
    command = [sys.executable, "-m", "mestore", "check"]
    checked = subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert "rules hold." in checked.stdout


def hidden(**event: Any) -> dict[str, Any]:
    return dict(hide_secrets(None, "info", event))


def test_what_is_named_like_a_secret_is_hidden_at_any_depth() -> None:
    told = hidden(event="x", body={"user": [{"Password": "abc", "refresh_token": "abc", "city": "Cali"}]}, otp="123456")
    assert told["body"]["user"] == [{"Password": "[hidden]", "refresh_token": "[hidden]", "city": "Cali"}]
    assert told["otp"] == "[hidden]"


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "tok_test_23142_1f8fc0843eb8",
        *(KEYS[name] for name in KEYS if "WOMPI" in name),
        "4242424242424242",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "mestore:s3cret",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_any_text(secret: str) -> None:
    assert secret not in hidden(event=f"failed: postgresql://{secret}@host/x")["event"]


END = """
import warnings
from mestore.core import logs
logs.configure("INFO")
warnings.warn("old thing", DeprecationWarning, stacklevel=1)
raise ValueError("with prv_test_key and 4242424242424242")
"""


def test_warnings_and_the_last_words_of_a_program_are_lines_too() -> None:
    ended = subprocess.run([sys.executable, "-Wa", "-c", END], capture_output=True, text=True, check=False)
    warning, last = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (warning["level"], "old thing" in warning["event"]) == ("warning", True)
    assert (last["level"], last["event"]) == ("critical", "process_ends")
    assert "ValueError: with [hidden] and [hidden]" in last["exception"]
    assert (ended.stderr, ended.returncode) == ("", 1)
