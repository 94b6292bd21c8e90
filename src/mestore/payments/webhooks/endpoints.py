"""Where gateways tell us that something happened. Each is verified on the raw body; nothing it says is believed."""

from typing import Any

from fastapi import APIRouter, Request

from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.core.wiring import TheWorld
from mestore.payments.errors import WrongSignature
from mestore.payments.schemas import WebhookReceived
from mestore.payments.webhooks import service as webhooks

router = APIRouter(prefix="/payments/webhook", tags=["payments"], route_class=StrictRoute)


def _body(media_type: str, example: dict[str, Any]) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_WOMPI = {
    "event": "transaction.updated",
    "data": {"transaction": {"id": "12066420-1791226107-72286", "status": "APPROVED", "amount_in_cents": 15000000}},
    "environment": "test",
    "signature": {
        "properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"],
        "checksum": "1f8fc0843eb8959d1a633ca30155eac8075afa95a936608f58eb77b75b56de3f",
    },
    "timestamp": 1791226115,
}
_PAYU = {
    "merchant_id": "508029",
    "reference_sale": "MKT-2026-000123-1",
    "reference_pol": "1400449959",
    "transaction_id": "4d49e544-e23f-474e-92b1-59357e0e85e8",
    "state_pol": "4",
    "value": "150000.00",
    "currency": "COP",
    "test": "1",
    "sign": "00000000000000000000000000000000",
}
_EFECTY = {"po_id": "MKT2026000123", "status": "approved", "pv_checksum": "0" * 64}


@router.post(
    "",
    summary="Receive an event of Wompi",
    responses=refusals(WrongSignature),
    openapi_extra=_body("application/json", _WOMPI),
)
async def receive_wompi_event(request: Request, world: TheWorld) -> WebhookReceived:
    """Verified on the raw body by its checksum. It is stored once, and a job asks Wompi before anything moves."""
    await webhooks.receive(world, "wompi", await request.body())
    return WebhookReceived()


@router.post(
    "/payu",
    summary="Receive a confirmation of PayU",
    responses=refusals(WrongSignature),
    openapi_extra=_body("application/x-www-form-urlencoded", _PAYU),
)
async def receive_payu_confirmation(request: Request, world: TheWorld) -> WebhookReceived:
    """A form, or JSON, verified by its `sign`. It is stored once, and a job asks PayU before anything moves."""
    await webhooks.receive(world, "payu", await request.body())
    return WebhookReceived()


@router.post(
    "/efecty",
    summary="Receive a notification of Payválida",
    responses=refusals(WrongSignature),
    openapi_extra=_body("application/json", _EFECTY),
)
async def receive_efecty_notification(request: Request, world: TheWorld) -> WebhookReceived:
    """Verified by `pv_checksum`, which does not cover the amount: a job asks Payválida before anything moves."""
    await webhooks.receive(world, "efecty", await request.body())
    return WebhookReceived()
