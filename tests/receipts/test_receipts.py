"""The receipt of an order: who gets it, when there is one, and that it says what the order says."""

import pytest

from mestore.catalog.models import IvaClass
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.users.models import UserType
from mestore.vendors.models import DocumentType
from tests.api import Api, in_production
from tests.make import Make
from tests.problems import assert_problem, census
from tests.receipts.conftest import Pay
from tests.receipts.reading import ReadReceipt
from tests.rows import Rows


def path(order: Order) -> str:
    return f"/api/v1/orders/{order.id}/receipt"


async def test_it_adds_up_to_what_the_order_says(api: Api, make: Make, pay: Pay) -> None:
    buyer = await make.buyer(full_name="Ana María Ruiz")
    sierra = await make.vendor(
        business_name="Café de la Sierra S.A.S.", document_type=DocumentType.NIT, document_number="900123456-8"
    )
    rosa = await make.vendor(business_name="Rosa Mendoza", city="Pasto")
    goods = {
        (await make.product(vendor=sierra, price=33_333, iva_class=IvaClass.REDUCED)).id: 3,
        (await make.product(vendor=sierra, price=9_990, iva_class=IvaClass.EXEMPT)).id: 2,
        (await make.product(vendor=rosa, price=77_777, iva_class=IvaClass.GENERAL)).id: 1,
        (await make.product(vendor=rosa, price=5_000, iva_class=IvaClass.EXCLUDED)).id: 4,
    }
    order = await make.order(buyer=buyer, units=goods)
    await pay(order)
    answer = await api.get(path(order), by=buyer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["content-disposition"] == f'attachment; filename="comprobante-{order.order_number}.pdf"'
    read = ReadReceipt(answer.content)
    seen = (await api.get(f"/api/v1/orders/{order.id}", by=buyer)).json()
    total = int(seen["total_amount"].removesuffix(".00"))
    # 99,999 at 5 %: 4,999.95; 77,777 at 19 %: 14,777.63.
    assert read.iva() == {
        "5 %": (99_999, 5_000),
        "19 %": (77_777, 14_778),
        "Exento (0 %)": (19_980, 0),
        "Excluido": (20_000, 0),
    }
    shipping = read.amounts("Envío")[-1]
    assert f"{shipping}.00" == seen["shipping_cost"]
    assert sum(base + iva for base, iva in read.iva().values()) + shipping == total
    assert sum(each.total for each in read.lines) + shipping == total
    assert read.amounts("Total pagado") == [total]
    assert sorted(read.amounts("Total del paquete")) == sorted(
        int(package["total"].removesuffix(".00")) for package in seen["packages"]
    )
    for item in seen["items"]:
        assert read.says(f"{item['name']} {item['sku']} {item['quantity']} $")
    for said in (
        f"Pedido {order.order_number}",
        "Comprador: Ana María Ruiz",
        "Entrega a: Ana Ruiz, Cra 7 # 71-21 Apto 301, Bogotá, Bogotá D.C.",
        "Vendedor: Café de la Sierra S.A.S., NIT 900123456-8",
        f"Vendedor: Rosa Mendoza, cédula de ciudadanía {rosa.document_number}",
        "Estado del pedido: Pagado",
        "Este documento no es una factura electrónica ni la reemplaza.",
    ):
        assert said in read.text


async def test_it_is_the_buyer_s_and_the_staff_s(api: Api, make: Make, rows: Rows, pay: Pay) -> None:
    seller = await make.vendor()
    order = await make.order(units={(await make.product(vendor=seller)).id: 1})
    await pay(order)
    before = await census(rows)
    assert_problem(await api.get(path(order)), 401)
    for stranger in (await make.buyer(), await make.owner(seller)):
        refused = assert_problem(await api.get(path(order), by=stranger), 404)
        assert refused["type"] == "/problems/order-not-found"
    nobody = await make.user(UserType.SYSTEM)
    assert assert_problem(await api.get(path(order), by=nobody), 403)["type"] == "/problems/wrong-account-type"
    owners = [await make.existing_user(order.buyer_id), await make.user(UserType.ADMIN)]
    answers = [await api.get(path(order), by=each) for each in (*owners, await make.user(UserType.SUPERUSER))]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    after = await census(rows)
    same = before.keys() - {"users", "user_sessions"}
    assert {table: after[table] for table in same} == {table: before[table] for table in same}


async def test_in_production_staff_shows_a_second_factor(make: Make, world: World, pay: Pay) -> None:
    order = await make.order()
    await pay(order)
    async with in_production(world) as api:
        refused = await api.get(path(order), by=await make.user(UserType.ADMIN))
        assert assert_problem(refused, 403)["type"] == "/problems/second-factor-needed"
        assert (await api.get(path(order), by=await make.existing_user(order.buyer_id))).status_code == 200


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED"])
async def test_what_was_not_paid_has_none(api: Api, make: Make, rows: Rows, status: str) -> None:
    order = await make.order()
    await rows.execute("UPDATE orders SET status = :status WHERE id = :id", status=status, id=order.id)
    for reader in (await make.existing_user(order.buyer_id), await make.user(UserType.ADMIN)):
        refused = await api.get(path(order), by=reader, headers={"Accept-Language": "es"})
        assert assert_problem(refused, 409)["type"] == "/problems/no-receipt"
        assert refused.json()["title"] == "No hay comprobante: este pedido no se pagó."
    assert (await rows.get(Order, order.id)).status == status


async def test_what_was_paid_and_then_cancelled_has_one_that_says_so(
    api: Api, make: Make, rows: Rows, pay: Pay
) -> None:
    order = await make.order()
    await pay(order)
    await rows.execute("UPDATE orders SET status = 'CANCELLED'")
    await rows.execute("UPDATE packages SET status = 'CANCELLED'")
    read = ReadReceipt((await api.get(path(order), by=await make.existing_user(order.buyer_id))).content)
    assert "Estado del pedido: Cancelado" in read.text
    assert "Estado del paquete: Cancelado" in read.text


async def test_who_has_it_already_gets_no_second_copy_until_something_changed(
    api: Api, make: Make, rows: Rows, pay: Pay
) -> None:
    order = await make.order()
    await pay(order)
    buyer = await make.existing_user(order.buyer_id)
    first = await api.get(path(order), by=buyer)
    known = {"If-None-Match": first.headers["etag"]}
    again = await api.get(path(order), by=buyer, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    assert_problem(await api.get(path(order), headers=known), 401)
    await rows.execute("UPDATE packages SET status = 'PREPARING'")
    changed = await api.get(path(order), by=buyer, headers=known)
    assert changed.status_code == 200
    assert "Estado del paquete: En preparación" in ReadReceipt(changed.content).text


@pytest.mark.parametrize(
    "name",
    [
        "<b>Mochila</b>",
        "uno\ndos",
        "\u202e\u0645\u0631\u062d\u0628\u0627",
        "Café 😀🧉 – ελ 茶",
        "Ñ" * 200,
        "%PDF-1.3\\(){nb}",
        "\u200b",
    ],
    ids=["markup", "two lines", "right to left", "pictures", "long", "of a PDF", "invisible"],
)
async def test_no_name_breaks_it(api: Api, make: Make, rows: Rows, pay: Pay, name: str) -> None:
    order = await make.order()
    await pay(order)
    await rows.execute("UPDATE order_items SET name = :name, sku = 'MOCHILA-1'", name=name)
    await rows.execute("UPDATE vendors SET business_name = :name, city = :city", name=name, city=name[:100])
    await rows.execute("UPDATE users SET full_name = :name WHERE id = :id", name=name, id=order.buyer_id)
    answer = await api.get(path(order), by=await make.existing_user(order.buyer_id))
    assert answer.status_code == 200
    read = ReadReceipt(answer.content)
    assert read.says("MOCHILA-1 1 $ 50.000")
    assert read.amounts("Total pagado") == [int(order.total_amount.amount)]


async def test_a_hundred_lines_are_all_there(api: Api, make: Make, pay: Pay) -> None:
    vendor = await make.vendor()
    goods = [await make.product(vendor=vendor, price=1_000 + number) for number in range(100)]
    order = await make.order(units={product.id: 1 for product in goods})
    await pay(order)
    read = ReadReceipt((await api.get(path(order), by=await make.existing_user(order.buyer_id))).content)
    assert sorted(each.unit_price for each in read.lines) == [1_000 + number for number in range(100)]
    shipping = read.amounts("Envío")[-1]
    assert sum(each.total for each in read.lines) + shipping == int(order.total_amount.amount)
    assert read.amounts("Total pagado") == [int(order.total_amount.amount)]
    assert len(read.pages) > 2


@pytest.mark.parametrize("order_id", ["0", "-1", "abc", "9223372036854775808", "1.5"])
async def test_an_id_that_is_none_is_refused(api: Api, make: Make, order_id: str) -> None:
    assert_problem(await api.get(f"/api/v1/orders/{order_id}/receipt", by=await make.buyer()), 422)


async def test_an_order_that_never_was_has_none(api: Api, make: Make) -> None:
    for reader in (await make.buyer(), await make.user(UserType.ADMIN)):
        assert_problem(await api.get("/api/v1/orders/987654321/receipt", by=reader), 404)
