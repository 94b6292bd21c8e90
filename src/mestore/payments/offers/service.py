"""What a buyer can pay with now: the methods whose gateways are configured and healthy, their banks and limits."""

import contextlib
from collections.abc import Sequence

import structlog
from pydantic import TypeAdapter
from redis.exceptions import RedisError

from mestore.core.wiring import TheWorld
from mestore.payments.gateways.base import Bank, GatewayError
from mestore.payments.gateways.breaker import Breakers, Standing
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.gateways.routes import ROUTES, gateways
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.offers.schemas import BankOut, ConfigOut, GatewayHealth, HealthOut, MethodOut, MethodsOut
from mestore.payments.states import PaymentMethod

log = structlog.get_logger(__name__)
_REDIS_AWAY = (RedisError, OSError, TimeoutError)
_BANKS = TypeAdapter(list[BankOut])
_KEPT_SECONDS = 24 * 3600
_MOST_INSTALLMENTS = 36


class Offers:
    def __init__(self, world: TheWorld) -> None:
        self._world = world
        self._breakers = Breakers(world)

    def config(self) -> ConfigOut:
        """What a shop's pages must know of the gateways; nothing of it is secret."""
        settings = self._world.settings
        payu = settings.payu_offered
        return ConfigOut(
            wompi_public_key=settings.wompi.public_key,
            wompi_environment=settings.wompi.environment,
            payu_account_id=payu.account_id if payu else None,
            payu_merchant_id=payu.merchant_id if payu else None,
            payu_test=payu.test if payu else None,
            efecty_agreement=settings.efecty.agreement if settings.efecty_offered else None,
        )

    async def methods(self) -> MethodsOut:
        """Those that work now, each with the gateways that would be asked, in their order."""
        healthy = {name for name in gateways(self._world) if not await self._breakers.is_open(name)}
        found = []
        for method in PaymentMethod:
            ways = [name for name in ROUTES[method] if name in healthy]
            if ways:
                found.append(await self._method(method, ways))
        return MethodsOut(methods=found)

    async def health(self) -> HealthOut:
        """How each configured gateway does."""
        return HealthOut(
            gateways={name: _health(await self._breakers.standing(name)) for name in gateways(self._world)}
        )

    async def _method(self, method: PaymentMethod, ways: Sequence[str]) -> MethodOut:
        least, most = self._limits(method, ways)
        return MethodOut(
            method=method,
            gateways=list(ways),
            min_amount=least,
            max_amount=most,
            max_installments=_MOST_INSTALLMENTS if method is PaymentMethod.CARD else None,
            banks=await self._banks(ways) if method is PaymentMethod.PSE else None,
        )

    def _limits(self, method: PaymentMethod, ways: Sequence[str]) -> tuple[int, int | None]:
        if method is not PaymentMethod.EFECTY:
            return 1, None
        if ways[0] == PayuGateway.name:
            return self._world.settings.payu.cash_min_amount, self._world.settings.payu.cash_max_amount
        return self._world.settings.efecty.min_amount, self._world.settings.efecty.max_amount

    async def _banks(self, ways: Sequence[str]) -> list[BankOut] | None:
        """Kept for a day, for the list changes; None when nobody tells."""
        for name in ways:
            key = f"banks:{name}"
            with contextlib.suppress(*_REDIS_AWAY):
                if (kept := await self._world.redis.get(key)) is not None:
                    return _BANKS.validate_json(kept)
            try:
                asked = await self._asked(name)
            except GatewayError as error:
                log.warning("banks_unknown", gateway=name, reason=str(error))
                continue
            banks = [BankOut(code=bank.code, name=bank.name) for bank in asked]
            with contextlib.suppress(*_REDIS_AWAY):
                await self._world.redis.set(key, _BANKS.dump_json(banks), ex=_KEPT_SECONDS)
            return banks
        return None

    async def _asked(self, name: str) -> list[Bank]:
        gateway = gateways(self._world)[name]
        return await gateway.banks() if isinstance(gateway, WompiGateway | PayuGateway) else []


def _health(standing: Standing) -> GatewayHealth:
    return GatewayHealth(
        breaker=standing.state, last_success_at=standing.last_success_at, last_failure_at=standing.last_failure_at
    )
