"""Who reacts to what: the table of contents of everything that happens after a request."""

from mestore.auth.events import (
    AccountLocked,
    EmailVerificationWished,
    EmailVerified,
    PasswordChanged,
    PasswordResetWished,
    PhoneCodeWished,
    RegistrationRepeated,
    SignedInOnNewDevice,
)
from mestore.commissions import tasks as commissions
from mestore.core import idempotency
from mestore.core.jobs import PeriodicTask, Task
from mestore.notifications import tasks as notifications
from mestore.notifications.events import CodeQueued, MessageQueued, SmsQueued, SmsTaken
from mestore.orders import tasks as orders
from mestore.orders.events import OrderConfirmed
from mestore.payments import sweeper, webhooks
from mestore.payments.events import GatewayEventReceived

TASKS: tuple[Task, ...] = (
    Task("payments.handle_gateway_event", GatewayEventReceived, webhooks.handle),
    Task("commissions.charge_confirmed_order", OrderConfirmed, commissions.charge_confirmed_order),
    Task("notifications.make_email_code", EmailVerificationWished, notifications.make_email_code),
    Task("notifications.tell_account_exists", RegistrationRepeated, notifications.tell_account_exists),
    Task("notifications.make_password_link", PasswordResetWished, notifications.make_password_link),
    Task("notifications.tell_password_changed", PasswordChanged, notifications.tell_password_changed),
    Task("notifications.tell_account_locked", AccountLocked, notifications.tell_account_locked),
    Task("notifications.tell_new_sign_in", SignedInOnNewDevice, notifications.tell_new_sign_in),
    Task("notifications.welcome", EmailVerified, notifications.welcome),
    Task("notifications.tell_order_confirmed", OrderConfirmed, notifications.tell_order_confirmed),
    Task("notifications.make_phone_code", PhoneCodeWished, notifications.make_phone_code),
    Task("notifications.send_sms", SmsQueued, notifications.send_sms),
    Task("notifications.look_at_sms", SmsTaken, notifications.look_at_sms),
    Task("notifications.send_code", CodeQueued, notifications.send_message),
    Task("notifications.send_message", MessageQueued, notifications.send_message),
)

PERIODIC: tuple[PeriodicTask, ...] = (
    PeriodicTask("orders.expire_unpaid_orders", "* * * * * */15", orders.expire_unpaid_orders),
    PeriodicTask("payments.ask_about_open_payments", "* * * * * */10", sweeper.ask_about_open_payments),
    PeriodicTask("core.forget_old_idempotency_keys", "17 * * * *", idempotency.forget_old_keys),
)
