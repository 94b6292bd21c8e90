"""The block that says that everything runs, and where."""

from pathlib import Path

from mestore.app import demo_accounts
from mestore.app.up.addresses import Addresses


def announcement(addresses: Addresses, database: str, data_dir: Path, seconds: float) -> str:
    rows = [
        ("API", f"{addresses.api}/api/v1"),
        ("documentation", f"{addresses.api}/docs"),
        ("sandbox", f"{addresses.sandbox}/  (bank, mail and SMS)"),
        ("mail", addresses.smtp),
        ("database", _without_password(database)),
        ("data and logs", str(data_dir)),
        ("", ""),
        ("owner", demo_accounts.OWNER.email),
        ("vendor", demo_accounts.VENDOR_EMAIL),
        ("buyer", demo_accounts.BUYER.email),
        ("their password", demo_accounts.PASSWORD),
    ]
    rule = "─" * 72
    lines = [f"  {name:<15} {value}".rstrip() for name, value in rows]
    hint = "  Ctrl-C ends it all. In another terminal: make demo"
    return "\n".join(["", rule, f"  MeStore is ready after {seconds:.1f} s", "", *lines, "", hint, rule, "", ""])


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    scheme, _, user = head.partition("://")
    return f"{scheme}://{user.partition(':')[0]}{at}{tail}" if at else url
