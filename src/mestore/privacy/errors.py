"""What keeps an account from being erased."""

from mestore.core.errors import Conflict


class AccountInUse(Conflict):
    """An order, payment or sale of yours has not ended yet. Erase the account when it has."""

    spanish = "Tienes un pedido, pago o venta sin terminar. Elimina la cuenta cuando haya terminado."
