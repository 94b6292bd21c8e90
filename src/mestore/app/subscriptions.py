"""Who reacts to what: the table of contents of everything that happens after a request."""

from mestore.auth import tasks as auth
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
from mestore.cart import tasks as cart
from mestore.catalog import images
from mestore.catalog import tasks as catalog
from mestore.catalog.events import CategoryChanged, ProductChanged
from mestore.commissions import tasks as commissions
from mestore.complaints import evidence
from mestore.complaints.events import ComplaintAnswered, ComplaintFiled
from mestore.core import finished_jobs, idempotency
from mestore.core.jobs import PeriodicTask, Task
from mestore.notifications import tasks as notifications
from mestore.notifications.events import CodeQueued, LettersQueued, SmsQueued, SmsTaken
from mestore.orders import tasks as orders
from mestore.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PackageCancelled,
    PackageDelivered,
    PackageShipped,
    RefundDue,
    RefundMade,
)
from mestore.payments import sweeper
from mestore.payments.events import GatewayEventReceived, RefundRequested, SlipIssued
from mestore.payments.reconciliation import service as reconciliation
from mestore.payments.refunds import tasks as refunds
from mestore.payments.webhooks import service as webhooks
from mestore.returns import tasks as returns
from mestore.returns.events import ReturnMoved
from mestore.search import tasks as search
from mestore.spreadsheets import tasks as spreadsheets
from mestore.spreadsheets.events import ImportQueued

TASKS: tuple[Task, ...] = (
    Task("catalog.refresh_products", CategoryChanged, catalog.refresh_products),
    Task("payments.handle_gateway_event", GatewayEventReceived, webhooks.handle),
    Task("commissions.charge_confirmed_order", OrderConfirmed, commissions.charge_confirmed_order),
    Task("payments.open_refund", RefundDue, refunds.open_refund),
    Task("payments.send_refund", RefundRequested, refunds.send_refund),
    Task("commissions.reverse_refunded", RefundDue, commissions.reverse_refunded),
    Task("returns.mark_refunded", RefundMade, returns.mark_refunded),
    Task("notifications.make_email_code", EmailVerificationWished, notifications.make_email_code),
    Task("notifications.tell_account_exists", RegistrationRepeated, notifications.tell_account_exists),
    Task("notifications.make_password_link", PasswordResetWished, notifications.make_password_link),
    Task("notifications.tell_password_changed", PasswordChanged, notifications.tell_password_changed),
    Task("notifications.tell_account_locked", AccountLocked, notifications.tell_account_locked),
    Task("notifications.tell_new_sign_in", SignedInOnNewDevice, notifications.tell_new_sign_in),
    Task("notifications.welcome", EmailVerified, notifications.welcome),
    Task("notifications.tell_order_confirmed", OrderConfirmed, notifications.tell_order_confirmed),
    Task("notifications.tell_order_placed", OrderPlaced, notifications.tell_order_placed),
    Task("notifications.tell_package_shipped", PackageShipped, notifications.tell_package_shipped),
    Task("notifications.tell_package_delivered", PackageDelivered, notifications.tell_package_delivered),
    Task("notifications.tell_order_cancelled", OrderCancelled, notifications.tell_order_cancelled),
    Task("notifications.tell_package_cancelled", PackageCancelled, notifications.tell_package_cancelled),
    Task("notifications.tell_refund_made", RefundMade, notifications.tell_refund_made),
    Task("notifications.tell_slip", SlipIssued, notifications.tell_slip),
    Task("notifications.tell_complaint_filed", ComplaintFiled, notifications.tell_complaint_filed),
    Task("notifications.tell_complaint_answered", ComplaintAnswered, notifications.tell_complaint_answered),
    Task("notifications.tell_return", ReturnMoved, notifications.tell_return),
    Task("notifications.make_phone_code", PhoneCodeWished, notifications.make_phone_code),
    Task("notifications.send_sms", SmsQueued, notifications.send_sms),
    Task("notifications.look_at_sms", SmsTaken, notifications.look_at_sms),
    Task("notifications.send_code", CodeQueued, notifications.send_letters),
    Task("notifications.send_letters", LettersQueued, notifications.send_letters),
    Task("spreadsheets.import_products", ImportQueued, spreadsheets.import_products),
    Task("search.index_product", ProductChanged, search.index_product),
    Task("search.index_category", CategoryChanged, search.index_category),
)

PERIODIC: tuple[PeriodicTask, ...] = (
    PeriodicTask("orders.expire_unpaid_orders", "* * * * * */15", orders.expire_unpaid_orders),
    PeriodicTask("orders.deliver_by_time", "*/10 * * * *", orders.deliver_by_time),
    PeriodicTask("payments.ask_about_open_payments", "* * * * * */10", sweeper.ask_about_open_payments),
    PeriodicTask("payments.match_unknown_money", "*/10 * * * *", sweeper.match_unknown_money),
    PeriodicTask("payments.reconcile_days", "37 * * * *", reconciliation.reconcile_days),
    PeriodicTask("payments.send_due_refunds", "* * * * * */10", refunds.send_due_refunds),
    PeriodicTask("cart.forget_guest_carts", "53 * * * *", cart.forget_guest_carts),
    PeriodicTask("catalog.remove_unused_files", "41 * * * *", images.remove_unused_files),
    PeriodicTask("complaints.remove_unused_files", "47 * * * *", evidence.remove_unused_files),
    PeriodicTask("spreadsheets.tidy_imports", "29 * * * *", spreadsheets.tidy_imports),
    PeriodicTask("search.index_waiting_products", "* * * * * */5", search.index_waiting_products),
    PeriodicTask("search.repair_lost_index", "*/5 * * * *", search.repair_lost_index),
    PeriodicTask("core.forget_old_idempotency_keys", "17 * * * *", idempotency.forget_old_keys),
    PeriodicTask("core.forget_finished_jobs", "23 * * * *", finished_jobs.forget_finished_jobs),
    PeriodicTask("auth.forget_what_ended", "43 * * * *", auth.forget_what_ended),
)
