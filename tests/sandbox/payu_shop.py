"""A shop that speaks to the simulated PayU, written from PayU's documentation and not from our client."""

import hashlib
import itertools
from decimal import Decimal
from typing import Any

import httpx

from .running import CERTIFICATES, RunningSandbox

MERCHANT, ACCOUNT, LOGIN, KEY = "508029", "512321", "pRRXKOl8ikMmt9u", "4Vj8eK4rloUd272L48hsrarnUA"
JSON = {"Accept": "application/json"}

_numbers = itertools.count(1)


def md5(*parts: object) -> str:
    return hashlib.md5("~".join(map(str, (KEY, MERCHANT, *parts))).encode()).hexdigest()  # noqa: S324 - PayU's choice


def confirmation_sign(fields: dict[str, str]) -> str:
    value = f"{Decimal(fields['value']):.2f}"
    value = value.removesuffix("0")
    return md5(fields["reference_sale"], value, fields["currency"], fields["state_pol"])


class PayuShop:
    def __init__(self, sandbox: RunningSandbox, notify_url: str = "http://127.0.0.1:9/") -> None:
        self.sandbox = sandbox
        self.notify_url = notify_url
        self.base = f"{sandbox.url}/payu"
        self.http = httpx.Client(timeout=30, trust_env=False, verify=CERTIFICATES)

    def control(self, action: str, **values: Any) -> dict[str, Any]:
        response = self.http.post(f"{self.sandbox.url}/control/payu", json={"action": action, **values})
        assert response.status_code == httpx.codes.OK, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def orders(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.http.get(f"{self.sandbox.url}/control/payu/orders").json()["orders"]
        return found

    def deliveries(self, reference: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("list_deliveries", reference=reference)["deliveries"]
        return found

    def transaction(self, method: str = "PSE", **changes: Any) -> dict[str, Any]:
        """A right transaction of 150 000 pesos; a change is named by its path, and `...` takes the field away.

        It is signed after the changes, unless one of them is the signature.
        """
        order: dict[str, Any] = {
            "accountId": ACCOUNT,
            "referenceCode": f"MKT-2026-{next(_numbers):06}-1",
            "description": "Pedido de prueba",
            "language": "es",
            "notifyUrl": self.notify_url,
            "additionalValues": {
                "TX_VALUE": {"value": 150_000, "currency": "COP"},
                "TX_TAX": {"value": 23_950, "currency": "COP"},
                "TX_TAX_RETURN_BASE": {"value": 126_050, "currency": "COP"},
            },
            "buyer": {"fullName": "Ana Ruiz", "emailAddress": "ana@example.com", "contactPhone": "3001112233"},
        }
        transaction: dict[str, Any] = {
            "type": "AUTHORIZATION_AND_CAPTURE",
            "paymentMethod": method,
            "paymentCountry": "CO",
            "order": order,
            "payer": {
                "fullName": "Ana Ruiz",
                "emailAddress": "ana@example.com",
                "contactPhone": "3001112233",
                "dniNumber": "1020304050",
                "dniType": "CC",
            },
            "deviceSessionId": "c2c0a2f0a8f0b2f0c2c0a2f0a8f0b2f0",
            "ipAddress": "203.0.113.7",
            "cookie": "c2c0a2f0",
            "userAgent": "Mozilla/5.0",
        }
        if method == "PSE":
            transaction["extraParameters"] = {
                "RESPONSE_URL": "https://shop.example/pago?pedido=7",
                "FINANCIAL_INSTITUTION_CODE": "1022",
                "USER_TYPE": "N",
                "PSE_REFERENCE1": "203.0.113.7",
                "PSE_REFERENCE2": "CC",
                "PSE_REFERENCE3": "1020304050",
            }
        for path, value in changes.items():
            *way, last = path.split("__")
            target = transaction
            for name in way:
                target = target[name]
            if value is ...:
                del target[last]
            else:
                target[last] = value
        money = order.get("additionalValues", {}).get("TX_VALUE", {})
        order.setdefault("signature", md5(order.get("referenceCode"), money.get("value"), money.get("currency")))
        return transaction

    def command(self, name: str, *, service: str = "payments", **more: Any) -> dict[str, Any]:
        body = {
            "language": "es",
            "command": name,
            "test": False,
            "merchant": {"apiLogin": LOGIN, "apiKey": KEY},
            **more,
        }
        response = self.http.post(f"{self.base}/{service}-api/4.0/service.cgi", json=body, headers=JSON)
        assert response.status_code == httpx.codes.OK, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def submit(self, transaction: dict[str, Any]) -> dict[str, Any]:
        return self.command("SUBMIT_TRANSACTION", transaction=transaction)

    def pay(self, method: str = "PSE", **changes: Any) -> dict[str, Any]:
        """The answer about a right transaction, with its `reference`."""
        transaction = self.transaction(method, **changes)
        answer = self.submit(transaction)
        assert answer["code"] == "SUCCESS", answer
        return {**answer["transactionResponse"], "reference": transaction["order"]["referenceCode"]}

    def by_reference(self, reference: str) -> Any:
        answer = self.command("ORDER_DETAIL_BY_REFERENCE_CODE", service="reports", details={"referenceCode": reference})
        return answer["result"]["payload"] if answer["result"] else None

    def form(self, **changes: str) -> dict[str, str]:
        """Of WebCheckout, signed after the changes unless they sign."""
        form = {
            "merchantId": MERCHANT,
            "accountId": ACCOUNT,
            "description": "Pedido de prueba",
            "referenceCode": f"MKT-2026-{next(_numbers):06}-1",
            "amount": "150000",
            "tax": "23950",
            "taxReturnBase": "126050",
            "currency": "COP",
            "test": "1",
            "buyerEmail": "ana@example.com",
            "payerFullName": "Ana Ruiz",
            "responseUrl": "https://shop.example/pago",
            "confirmationUrl": self.notify_url,
            **changes,
        }
        return {"signature": md5(form["referenceCode"], form["amount"], form["currency"]), **form}

    def open_checkout(self, form: dict[str, str]) -> str:
        """The page on which the card is typed."""
        opened = self.http.post(f"{self.base}/ppp-web-gateway-payu/", data=form)
        assert opened.status_code == httpx.codes.SEE_OTHER, opened.text
        return self.sandbox.url + opened.headers["location"]

    def pay_by_card(self, page: str, **changes: str) -> httpx.Response:
        card = {"number": "4097440000000004", "name": "APPROVED", "security_code": "777", "month": "05", "year": "2030"}
        return self.http.post(page, data=card | changes)
