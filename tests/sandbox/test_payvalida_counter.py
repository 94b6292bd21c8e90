import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from .payvalida_shop import COLOMBIA, NETWORK_HASH, NOTIFICATION_HASH, PayvalidaShop, sha512
from .running import eventually
from .shop import Webhook


def checksum(body: dict[str, Any]) -> str:
    """The receiver's side, from the documentation."""
    return hashlib.sha256((body["po_id"] + body["status"] + NOTIFICATION_HASH).encode()).hexdigest()


def today() -> str:
    return datetime.now(UTC).astimezone(COLOMBIA).date().isoformat()


def test_the_network_asks_takes_and_confirms(payvalida: PayvalidaShop, webhook: Webhook) -> None:
    data = payvalida.create()
    code = data["Referencia"]
    asked = payvalida.http.get(
        f"/v1/orders/{code}", params={"name": "efecty", "checksum": sha512("efecty", code, NETWORK_HASH)}
    )
    assert asked.json()["DATA"]["AMOUNT"] == 150_000
    assert payvalida.take(code, 149_999, "A")["CODE"] == "0021"
    assert payvalida.take(code, 150_000, "A")["CODE"] == "0000"
    assert payvalida.state(data["OrdenID"]) == "PENDIENTE", "not before it is confirmed"
    assert payvalida.confirm("A", yes=True)["DATA"]["STATE"] == "confirmed"
    assert payvalida.confirm("A", yes=True)["DATA"]["STATE"] == "confirmed"
    assert payvalida.state(data["OrdenID"]) == "APROBADA"
    assert payvalida.take(code, 150_000, "B")["CODE"] == "0041"
    eventually(lambda: payvalida.deliveries()[0]["state"] == "done")
    ((headers, raw),) = webhook.received
    told = json.loads(raw)
    assert headers["content-type"] == "application/json"
    assert told == {
        "pv_po_id": int(data["PVordenID"]),
        "po_id": data["OrdenID"],
        "status": "approved",
        "amount": "150000",
        "iso_currency": "COP",
        "pv_payment": "efecty",
        "pv_checksum": checksum(told),
    }


def test_a_network_may_go_back_for_thirty_seconds(payvalida: PayvalidaShop) -> None:
    data = payvalida.create()
    payvalida.take(data["Referencia"], 150_000, "A")
    payvalida.confirm("A", yes=True)
    assert payvalida.confirm("A", yes=False)["DATA"]["STATE"] == "reversed"
    assert payvalida.state(data["OrdenID"]) == "ANULADA"
    other = payvalida.create()
    payvalida.take(other["Referencia"], 150_000, "B")
    payvalida.control("advance_clock", seconds=31)
    assert payvalida.confirm("B", yes=True)["CODE"] == "0041"
    assert payvalida.state(other["OrdenID"]) == "PENDIENTE"


@pytest.mark.parametrize("wrong", [{"name": "baloto"}, {"money": "USD"}, {"amount": 0}, {"amount": "150000"}])
def test_what_a_network_may_not_say(payvalida: PayvalidaShop, wrong: dict[str, Any]) -> None:
    data = payvalida.create()
    body = {"name": "efecty", "reference": data["Referencia"], "amount": 150_000, "transaction": "A", "money": "COP"}
    body |= wrong
    signed = [body[field] for field in ("name", "reference", "amount", "transaction")]
    assert payvalida.network("/v1/transactions/", *signed, **body)["CODE"] in {"0017", "0021", "0023"}
    assert payvalida.network("/v1/transactions/", "guessed", **(body | {"name": "efecty"}))["CODE"] == "0025"
    assert payvalida.confirm("A", yes=True)["CODE"] == "0041"


def test_a_cashier_takes_money(payvalida: PayvalidaShop) -> None:
    data = payvalida.create()
    code = data["Referencia"]
    page = httpx.get(f"{payvalida.base}/counter", params={"code": code})
    assert "150.000" in page.text
    assert "Recibir el pago" in page.text
    paid = httpx.post(f"{payvalida.base}/counter", data={"code": code}, follow_redirects=True)
    assert paid.status_code == 200
    assert "APROBADA" in paid.text
    assert httpx.post(f"{payvalida.base}/counter", data={"code": code}).status_code == 409
    assert httpx.post(f"{payvalida.base}/counter", data={"code": "1"}).status_code == 404
    assert httpx.get(f"{payvalida.base}/counter", params={"code": "1"}).status_code == 404


def test_f50_a_counter_without_connection_takes_a_code_twice(payvalida: PayvalidaShop) -> None:
    data = payvalida.create()
    for _ in range(2):
        assert (
            httpx.post(f"{payvalida.base}/counter", data={"code": data["Referencia"], "offline": "1"}).status_code
            == 303
        )
    bodies = [notification["body"] for notification in payvalida.notifications(data["OrdenID"])]
    assert len(bodies) == 2
    assert len(set(bodies)) == 1, "nothing tells the two apart but the file of the day"
    details = [line for line in file(payvalida).splitlines() if line.startswith("06")]
    assert len(details) == 2
    assert len({line[68:74] for line in details}) == 2


