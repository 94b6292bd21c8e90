"""The vectors of Wompi's documentation ("firma de integridad", "eventos")."""

import hashlib

import pytest

from mestore.payments.gateways.wompi_signatures import event_is_genuine, integrity


def test_the_integrity_signature_that_wompi_documents() -> None:
    # The documented example has an expiration time in the middle of its second row; ours never sends one.
    secret = "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6"
    assert integrity("sk8-438k4-xmxm392-sn2m", 2490000, "COP", secret) == (
        "37c8407747e595535433ef8f6a811d853cd943046624a0ec04662b17bbf33bf5"
    )
    assert integrity("MKT-2026-000123-1", 15000000, "COP", "test_integrity_demoSecret123") == (
        "47e8aa70a2b46c1c45a8322b09a40e27c0b732766c3a6dde7f4cd03598a45735"
    )


def event(checksum: str, secret_values: tuple[str, str, int, int]) -> dict[str, object]:
    transaction_id, status, cents, timestamp = secret_values
    return {
        "data": {"transaction": {"id": transaction_id, "status": status, "amount_in_cents": cents}},
        "timestamp": timestamp,
        "signature": {
            "properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"],
            "checksum": checksum,
        },
    }


VECTORS = [
    (
        ("1234-1610641025-49201", "APPROVED", 4490000, 1530291411),
        "prod_events_OcHnIzeBl5socpwByQ4hA52Em3USQ93Z",
        "5a18ec5e8fdb7df463e9f94774cba8f583ba21bd04a09ceff2ea68a4bc0aefbe",
    ),
    (
        ("1234-1610641025-49201", "APPROVED", 4490000, 1530291411),
        "test_events_EqCPDEn5x4lRatGPxLhyZd6YTgd6QSrr",
        "c7c03147429efbbcfab3cdf585041c871d577ca183b1387581535add1a061780",
    ),
    (
        ("12066420-1791226107-72286", "APPROVED", 15000000, 1791226115),
        "test_events_demoSecret123",
        "1f8fc0843eb8959d1a633ca30155eac8075afa95a936608f58eb77b75b56de3f",
    ),
]


@pytest.mark.parametrize(("values", "secret", "checksum"), VECTORS)
def test_genuine_events_in_either_case_of_the_checksum(
    values: tuple[str, str, int, int], secret: str, checksum: str
) -> None:
    assert event_is_genuine(event(checksum, values), secret)
    assert event_is_genuine(event(checksum.upper(), values), secret)


@pytest.mark.parametrize(("values", "secret", "checksum"), VECTORS)
def test_what_was_altered_is_not_genuine(values: tuple[str, str, int, int], secret: str, checksum: str) -> None:
    transaction_id, status, cents, timestamp = values
    assert not event_is_genuine(event(checksum, values), secret + "x")
    assert not event_is_genuine(event(checksum, (transaction_id, "DECLINED", cents, timestamp)), secret)
    assert not event_is_genuine(event(checksum, (transaction_id, status, cents + 1, timestamp)), secret)


def test_without_a_secret_nothing_is_genuine() -> None:
    unsigned = event(hashlib.sha256(b"1A12").hexdigest(), ("1", "A", 1, 2))
    assert not event_is_genuine(unsigned, "")


def test_a_checksum_over_other_properties_is_not_accepted() -> None:
    """Lesson of the scheme: who chooses the list chooses what the checksum says."""
    values, secret, checksum = VECTORS[2]
    substituted = event(checksum, values)
    glued = f"{values[0]}{values[1]}{values[2]}"
    substituted["data"] = {"transaction": {"id": glued, "status": "APPROVED", "amount_in_cents": 1}}
    substituted["signature"] = {"properties": ["transaction.id"], "checksum": checksum}
    assert not event_is_genuine(substituted, secret)
