from typing import Any

import httpx
import pytest

from mestore.sandbox.bank_page import address_with_id

from .running import RunningSandbox, eventually
from .shop import Shop, Webhook, pse

BANCOLOMBIA = {"type": "BANCOLOMBIA_TRANSFER", "user_type": "PERSON", "payment_description": "Pedido de prueba"}


def bank_address(shop: Shop, transaction: dict[str, Any]) -> str:
    address: str = eventually(
        lambda: shop.get(transaction["id"])["payment_method"]["extra"].get("async_payment_url", "")
    )
    return address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://shop.example/pago", "https://shop.example/pago?id=1-2-3"),
        ("https://shop.example/pago?a=b%20c&d=", "https://shop.example/pago?a=b%20c&d=&id=1-2-3"),
        ("https://shop.example/pago?a=1#fin", "https://shop.example/pago?a=1&id=1-2-3#fin"),
    ],
)
def test_return_address(address: str, expected: str) -> None:
    assert address_with_id(address, "1-2-3") == expected


def test_address_appears_after_the_delay_only(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("settle_delay", min=60, max=60)
    waiting = shop.pay(pse("1022"))
    assert waiting["payment_method"]["extra"] == {"is_three_ds": False, "three_ds_auth_type": None}
    assert "async_payment_url" not in shop.get(waiting["id"])["payment_method"]["extra"]
    sandbox.control("advance_clock", seconds=61)
    found = shop.get(waiting["id"])
    assert found["status"] == "PENDING"
    assert "/pse/redirect?ticket_id=" in found["payment_method"]["extra"]["async_payment_url"]


def test_address_and_status_of_a_magic_bank_arrive_together(shop: Shop) -> None:
    settled = shop.pay(pse("1"))
    eventually(lambda: shop.get(settled["id"])["status"] == "APPROVED")
    page = httpx.get(bank_address(shop, settled))
    assert "Este pago ya está decidido" in page.text
    assert "<button" not in page.text


@pytest.mark.parametrize("method", [pse("1022"), BANCOLOMBIA])
@pytest.mark.parametrize(("choice", "status"), [("approve", "APPROVED"), ("decline", "DECLINED"), ("error", "ERROR")])
def test_the_buyer_decides(shop: Shop, webhook: Webhook, method: dict[str, Any], choice: str, status: str) -> None:
    transaction = shop.pay(method, redirect_url="https://shop.example/pago?pedido=7")
    address = bank_address(shop, transaction)
    page = httpx.get(address)
    assert "$ 150.000" in page.text
    assert "Pedido de prueba" in page.text
    assert "//" not in page.text.replace(transaction["redirect_url"], "").replace("https://shop.example", "")
    for button in ("Aprobar el pago", "Rechazar el pago", "Simular un error del banco"):
        assert button in page.text
    answer = httpx.post(address, data={"outcome": choice})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://shop.example/pago?pedido=7&id={transaction['id']}"
    assert shop.get(transaction["id"])["status"] == status
    # A second press changes nothing.
    assert httpx.post(address, data={"outcome": "approve"}).status_code == 303
    assert shop.get(transaction["id"])["status"] == status
    eventually(lambda: webhook.received)
    assert len(webhook.received) == 1


def test_unknown_ticket_and_choice(shop: Shop, sandbox: RunningSandbox) -> None:
    assert httpx.get(f"{sandbox.wompi_url}/pse/redirect?ticket_id=no").status_code == 404
    assert httpx.post(f"{sandbox.wompi_url}/pse/redirect?ticket_id=no").status_code == 404
    transaction = shop.pay()
    assert httpx.post(bank_address(shop, transaction), data={"outcome": "<b>"}).status_code == 422
    assert shop.get(transaction["id"])["status"] == "PENDING"
