"""What ends how at PayU: its states and codes, the banks of PSE's sandbox, and the cards of its test data."""

from typing import Any, NamedTuple

MANUAL_REVIEW = "manual-review-hub@email.com"

BANKS = {
    "1040": "BANCO AGRARIO",
    "10322": "BANCO CAJA SOCIAL",
    "1051": "BANCO DAVIVIENDA",
    "1039": "BANCO DE BOGOTA",
    "1023": "BANCO DE OCCIDENTE",
    "1062": "BANCO FALABELLA",
    "1010": "BANCO GNB COLOMBIA (ANTES HSBC)",
    "1012": "BANCO GNB SUDAMERIS",
    "1060": "BANCO PICHINCHA S.A.",
    "1002": "BANCO POPULAR",
    "1151": "RAPPIPAY",
    "1007": "BANCOLOMBIA",
    "1013": "BANCO BBVA COLOMBIA S.A.",
    "1019": "SCOTIABANK COLPATRIA",
    "1006": "BANCO ITAU",
    "1508": "NEQUI",
    "1551": "DAVIPLATA",
    "1022": "BANCO UNION COLOMBIANO",
}
CODES = {
    "APPROVED": "1",
    "PAYMENT_NETWORK_REJECTED": "4",
    "ENTITY_DECLINED": "5",
    "INSUFFICIENT_FUNDS": "6",
    "INVALID_CARD": "7",
    "CONTACT_THE_ENTITY": "8",
    "EXPIRED_CARD": "9",
    "RESTRICTED_CARD": "10",
    "INVALID_EXPIRATION_DATE_OR_SECURITY_CODE": "12",
    "REPEAT_TRANSACTION": "13",
    "INVALID_TRANSACTION": "14",
    "EXCEEDED_AMOUNT": "17",
    "ABANDONED_TRANSACTION": "19",
    "EXPIRED_TRANSACTION": "20",
    "CREDIT_CARD_NOT_AUTHORIZED_FOR_INTERNET_TRANSACTIONS": "22",
    "ANTIFRAUD_REJECTED": "23",
    "BANK_FRAUD_REJECTED": "23",
    "PENDING_TRANSACTION_CONFIRMATION": "25",
    "PENDING_TRANSACTION_REVIEW": "15",
    "DIGITAL_CERTIFICATE_NOT_FOUND": "9995",
    "BANK_UNREACHABLE": "9996",
    "PAYMENT_NETWORK_NO_CONNECTION": "9996",
    "PAYMENT_NETWORK_NO_RESPONSE": "9996",
    "ENTITY_MESSAGING_ERROR": "9997",
    "NOT_ACCEPTED_TRANSACTION": "9998",
    "INTERNAL_PAYMENT_PROVIDER_ERROR": "9999",
    "INACTIVE_PAYMENT_PROVIDER": "9999",
    "ERROR": "9999",
}
STATES = {"APPROVED": "4", "DECLINED": "6", "EXPIRED": "5", "ERROR": "104", "PENDING": "7"}


class Outcome(NamedTuple):
    state: str
    code: str


USUAL = {
    "APPROVED": Outcome("APPROVED", "APPROVED"),
    "DECLINED": Outcome("DECLINED", "ENTITY_DECLINED"),
    "EXPIRED": Outcome("EXPIRED", "EXPIRED_TRANSACTION"),
    "ERROR": Outcome("ERROR", "ERROR"),
    "PENDING": Outcome("PENDING", "PENDING_TRANSACTION_REVIEW"),
}
NETWORKS = {"4": "VISA", "5": "MASTERCARD", "37": "AMEX", "36": "DINERS", "590712": "CODENSA"}


def network_of(number: str) -> str:
    prefixes = sorted((prefix for prefix in NETWORKS if number.startswith(prefix)), key=len)
    return NETWORKS[prefixes[-1]] if prefixes else "VISA"


def card_outcome(card: dict[str, Any], email: str) -> Outcome:
    """By the holder's name, the security code and the month, as PayU's page of test cards says."""
    code = "7777" if network_of(card["number"]) == "AMEX" else "777"
    name, security, month = card["name"], card["security_code"], int(card["month"])
    if (name, security) == ("APPROVED", code) and month < 6:
        return USUAL["APPROVED"]
    if (name, security) == ("PENDING", code) and email == MANUAL_REVIEW:
        return USUAL["PENDING"]
    if (name, security) == ("REJECTED", "666") and month > 6:
        return Outcome("DECLINED", "PAYMENT_NETWORK_REJECTED")
    return Outcome("DECLINED", "INVALID_TRANSACTION")
