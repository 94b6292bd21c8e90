"""What is sent to PayU: JSON commands, and the form that a buyer's browser posts. Whole pesos, on this wire alone."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mestore.core.clock import COLOMBIA
from mestore.core.money import Money
from mestore.core.payu_settings import PayuSettings
from mestore.payments.gateways import payu_signatures
from mestore.payments.gateways.base import Attempt, Refused

CURRENCY = "COP"
_COUNTRY = "CO"
_LANGUAGE = "es"
_USER_TYPES: Mapping[str | int, str] = {"PERSON": "N", "COMPANY": "J"}


def pesos(amount: Money) -> int:
    """As PayU counts in Colombia.

    Raises:
        Refused: there are cents.
    """
    whole = int(amount.amount)
    if Money(whole) != amount:
        raise Refused("PayU takes whole pesos only")
    return whole


def command(name: str, settings: PayuSettings, **more: Any) -> dict[str, Any]:
    merchant = {"apiLogin": settings.api_login, "apiKey": settings.api_key.get_secret_value()}
    return {"language": _LANGUAGE, "command": name, "test": settings.test, "merchant": merchant, **more}


def pse(attempt: Attempt, settings: PayuSettings) -> dict[str, Any]:
    """A transfer from the buyer's bank account.

    Raises:
        Refused: without the buyer's address PSE takes nothing.
    """
    if attempt.device is None:
        raise Refused("PSE wants the buyer's address")
    details = attempt.details
    extra = {
        "RESPONSE_URL": attempt.return_url,
        "FINANCIAL_INSTITUTION_CODE": str(details["bank_code"]),
        "USER_TYPE": _USER_TYPES[details["user_type"]],
        "PSE_REFERENCE1": attempt.device.ip_address,
        "PSE_REFERENCE2": str(details["document_type"]),
        "PSE_REFERENCE3": str(details["document_number"]),
    }
    return _submit("PSE", attempt, settings, extraParameters=extra)


def cash(attempt: Attempt, settings: PayuSettings) -> dict[str, Any]:
    """A slip that is paid at one of Efecty's counters.

    Raises:
        Refused: the counters take less, or more.
    """
    if not settings.cash_min_amount <= pesos(attempt.amount) <= settings.cash_max_amount:
        limits = f"{settings.cash_min_amount} to {settings.cash_max_amount}"
        raise Refused(f"Efecty takes {limits} pesos")
    until = {"expirationDate": _local(attempt.payable_until, "T")} if attempt.payable_until else {}
    return _submit("EFECTY", attempt, settings, **until)


def _submit(method: str, attempt: Attempt, settings: PayuSettings, **more: Any) -> dict[str, Any]:
    value = pesos(attempt.amount)
    person = {
        "fullName": attempt.customer_name[:150],
        "emailAddress": attempt.customer_email,
        "contactPhone": attempt.customer_phone.removeprefix("+57"),
        **({"dniNumber": str(attempt.details["document_number"])} if "document_number" in attempt.details else {}),
    }
    identified = {"dniType": str(attempt.details["document_type"])} if "document_type" in attempt.details else {}
    transaction = {
        "type": "AUTHORIZATION_AND_CAPTURE",
        "paymentMethod": method,
        "paymentCountry": _COUNTRY,
        "order": {
            "accountId": settings.account_id,
            "referenceCode": attempt.reference,
            "description": attempt.description[:255],
            "language": _LANGUAGE,
            "signature": payu_signatures.request(attempt.reference, str(value), CURRENCY, settings),
            "notifyUrl": settings.notify_url,
            "additionalValues": {
                "TX_VALUE": _value(value),
                "TX_TAX": _value(pesos(attempt.iva)),
                "TX_TAX_RETURN_BASE": _value(pesos(attempt.iva_base)),
            },
            "buyer": person,
        },
        "payer": person | identified,
        **_device(attempt),
        **more,
    }
    return command("SUBMIT_TRANSACTION", settings, transaction=transaction)


def web_checkout(attempt: Attempt, settings: PayuSettings) -> dict[str, str]:
    """The form of PayU's own page, where a card's number is typed and never comes to us."""
    value = str(pesos(attempt.amount))
    until = {"expirationDate": _local(attempt.payable_until, " ")} if attempt.payable_until else {}
    # No `paymentMethods`: it would have to be signed too, in a form that only one page of PayU's describes.
    return {
        "merchantId": settings.merchant_id,
        "accountId": settings.account_id,
        "description": attempt.description[:255],
        "referenceCode": attempt.reference,
        "amount": value,
        "tax": str(pesos(attempt.iva)),
        "taxReturnBase": str(pesos(attempt.iva_base)),
        "currency": CURRENCY,
        "signature": payu_signatures.request(attempt.reference, value, CURRENCY, settings),
        "test": str(int(settings.test)),
        "buyerEmail": attempt.customer_email,
        "payerFullName": attempt.customer_name[:150],
        "telephone": attempt.customer_phone.removeprefix("+57"),
        "responseUrl": attempt.return_url,
        "confirmationUrl": settings.notify_url,
        **until,
    }


def refund(order_id: str, transaction_id: str, amount: Money | None, reason: str, settings: PayuSettings) -> Any:
    """Of a card's payment: the whole of it when there is no `amount`."""
    part = {} if amount is None else {"additionalValues": {"TX_VALUE": _value(pesos(amount))}}
    transaction = {
        "order": {"id": order_id},
        "type": "REFUND" if amount is None else "PARTIAL_REFUND",
        "reason": reason[:255],
        "parentTransactionId": transaction_id,
        **part,
    }
    return command("SUBMIT_TRANSACTION", settings, transaction=transaction)


def _value(value: int) -> dict[str, Any]:
    return {"value": value, "currency": CURRENCY}


def _device(attempt: Attempt) -> dict[str, str]:
    device = attempt.device
    if device is None:
        return {}
    named = hashlib.sha256(f"{device.session_id}{attempt.reference}".encode()).hexdigest()[:32]
    return {
        "deviceSessionId": named,
        "ipAddress": device.ip_address,
        "cookie": named,
        "userAgent": device.user_agent[:1024],
    }


def _local(moment: datetime, between: str) -> str:
    return f"{moment.astimezone(COLOMBIA):%Y-%m-%d}{between}{moment.astimezone(COLOMBIA):%H:%M:%S}"
