import pytest

from mestore.sandbox.wompi_checks import integrity_signature, luhn
from mestore.sandbox.wompi_events import checksum


@pytest.mark.parametrize(
    ("reference", "amount", "expiration", "secret", "expected"),
    [
        (
            "sk8-438k4-xmxm392-sn2m",
            2_490_000,
            "",
            "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6",
            "37c8407747e595535433ef8f6a811d853cd943046624a0ec04662b17bbf33bf5",
        ),
        (
            "sk8-438k4-xmxm392-sn2m",
            2_490_000,
            "2023-06-09T20:28:50.000Z",
            "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6",
            "e972f58e7de36b283fbb93d9318d39a54ffdff4e8e917b534f30d63c9d7bb89c",
        ),
        (
            "MKT-2026-000123-1",
            15_000_000,
            "",
            "test_integrity_demoSecret123",
            "47e8aa70a2b46c1c45a8322b09a40e27c0b732766c3a6dde7f4cd03598a45735",
        ),
    ],
)
def test_integrity_signature_vectors(reference: str, amount: int, expiration: str, secret: str, expected: str) -> None:
    assert integrity_signature(reference, amount, "COP", secret, expiration) == expected


@pytest.mark.parametrize(
    ("transaction_id", "amount", "timestamp", "secret", "expected"),
    [
        (
            "1234-1610641025-49201",
            4_490_000,
            1_530_291_411,
            "prod_events_OcHnIzeBl5socpwByQ4hA52Em3USQ93Z",
            "5a18ec5e8fdb7df463e9f94774cba8f583ba21bd04a09ceff2ea68a4bc0aefbe",
        ),
        (
            "1234-1610641025-49201",
            4_490_000,
            1_530_291_411,
            "test_events_EqCPDEn5x4lRatGPxLhyZd6YTgd6QSrr",
            "c7c03147429efbbcfab3cdf585041c871d577ca183b1387581535add1a061780",
        ),
        (
            "12066420-1791226107-72286",
            15_000_000,
            1_791_226_115,
            "test_events_demoSecret123",
            "1f8fc0843eb8959d1a633ca30155eac8075afa95a936608f58eb77b75b56de3f",
        ),
    ],
)
def test_event_checksum_vectors(transaction_id: str, amount: int, timestamp: int, secret: str, expected: str) -> None:
    event = {
        "data": {"transaction": {"id": transaction_id, "status": "APPROVED", "amount_in_cents": amount}},
        "signature": {"properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"]},
        "timestamp": timestamp,
    }
    assert checksum(event, secret) == expected


def test_luhn() -> None:
    assert luhn("4242424242424242")
    assert luhn("4111111111111111")
    assert not luhn("4242424242424241")
