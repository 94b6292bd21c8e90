"""Payválida's parts, tied together: what the sandbox's process serves and runs of it."""

from starlette.routing import Route

from mestore.core.settings import Settings
from mestore.sandbox.gateway import Gateway
from mestore.sandbox.payvalida_api import PayvalidaApi
from mestore.sandbox.payvalida_checks import Account
from mestore.sandbox.payvalida_control import PayvalidaControl
from mestore.sandbox.payvalida_counter import PayvalidaCounter
from mestore.sandbox.payvalida_courier import PayvalidaCourier
from mestore.sandbox.payvalida_files import PayvalidaFiles
from mestore.sandbox.payvalida_ledger import PayvalidaLedger
from mestore.sandbox.payvalida_options import Options


class Payvalida:
    def __init__(self, settings: Settings, gateway: Gateway) -> None:
        offered = settings.efecty_offered or settings.efecty
        account = Account(
            merchant=offered.merchant,
            fixed_hash=offered.fixed_hash.get_secret_value(),
            notification_hash=offered.notification_hash.get_secret_value(),
        )
        store, clock, faults = gateway.store, gateway.clock, gateway.faults
        options = Options(store)
        ledger = PayvalidaLedger(store, clock, account, options)
        notifications_url = f"http://{settings.api.host}:{settings.api.port}/api/v1/payments/webhook/efecty"
        self.courier = PayvalidaCourier(store, clock, ledger, options, notifications_url)
        self.routes: list[Route] = [
            *PayvalidaApi(ledger, account, clock, faults).routes(),
            *PayvalidaCounter(ledger, self.courier).routes(),
            *PayvalidaFiles(ledger).routes(),
            *PayvalidaControl(store, gateway.panel, clock, faults, ledger, self.courier, options).routes(),
        ]
