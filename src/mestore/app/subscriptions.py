"""Who reacts to what: the table of contents of everything that happens after a request."""

from mestore.commissions import tasks as commissions
from mestore.core.jobs import PeriodicTask, Task
from mestore.orders import tasks as orders
from mestore.orders.events import OrderConfirmed
from mestore.payments import sweeper, webhooks
from mestore.payments.events import GatewayEventReceived

TASKS: tuple[Task, ...] = (
    Task("payments.handle_gateway_event", GatewayEventReceived, webhooks.handle),
    Task("commissions.charge_confirmed_order", OrderConfirmed, commissions.charge_confirmed_order),
)

PERIODIC: tuple[PeriodicTask, ...] = (
    PeriodicTask("orders.expire_unpaid_orders", "* * * * * */15", orders.expire_unpaid_orders),
    PeriodicTask("payments.ask_about_open_payments", "* * * * * */10", sweeper.ask_about_open_payments),
)
