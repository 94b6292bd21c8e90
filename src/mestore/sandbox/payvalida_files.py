"""The file of a day's collections as a network sends it (Asobancaria 2001), and the ways in which one can be wrong."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mestore.sandbox.pages import render
from mestore.sandbox.payvalida_ledger import PayvalidaLedger

NIT = "9012345678"
SERVICE = "7709998001237"
ENTITY = "007"
ACCOUNT = "00123456789"
WIDTH = 162
Wrong = Literal["total", "count", "short_line", "unknown_reference", "duplicate"]


@dataclass(frozen=True)
class Line:
    reference: str
    centavos: int
    operation: str


def collection_file(day: date, lines: list[Line], wrong: str | None = None) -> str:
    """One batch, ended by CR LF. A duplicate and an unknown reference add up: they are the reader's to find."""
    if wrong == "unknown_reference":
        lines = [*lines, Line("999999999999", 5_000_000, "999999")]
    if wrong == "duplicate" and lines:
        lines = [*lines, lines[-1]]
    count = len(lines) + (wrong == "count")
    total = sum(line.centavos for line in lines) + (100 if wrong == "total" else 0)
    records = [
        f"01{NIT}{day:%Y%m%d}{ENTITY}{ACCOUNT:>17}{day:%Y%m%d}2305A01",
        f"05{SERVICE}0001",
        *(_detail(sequence, line) for sequence, line in enumerate(lines, start=2)),
        f"08{count:09}{total:018}0001",
        f"09{count:09}{total:018}",
    ]
    padded = [record.ljust(WIDTH) for record in records]
    if wrong == "short_line":
        padded[2] = padded[2][:60]
    return "".join(f"{record}\r\n" for record in padded)


def _detail(sequence: int, line: Line) -> str:
    return (
        f"06{line.reference:0>48}{line.centavos:014}0101{line.operation:0>6}{line.operation:0>6}"
        f"{ENTITY}0033{sequence:07}"
    )


class PayvalidaFiles:
    def __init__(self, ledger: PayvalidaLedger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        return [Route("/payvalida/files/{day}.txt", self.download)]

    async def download(self, request: Request) -> Response:
        """`/payvalida/files/2026-11-24.txt`, with `?wrong=` one that must be refused or looked at."""
        wrong = request.query_params.get("wrong")
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError:
            return render("missing.html", status=404, what="Ese día")
        if wrong is not None and wrong not in get_args(Wrong):
            return render("missing.html", status=422, what="Ese defecto")
        rows = self._ledger.collected_on(day)
        lines = [Line(row["reference"], row["amount"] * 100, row["operation"][:6]) for row in rows]
        return PlainTextResponse(collection_file(day, lines, wrong).encode("latin-1"), media_type="text/plain")
