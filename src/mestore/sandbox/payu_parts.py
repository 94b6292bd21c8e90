"""The parts of the simulated PayU, tied together."""

from mestore.core.settings import Settings
from mestore.sandbox.gateway import Gateway
from mestore.sandbox.payu_api import PayuApi
from mestore.sandbox.payu_checks import Account
from mestore.sandbox.payu_control import PayuControl
from mestore.sandbox.payu_courier import PayuCourier
from mestore.sandbox.payu_ledger import PayuLedger
from mestore.sandbox.payu_options import Options
from mestore.sandbox.payu_pages import PayuPages


class Payu:
    def __init__(self, settings: Settings, gateway: Gateway) -> None:
        offered = settings.payu_offered or settings.payu
        account = Account(
            merchant_id=offered.merchant_id,
            account_id=offered.account_id,
            login=offered.api_login,
            key=offered.api_key.get_secret_value(),
            algorithm=offered.algorithm,
            confirmation_algorithm=offered.confirmation_algorithm,
            hmac_key=offered.hmac_key.get_secret_value(),
        )
        store, clock = gateway.store, gateway.clock
        options = Options(store)
        ledger = PayuLedger(store, clock, account, options)
        self.courier = PayuCourier(store, clock, ledger, options)
        self.routes = [
            *PayuApi(store, account, ledger, self.courier, gateway.faults).routes(),
            *PayuPages(store, account, ledger, self.courier).routes(),
            *PayuControl(store, clock, ledger, self.courier, options).routes(),
        ]
