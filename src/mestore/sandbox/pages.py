"""The pages for people: what was sent, what was paid, and how to get there."""

from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mestore.sandbox.courier import Courier
from mestore.sandbox.inbox import Inbox
from mestore.sandbox.wompi_ledger import Ledger

SHOWN = 200
STATUS_NAMES = {
    "PENDING": "Pendiente",
    "APPROVED": "Aprobada",
    "DECLINED": "Rechazada",
    "ERROR": "Error",
    "VOIDED": "Anulada",
}
KIND_NAMES = {
    "first": "primer envío",
    "retry": "reintento",
    "duplicate": "duplicado",
    "replay": "repetido",
    "forged": "falsificado",
}


def pesos(cents: int) -> str:
    """`$ 1.234.567` with centavos only where there are any."""
    whole, rest = divmod(cents, 100)
    text = f"{whole:,}".replace(",", ".")
    return f"$ {text},{rest:02d}" if rest else f"$ {text}"


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")


_environment = Environment(loader=PackageLoader("mestore.sandbox"), autoescape=True)
_environment.filters.update(
    pesos=pesos, moment=_moment, status_name=lambda status: STATUS_NAMES.get(status, status), kind_name=KIND_NAMES.get
)


def render(template: str, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(_environment.get_template(template).render(**values), status)


class Pages:
    def __init__(self, inbox: Inbox, ledger: Ledger, courier: Courier) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._courier = courier

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/mails", self.mails),
            Route("/mails/{id:int}", self.mail),
            Route("/sms", self.sms),
            Route("/wompi", self.wompi),
            Route("/wompi/documents/{kind}", self.document),
            Route("/return", self.returned),
        ]

    async def home(self, _: Request) -> Response:
        return render("home.html", **self._inbox.counts(), payments=self._ledger.count())

    async def mails(self, request: Request) -> Response:
        recipient = request.query_params.get("to") or None
        return render("mails.html", mails=self._inbox.mails(recipient, SHOWN), to=recipient or "")

    async def mail(self, request: Request) -> Response:
        mail = self._inbox.mail(request.path_params["id"])
        return render("mail.html", mail=mail) if mail else render("missing.html", status=404, what="Este correo")

    async def sms(self, _: Request) -> Response:
        return render("sms.html", messages=self._inbox.sms(limit=SHOWN))

    async def wompi(self, _: Request) -> Response:
        deliveries: dict[str, list[dict[str, Any]]] = {}
        for delivery in self._courier.deliveries():
            deliveries.setdefault(delivery["transaction_id"], []).append(delivery)
        return render("wompi.html", transactions=self._ledger.newest(SHOWN), deliveries=deliveries)

    async def document(self, request: Request) -> Response:
        return render("document.html", kind=request.path_params["kind"])

    async def returned(self, request: Request) -> Response:
        transaction_id = request.query_params.get("id", "")
        return render("return.html", id=transaction_id, transaction=self._ledger.find(transaction_id))
