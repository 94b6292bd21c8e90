"""The accounts that `mestore seed` makes beside the vendors of the catalogue, and that `mestore up` prints."""

from dataclasses import dataclass

PASSWORD = "mestore-demo-2026"  # noqa: S105 - printed on purpose: it opens invented accounts only
"""Of every demo account, the vendors of the catalogue included."""


@dataclass(frozen=True)
class DemoAccount:
    user_type: str
    email: str
    full_name: str
    phone: str


OWNER = DemoAccount("SUPERUSER", "duena@mestore.example", "Lucía Fernanda Prieto Salas", "+573105550001")
BUYER = DemoAccount("BUYER", "ana@compradores.example", "Ana María Ruiz Cárdenas", "+573105550002")
VENDOR_EMAIL = "cafe.sierra@vendedores.example"
"""The vendor to show: one of the catalogue's."""