def file(payvalida: PayvalidaShop, **query: str) -> str:
    response = payvalida.http.get(f"/files/{today()}.txt", params=query)
    assert response.status_code == 200
    return response.content.decode("latin-1")


def test_the_file_of_the_day(payvalida: PayvalidaShop) -> None:
    codes = [payvalida.create(amount=amount)["Referencia"] for amount in ("150000", "89900")]
    for code, amount in zip(codes, (150_000, 89_900), strict=True):
        payvalida.control("pay", code=code, amount=amount)
    lines = file(payvalida).split("\r\n")
    assert lines.pop() == ""
    assert [line[:2] for line in lines] == ["01", "05", "06", "06", "08", "09"]
    assert {len(line) for line in lines} == {162}
    assert [line[2:50].lstrip("0") for line in lines[2:4]] == codes
    assert (int(lines[4][2:11]), int(lines[4][11:29])) == (int(lines[5][2:11]), int(lines[5][11:29])) == (2, 23_990_000)
    assert payvalida.http.get("/files/2020-01-01.txt").text.count("\r\n") == 4
    assert payvalida.http.get("/files/yesterday.txt").status_code == 404
    assert payvalida.http.get(f"/files/{today()}.txt", params={"wrong": "colour"}).status_code == 422


@pytest.mark.parametrize("wrong", ["total", "count", "short_line", "unknown_reference", "duplicate"])
def test_a_file_can_be_wrong(payvalida: PayvalidaShop, wrong: str) -> None:
    payvalida.control("pay", code=payvalida.create()["Referencia"], amount=150_000)
    assert file(payvalida, wrong=wrong) != file(payvalida)


def test_a_notification_is_sent_until_it_is_heard(payvalida: PayvalidaShop, webhook: Webhook) -> None:
    webhook.status = 503
    payvalida.control("pay", code=payvalida.create()["Referencia"], amount=150_000)
    eventually(lambda: [each for each in payvalida.deliveries() if each["state"] == "done"])
    webhook.status = 200
    (retried,) = payvalida.control("advance_clock", seconds=301)["deliveries"]
    assert (retried["attempt"], retried["status_code"], retried["answer"]) == (2, 200, "visto")
    assert payvalida.control("advance_clock", seconds=100 * 3_600)["deliveries"] == []
    assert len(webhook.received) == 2


def test_notifications_as_a_test_wants_them(payvalida: PayvalidaShop, webhook: Webhook) -> None:
    payvalida.control("notifications", paused=True, duplicate=2, amount="1", uppercase_checksum=True)
    payvalida.control("pay", code=payvalida.create()["Referencia"], amount=150_000)
    assert webhook.received == []
    assert len(payvalida.control("deliver_pending")["deliveries"]) == 3
    told = json.loads(webhook.received[0][1])
    assert (told["amount"], told["pv_checksum"]) == ("1", checksum(told).upper())
    payvalida.control("notifications", wrong_checksum=True, uppercase_checksum=False)
    payvalida.control("pay", code=payvalida.create()["Referencia"], amount=150_000)
    forged = json.loads(payvalida.notifications()[0]["body"])
    assert forged["pv_checksum"] != checksum(forged)


def test_replayed_and_forged(payvalida: PayvalidaShop, webhook: Webhook) -> None:
    payvalida.control("notifications", paused=True)
    order = payvalida.create()["OrdenID"]
    payvalida.control("force_state", order=order, state="APROBADA")
    notification = payvalida.notifications(order)[0]
    made = payvalida.control("replay", notification_id=notification["id"], times=20)["deliveries"]
    assert [each["status_code"] for each in made] == [200] * 20
    assert {raw for _, raw in webhook.received} == {notification["body"]}
    for sign, genuine in ((True, True), (False, False), ("keep", False)):
        forged = payvalida.control(
            "forge_notification", order=order, changes={"status": "cancelled"}, sign=sign, send=False
        )
        body = json.loads(forged["notification"]["body"])
        assert (body["pv_checksum"] == checksum(body)) == genuine
    assert len(webhook.received) == 20


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"action": "explode"}',
        b'{"action": "pay", "code": "1", "amount": 0}',
        b'{"action": "pay", "code": "1", "amount": 5}',
        b'{"action": "force_state", "order": "nobody", "state": "APROBADA"}',
        b'{"action": "fail_next", "call": "GET /nothing", "mode": "500"}',
        b'{"action": "replay", "notification_id": 99999}',
        b'{"action": "advance_clock", "seconds": -1}',
    ],
)
def test_bad_actions_are_422(payvalida: PayvalidaShop, body: bytes) -> None:
    response = payvalida.http.post(f"{payvalida.sandbox.url}/control/payvalida", content=body)
    assert response.status_code == 422
    assert response.json()["error"]


def test_a_state_can_only_go_where_payvalida_lets_it(payvalida: PayvalidaShop) -> None:
    order = payvalida.create()["OrdenID"]
    refused = payvalida.http.post(
        f"{payvalida.sandbox.url}/control/payvalida",
        json={"action": "force_state", "order": order, "state": "ANULADA"},
    )
    assert refused.status_code == 422
    assert "PENDIENTE" in refused.json()["error"]
