from collections.abc import Awaitable, Callable

from mestore.core.database import transaction
from mestore.core.ids import OrderId
from mestore.core.jobs import publish
from mestore.core.world import World
from mestore.notifications.models import Message, MessageStatus
from mestore.notifications.tasks import tell_order_confirmed
from mestore.orders.events import OrderConfirmed
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]


async def test_buyer_and_vendors_hear_of_a_paid_order(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    coffee, chairs = await make.vendor(business_name="Café <Sierra>"), await make.vendor(business_name="Sillas")
    buyer = await make.buyer(email="pedido.comprador@example.co", language="en")
    one = await make.product(vendor=coffee, price=32_000, name="Café de origen")
    two = await make.product(vendor=chairs, price=250_000, name="Silla de roble")
    order = await make.order(buyer=buyer, units={one.id: 2, two.id: 1})
    await tell_order_confirmed(world, OrderConfirmed(order.id))
    await tell_order_confirmed(world, OrderConfirmed(order.id))
    await drain()
    messages = [message for message in await rows.all(Message) if "confirmed" in message.template]
    assert [message.status for message in messages] == [MessageStatus.SENT] * 3
    (to_buyer,) = [
        mail for mail in sandbox.mails("pedido.comprador@example.co") if order.order_number in mail["subject"]
    ]
    (to_coffee,) = sandbox.mails((await make.owner(coffee)).email)
    (to_chairs,) = sandbox.mails((await make.owner(chairs)).email)
    assert to_buyer["subject"] == f"We received your payment: order {order.order_number}"
    assert to_coffee["subject"] == f"Vendiste: prepara el pedido {order.order_number}"
    for said in ("Café de origen", "Silla de roble", "$ 64.000", "$ 250.000", "Cra 7 # 71-21 Apto 301"):
        assert said in to_buyer["text"]
    assert f"Total paid: $ {int(order.total_amount.amount):,}".replace(",", ".") in to_buyer["text"]
    assert "Café de origen" in to_coffee["text"]
    assert "Silla" not in to_coffee["text"] + to_coffee["html"], "a vendor sees its own part only"
    assert "Café de origen" not in to_chairs["text"]
    assert "Café &lt;Sierra&gt;" in to_coffee["html"]
    for private in ("Cra 7", "3001234567", "pedido.comprador"):
        assert private not in to_coffee["text"] + to_coffee["html"]


async def test_a_vendor_who_buys_its_own_goods_gets_both_letters(world: World, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    order = await make.order(buyer=await make.owner(vendor), units={(await make.product(vendor=vendor)).id: 1})
    await tell_order_confirmed(world, OrderConfirmed(order.id))
    assert [message.template for message in await rows.all(Message)] == [
        "order_confirmed_buyer",
        "order_confirmed_vendor",
    ]


async def test_the_confirmation_s_event_starts_the_letters(world: World, make: Make, rows: Rows) -> None:
    order = await make.order()
    async with transaction(world.sessions) as session:
        await publish(session, OrderConfirmed(OrderId(order.id)))
    jobs = [job.entrypoint for job in await rows.execute("SELECT entrypoint FROM pgqueuer")]
    assert "notifications.tell_order_confirmed" in jobs
