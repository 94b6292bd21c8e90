"""What a buyer needs who pays in cash: a code to say, and how."""

from mestore.core.clock import COLOMBIA
from mestore.core.settings import Settings
from mestore.core.wording import pesos
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.models import Payment
from mestore.payments.schemas import AttemptOut, InstructionsOut


def shown(payment: Payment, settings: Settings) -> AttemptOut:
    """An attempt as its buyer sees it."""
    return AttemptOut.model_validate(payment).model_copy(update={"instructions": instructions(payment, settings)})


def instructions(payment: Payment, settings: Settings) -> InstructionsOut | None:
    """None for what is not paid at a counter."""
    if payment.code is None or payment.code_expires_at is None:
        return None
    until = payment.code_expires_at.astimezone(COLOMBIA)
    whom = f"al convenio {settings.efecty.agreement}" if payment.gateway == EfectyGateway.name else "a PayU"
    return InstructionsOut(
        code=payment.code,
        barcode=payment.barcode,
        amount=payment.amount,
        expires_at=payment.code_expires_at,
        slip_url=f"/api/v1/payments/{payment.id}/slip",
        steps=[
            f"Acércate a un punto Efecty antes del {until:%d/%m/%Y} a las {until:%H:%M}.",
            f"Di que vas a pagar {whom} con el código {payment.code}.",
            f"Paga en efectivo exactamente {pesos(payment.amount.amount)}.",
            "Guarda el recibo: tu pedido se confirma cuando Efecty nos avise, casi siempre en menos de una hora.",
        ],
    )
