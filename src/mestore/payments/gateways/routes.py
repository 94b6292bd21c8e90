"""Which gateways a method of paying goes to, in their order; one that is not configured is none."""

from collections.abc import Mapping, Sequence

from mestore.core.world import World
from mestore.payments.gateways.base import Gateway
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.states import PaymentMethod

ROUTES: Mapping[PaymentMethod, Sequence[str]] = {
    PaymentMethod.CARD: (WompiGateway.name, PayuGateway.name),
    PaymentMethod.PSE: (WompiGateway.name, PayuGateway.name),
    PaymentMethod.NEQUI: (WompiGateway.name,),
    PaymentMethod.BANCOLOMBIA: (WompiGateway.name,),
    PaymentMethod.EFECTY: (EfectyGateway.name, PayuGateway.name),
}


REFUNDABLE_BY: Mapping[str, frozenset[PaymentMethod]] = {
    gateway.name: gateway.refundable for gateway in (WompiGateway, PayuGateway, EfectyGateway)
}
"""What each gateway can send back of what was paid through it."""
TELLS_NO_RETURN = frozenset({PayuGateway.name})
"""Whose chargebacks, and refunds made in its own panel, no announcement tells of: only a question does."""


def gateways(world: World) -> dict[str, Gateway]:
    """All that are configured, by name."""
    settings = world.settings
    found: list[Gateway] = [WompiGateway(world.gateways_http, settings.wompi)]
    if settings.payu_offered is not None:
        found.append(PayuGateway(world.gateways_http, settings.payu_offered))
    if settings.efecty_offered is not None:
        found.append(EfectyGateway(world.gateways_http, settings.efecty_offered, world.now))
    return {gateway.name: gateway for gateway in found}


def gateway_named(name: str, world: World) -> Gateway:
    """The gateway that an attempt or announcement on record belongs to.

    Raises:
        KeyError: it is not configured.
    """
    return gateways(world)[name]
