"""Products by a file: what each row comes to, what is refused, and what a crash or a second run leaves."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.catalog.models import MovementKind, Product, ProductSlug, ProductStatus, StockMovement
from mestore.catalog.upserts import ProductUpserts, UpsertOutcome
from mestore.core import failpoints
from mestore.core.clock import utc_now
from mestore.core.database import transaction
from mestore.core.failpoints import FailpointReached
from mestore.core.ids import ImportId
from mestore.core.money import Money
from mestore.core.world import World
from mestore.spreadsheets.importing import Importing
from mestore.spreadsheets.models import ImportStatus, ProductImport, ProductImportRow, SheetFormat
from mestore.spreadsheets.repository import ImportRepository
from mestore.spreadsheets.tasks import tidy_imports
from mestore.users.models import UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import SHIPPING, Make
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.spreadsheets.conftest import IMPORT, IMPORTS, Shop, Waiting
from tests.spreadsheets.files import csv_file, xlsx_file

COFFEE = ("cafe-500", "Café de origen", "cafe", "32000.00", "40", "0.500")
MUG = ("TAZA-1", "Taza de barro", "cafe", "18000", "5", "0.3")


@pytest.mark.parametrize("make_file", [csv_file, xlsx_file], ids=["csv", "xlsx"])
async def test_rows_become_products_with_all_that_belongs_to_them(
    make_file: Callable[..., bytes], shop: Shop, rows: Rows
) -> None:
    done = await shop.imported(make_file(COFFEE, MUG))
    assert (done["status"], done["rows_total"], done["rows_done"], done["problem"]) == ("DONE", 2, 2, None)
    assert done["outcomes"] == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    assert done["ended_at"]
    coffee, mug = sorted(await rows.all(Product), key=lambda product: product.sku)
    assert (coffee.sku, coffee.name, coffee.precio_venta, coffee.stock) == (
        "CAFE-500",
        "Café de origen",
        Money(32000),
        40,
    )
    assert (coffee.category_id, coffee.weight_kg, coffee.status) == (
        shop.category.id,
        Decimal("0.5"),
        ProductStatus.APPROVED,
    )
    assert (coffee.slug, coffee.vendedor_id) == ("cafe-de-origen", shop.vendor.id)
    assert {slug.slug: slug.product_id for slug in await rows.all(ProductSlug)} == {
        coffee.slug: coffee.id,
        mug.slug: mug.id,
    }
    movements = [(each.kind, each.stock_change, each.user_id) for each in await rows.all(StockMovement)]
    assert sorted(movements, key=lambda each: each[1]) == [
        (MovementKind.IN, 5, shop.owner.id),
        (MovementKind.IN, 40, shop.owner.id),
    ]
    assert (await shop.api.get(f"/api/v1/products/{coffee.id}")).json()["name"] == "Café de origen"


async def test_a_row_of_a_known_sku_changes_what_it_names_and_no_more(shop: Shop, make: Make, rows: Rows) -> None:
    product = await make.product(vendor=shop.vendor, sku="CAFE-500", stock=40, brand="Sierra", price=32_000)
    other = await make.product(sku="CAFE-500", stock=7)
    header = ("SKU ", "stock", "precio_venta", "brand", "name")
    done = await shop.imported(csv_file(("cafe-500", "25", "", "", ""), header=header))
    assert done["outcomes"] == {"created": 0, "updated": 1, "unchanged": 0, "refused": 0}
    changed = await rows.get(Product, product.id)
    assert (changed.stock, changed.brand, changed.precio_venta, changed.name) == (
        25,
        None,
        Money(32000),
        product.name,
    )
    assert [(each.kind, each.stock_change) for each in await rows.all(StockMovement)][-1] == (MovementKind.ADJUST, -15)
    assert (await rows.get(Product, other.id)).stock == 7


async def test_a_new_name_makes_a_new_address_and_the_old_one_stays(shop: Shop, make: Make, rows: Rows) -> None:
    product = await make.product(vendor=shop.vendor, sku="CAFE-500", name="Café", slug="cafe-viejo")
    await shop.imported(csv_file(("CAFE-500", "Café nuevo"), ("NUEVO-1", "Café nuevo"), header=("sku", "name")))
    assert (await rows.get(Product, product.id)).slug == "cafe-nuevo"
    assert {each.slug for each in await rows.all(ProductSlug)} == {"cafe-viejo", "cafe-nuevo"}


async def test_two_products_of_one_name_have_two_addresses(shop: Shop, rows: Rows) -> None:
    await shop.imported(csv_file(COFFEE, ("CAFE-250", *COFFEE[1:])))
    first, second = sorted((product.slug for product in await rows.all(Product)), key=len)
    assert first == "cafe-de-origen"
    assert second.startswith("cafe-de-origen-")


async def test_the_same_file_again_changes_nothing(shop: Shop, rows: Rows) -> None:
    file = csv_file(COFFEE, MUG)
    await shop.imported(file)
    before = [(product.id, product.updated_at) for product in await rows.all(Product)]
    done = await shop.imported(file)
    assert done["outcomes"] == {"created": 0, "updated": 0, "unchanged": 2, "refused": 0}
    assert [(product.id, product.updated_at) for product in await rows.all(Product)] == before
    assert await rows.count(StockMovement) == 2


REFUSED = [
    (("caf\u00e9!", *COFFEE[1:]), "sku", "string_pattern_mismatch"),
    (("", *COFFEE[1:]), "sku", "string_pattern_mismatch"),
    (("A-1-1", "", *COFFEE[2:]), "name", "missing"),
    (("A-1-1", "A", *COFFEE[2:]), "name", "too_short"),
    (("A-1-1", "Bell\x07", *COFFEE[2:]), "name", "text_characters"),
    (("A-1-1", "Café", "nevera", *COFFEE[3:]), "category", "category_not_found"),
    (("A-1-1", "Café", "' OR 1=1", *COFFEE[3:]), "category", "category_not_found"),
    (("A-1-1", "Café", "", *COFFEE[3:]), "category", "missing"),
    (("A-1-1", "Café", "cafe", "99", "1", "1"), "precio_venta", "price_range"),
    (("A-1-1", "Café", "cafe", "$ 32.000", "1", "1"), "precio_venta", "money"),
    (("A-1-1", "Café", "cafe", "32000", "-1", "1"), "stock", "int_type"),
    (("A-1-1", "Café", "cafe", "32000", "1.5", "1"), "stock", "int_type"),
    (("A-1-1", "Café", "cafe", "32000", "9000000", "1"), "stock", "less_than_equal"),
    (("A-1-1", "Café", "cafe", "32000", "1", "NaN"), "weight_kg", "finite_number"),
    (("A-1-1", "Café", "cafe", "32000", "1"), "weight_kg", "missing"),
]


@pytest.mark.parametrize(("bad", "place", "code"), REFUSED, ids=lambda part: str(part)[:40])
async def test_a_row_that_does_not_fit_is_told_and_keeps_no_other(
    bad: tuple[str, ...], place: str, code: str, shop: Shop, rows: Rows
) -> None:
    done = await shop.imported(csv_file(COFFEE, bad, MUG))
    assert (done["status"], done["outcomes"]["created"], done["outcomes"]["refused"]) == ("DONE", 2, 1)
    (told,) = await shop.report(done, "&outcome=REFUSED")
    assert told["row_number"] == 3
    assert [(problem["loc"], problem["code"]) for problem in told["problems"]] == [([place], code)]
    assert sorted(product.sku for product in await rows.all(Product)) == ["CAFE-500", "TAZA-1"]


async def test_stock_below_what_orders_hold_is_refused(shop: Shop, make: Make, rows: Rows) -> None:
    product = await make.product(vendor=shop.vendor, sku="CAFE-500", stock=10)
    await make.order(units={product.id: 6})
    done = await shop.imported(csv_file(("CAFE-500", 5), header=("sku", "stock")))
    (told,) = await shop.report(done)
    assert [problem["code"] for problem in told["problems"]] == ["stock_reserved"]
    assert ((await rows.get(Product, product.id)).stock, (await rows.get(Product, product.id)).reserved) == (10, 6)
    done = await shop.imported(csv_file(("CAFE-500", 6), header=("sku", "stock")))
    assert done["outcomes"]["updated"] == 1


async def test_a_sku_that_stands_twice_counts_once(shop: Shop, rows: Rows) -> None:
    done = await shop.imported(csv_file(COFFEE, MUG, ("Cafe-500 ", "Otro", *COFFEE[2:])))
    assert [row["outcome"] for row in await shop.report(done)] == ["CREATED", "CREATED", "REFUSED"]
    (told,) = await shop.report(done, "&outcome=REFUSED")
    assert told["problems"] == [{"loc": ["sku"], "msg": "Row 2 has the same SKU", "code": "sku_twice"}]
    assert await rows.count(Product) == 2


async def test_a_dry_run_says_the_same_and_writes_no_product(shop: Shop, make: Make, rows: Rows) -> None:
    await make.product(vendor=shop.vendor, sku="TAZA-1", stock=1)
    before = await census(rows)
    file = csv_file(COFFEE, MUG, ("A", *MUG[1:]))
    done = await shop.imported(file, query="?dry_run=true")
    assert (done["dry_run"], done["status"]) == (True, "DONE")
    assert done["outcomes"] == {"created": 1, "updated": 1, "unchanged": 0, "refused": 1}
    after = await census(rows)
    grown = {table for table in after if after[table] != before[table] and not table.startswith("pgqueuer")}
    assert grown - {"user_sessions", "sessions"} == {"product_imports", "product_import_rows"}
    rehearsed = [{**row, "row_number": 0} for row in await shop.report(done)]
    real = [{**row, "row_number": 0} for row in await shop.report(await shop.imported(file))]
    assert rehearsed == real


async def test_words_that_a_rule_flags_wait_for_a_look(shop: Shop, make: Make, rows: Rows) -> None:
    known = await make.product(vendor=shop.vendor, sku="TAZA-1")
    asleep = await make.product(vendor=shop.vendor, sku="TAZA-2", status=ProductStatus.INACTIVE)
    header = ("sku", "name", "category", "precio_venta", "weight_kg", "description")
    call = "Llámame al 300 123 4567"
    lines = [(sku, "Taza", "cafe", "18000", "1", call) for sku in ("TAZA-1", "TAZA-2", "TAZA-3")]
    await shop.imported(csv_file(*lines, header=header))
    found = {product.sku: product.status for product in await rows.all(Product)}
    assert found == {
        "TAZA-1": ProductStatus.PENDING,
        "TAZA-2": ProductStatus.INACTIVE,
        "TAZA-3": ProductStatus.PENDING,
    }
    assert {known.id, asleep.id} < {product.id for product in await rows.all(Product)}


async def test_tags_attributes_and_every_other_column(shop: Shop, rows: Rows) -> None:
    header = (*HEADER_ALL,)
    row = {
        "sku": "RUANA-1",
        "name": "Ruana",
        "description": "De lana.\nTejida a mano.",
        "category": "cafe",
        "brand": "Nobsa",
        "precio_venta": "180000",
        "precio_costo": "90000.00",
        "iva_class": "exempt",
        "stock": "3",
        "weight_kg": "1.2",
        "tags": "lana | abrigo",
        "attributes": '{"talla": "única"}',
        "withdrawal_excluded_reason": "A la medida",
    }
    done = await shop.imported(csv_file([row[name] for name in header], header=header))
    assert done["outcomes"]["created"] == 1, await shop.report(done)
    (made,) = await rows.all(Product)
    assert (made.tags, made.attributes, made.brand) == (["lana", "abrigo"], {"talla": "única"}, "Nobsa")
    assert (made.iva_class, made.precio_costo, made.description) == ("EXEMPT", Money(90_000), row["description"])
    assert made.withdrawal_excluded_reason == "A la medida"
    bad = csv_file(("RUANA-1", '{"talla": 4}', "[1"), header=("sku", "attributes", "tags"))
    (told,) = await shop.report(await shop.imported(bad))
    assert {tuple(problem["loc"]) for problem in told["problems"]} == {("attributes", "talla"), ("tags",)}


HEADER_ALL = (
    *("sku", "name", "description", "category", "brand", "precio_venta", "precio_costo", "iva_class", "stock"),
    *("weight_kg", "tags", "attributes", "withdrawal_excluded_reason"),
)


async def test_numbers_of_a_spreadsheet_are_read_as_one_would_type_them(shop: Shop, rows: Rows) -> None:
    await shop.imported(xlsx_file((12345, "Café", "cafe", 32000.0, 40, 0.5)))
    (made,) = await rows.all(Product)
    assert (made.sku, made.precio_venta, made.stock, made.weight_kg) == ("12345", Money(32000), 40, Decimal("0.5"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_separators_and_marks_of_spreadsheets(separator: str, shop: Shop, rows: Rows) -> None:
    weight = "0,5" if separator == ";" else "0.5"
    await shop.imported(csv_file((*COFFEE[:-1], weight), separator=separator, mark="\ufeff"))
    (made,) = await rows.all(Product)
    assert (made.name, made.weight_kg) == ("Café de origen", Decimal("0.5"))


async def test_empty_rows_are_passed_over_and_numbers_are_the_spreadsheets(shop: Shop) -> None:
    empty = [""] * len(COFFEE)
    for make_file in (csv_file, xlsx_file):
        done = await shop.imported(make_file(empty, COFFEE, empty, ("x", *MUG[1:])), query="?dry_run=true")
        assert [row["row_number"] for row in await shop.report(done)] == [3, 5]
        assert done["rows_total"] == 2


async def test_who_may_not_import(api: Api, make: Make, shop: Shop, rows: Rows, waiting: Waiting) -> None:
    buyer, admin = await make.buyer(), await make.user(UserType.ADMIN)
    unapproved = await make.owner(await make.vendor(status=VendorStatus.PENDING))
    for user in (buyer, admin, unapproved):
        await api.token(user)
    before = await census(rows)
    assert_problem(await api.request("POST", IMPORT, files={"file": ("p.csv", csv_file(COFFEE))}), 401)
    for user in (buyer, admin, unapproved):
        assert_problem(await shop.send(csv_file(COFFEE), by=user), 403)
    assert await census(rows) == before
    assert waiting.names() == []


async def test_somebody_elses_import_is_absent(api: Api, make: Make, shop: Shop) -> None:
    done = await shop.imported(csv_file(COFFEE))
    stranger = await make.owner(await make.vendor())
    for path in (f"{IMPORTS}/{done['id']}", f"{IMPORTS}/{done['id']}/rows"):
        assert_problem(await api.get(path, by=stranger), 404)
        assert_problem(await api.get(path), 401)
        assert_problem(await api.get(path, by=await make.buyer()), 403)
    assert (await api.get(IMPORTS, by=stranger)).json()["items"] == []


async def test_lists_go_on_where_the_page_before_ended(api: Api, shop: Shop) -> None:
    ids = [(await shop.imported(csv_file(COFFEE, MUG, ("x", *MUG[1:]))))["id"] for _ in range(3)]
    first = (await api.get(f"{IMPORTS}?limit=2&total=true", by=shop.owner)).json()
    rest = (await api.get(f"{IMPORTS}?limit=2&cursor={first['next_cursor']}", by=shop.owner)).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == ids[::-1]
    assert (first["total"], rest["next_cursor"]) == (3, None)
    path = f"{IMPORTS}/{ids[0]}/rows?limit=2"
    first = (await api.get(path, by=shop.owner)).json()
    rest = (await api.get(f"{path}&cursor={first['next_cursor']}", by=shop.owner)).json()
    assert [each["row_number"] for each in (*first["items"], *rest["items"])] == [2, 3, 4]
    assert_problem(await api.get(f"{IMPORTS}?cursor=abc", by=shop.owner), 422)
    assert_problem(await api.get(f"{path}&cursor=abc", by=shop.owner), 422)
    assert_problem(await api.get(f"{path}&outcome=PERHAPS", by=shop.owner), 422)


async def test_of_imports_begun_at_once_one_is_taken(shop: Shop, rows: Rows, waiting: Waiting) -> None:
    await shop.api.token(shop.owner)
    answers = await asyncio.gather(*(shop.send(csv_file(COFFEE)) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    (queued,) = await rows.all(ProductImport)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert assert_problem(refused, 409)["import_id"] == str(queued.id)
    assert waiting.names() == [queued.object_name]
    assert queued.status is ImportStatus.QUEUED
    await shop.drain()
    assert (await shop.send(csv_file(COFFEE))).status_code == 202


async def test_two_that_end_their_upload_at_once_are_told_apart_by_the_database(
    shop: Shop, rows: Rows, world: World
) -> None:
    """Neither sees the other before it commits: only the index can."""
    wanted = {
        "vendor_id": shop.vendor.id,
        "user_id": shop.owner.id,
        "format": SheetFormat.CSV,
        "dry_run": False,
        "object_name": "0f0e",
    }

    async def begin() -> ProductImport | None:
        async with transaction(world.sessions) as session:
            return await ImportRepository(session).add(wanted)

    async with transaction(world.sessions) as session:
        first = await ImportRepository(session).add(wanted)
        others = asyncio.gather(*(begin() for _ in range(4)))
        async with asyncio.timeout(5):
            while (await rows.execute(_WAITING))[0][0] < 4:
                assert not others.done()
    assert first is not None
    assert await others == [None] * 4
    with pytest.raises(IntegrityError):
        await rows.execute(
            "INSERT INTO product_imports (id, vendor_id, user_id, format, dry_run, status, object_name, rows_done)"
            " SELECT gen_random_uuid(), vendor_id, user_id, 'CSV', true, 'RUNNING', '', 0 FROM product_imports"
        )
    for status in ("DONE", "FAILED"):
        await rows.execute(f"UPDATE product_imports SET status = '{status}'")
        assert await begin() is not None
    assert await rows.count(ProductImport) == 3


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_the_file_is_gone_when_its_import_has_ended(shop: Shop, waiting: Waiting) -> None:
    await shop.imported(csv_file(COFFEE))
    await shop.imported(csv_file(COFFEE, header=("sku", "colour", *"abcd")))
    assert waiting.names() == []


@pytest.mark.parametrize("step", ["batch_imported@1", "before_commit@1", "before_commit@2", "before_commit@3"])
async def test_after_a_crash_it_goes_on_where_it_was(step: str, shop: Shop, rows: Rows, world: World) -> None:
    lines = [(f"SKU-{index}", f"Taza {index}", *MUG[2:]) for index in range(450)]
    sent = await shop.send(csv_file(*lines))
    work = Importing(world, ImportId((await rows.all(ProductImport))[0].id))
    failpoints.arm({step: "raise"})
    try:
        with pytest.raises(FailpointReached):
            await work.run()
    finally:
        failpoints.arm({})
    assert (await rows.all(ProductImport))[0].rows_done in {0, 200, 400}
    await work.run()
    await work.run()
    await shop.drain()
    seen = (await shop.api.get(f"{IMPORTS}/{sent.json()['id']}", by=shop.owner)).json()
    assert (seen["status"], seen["rows_done"], seen["outcomes"]["created"]) == ("DONE", 450, 450)
    assert await rows.count(Product) == await rows.count(StockMovement) == await rows.count(ProductImportRow) == 450


async def test_two_runs_at_once_do_the_work_once(shop: Shop, rows: Rows, world: World) -> None:
    lines = [(f"SKU-{index}", f"Taza {index}", *MUG[2:]) for index in range(450)]
    await shop.send(csv_file(*lines))
    import_id = ImportId((await rows.all(ProductImport))[0].id)
    await asyncio.gather(*(Importing(world, import_id).run() for _ in range(2)))
    (done,) = await rows.all(ProductImport)
    assert (done.status, done.rows_done) == (ImportStatus.DONE, 450)
    assert await rows.count(Product) == await rows.count(StockMovement) == await rows.count(ProductImportRow) == 450


async def test_a_shop_that_is_suspended_meanwhile_imports_no_more(shop: Shop, rows: Rows) -> None:
    await shop.send(csv_file(COFFEE))
    await rows.execute("UPDATE vendors SET status = 'SUSPENDED'")
    await shop.drain()
    (ended,) = await rows.all(ProductImport)
    assert (ended.status, ended.problem) == (ImportStatus.FAILED, "may_not_publish")
    assert await rows.count(Product) == 0


async def test_an_import_that_never_ends_is_given_up_and_its_file_removed(
    shop: Shop, rows: Rows, world: World, waiting: Waiting
) -> None:
    await shop.send(csv_file(COFFEE))
    (waiting.folder / "0f0e").write_bytes(b"left behind by a process that died")
    await tidy_imports(world)
    assert len(waiting.names()) == 2
    await tidy_imports(replace(world, now=lambda: utc_now() + timedelta(hours=2)))
    (queued,) = await rows.all(ProductImport)
    assert waiting.names() == [queued.object_name]
    await tidy_imports(replace(world, now=lambda: utc_now() + timedelta(hours=25)))
    (ended,) = await rows.all(ProductImport)
    assert (ended.status, ended.problem) == (ImportStatus.FAILED, "given_up")
    assert waiting.names() == []
    await shop.drain()
    assert await rows.count(Product) == 0


async def test_a_file_that_is_gone_ends_its_import(shop: Shop, rows: Rows, waiting: Waiting) -> None:
    await shop.send(csv_file(COFFEE))
    waiting.remove_all()
    await shop.drain()
    (ended,) = await rows.all(ProductImport)
    assert (ended.status, ended.problem, ended.format) == (ImportStatus.FAILED, "file_gone", SheetFormat.CSV)


async def test_orders_that_come_meanwhile_are_counted_right(shop: Shop, make: Make, api: Api, rows: Rows) -> None:
    product = await make.product(vendor=shop.vendor, sku="CAFE-500", stock=100)
    buyer = await make.buyer()
    sent = await shop.send(csv_file(("CAFE-500", 12), header=("sku", "stock")))
    body = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    await api.token(buyer)
    orders = [api.post("/api/v1/orders", body, by=buyer) for _ in range(15)]
    placed, _ = await asyncio.gather(asyncio.gather(*orders), shop.drain())
    done = (await api.get(f"{IMPORTS}/{sent.json()['id']}", by=shop.owner)).json()
    after = await rows.get(Product, product.id)
    assert after.reserved == sum(answer.status_code == 201 for answer in placed)
    assert after.stock == (12 if done["outcomes"]["updated"] else 100)
    (sums,) = await rows.execute("SELECT sum(stock_change), sum(reserved_change) FROM stock_movements")
    assert tuple(sums) == (after.stock, after.reserved)


async def test_a_sku_that_is_published_meanwhile_is_told(shop: Shop, make: Make, rows: Rows, world: World) -> None:
    """Between the look at what there is and the writing, somebody else publishes it."""
    row = {"sku": "CAFE-500", "name": "Café", "category": "cafe", "precio_venta": "32000", "weight_kg": "1"}
    async with transaction(world.sessions) as session:
        upserts = ProductUpserts(session, world.settings.catalog)
        look = upserts._products.by_sku

        async def published_after(*args: Any, **more: Any) -> dict[str, Product]:
            found = await look(*args, **more)
            await make.product(vendor=shop.vendor, sku="CAFE-500")
            return found

        upserts._products.by_sku = published_after  # type: ignore[method-assign]
        (result,) = await upserts.upsert(shop.vendor.id, shop.owner.id, [row], rehearse=False, reason="")
    assert (result.outcome, result.problems[0]["code"]) == (UpsertOutcome.REFUSED, "sku_taken")
    assert await rows.count(Product) == await rows.count(ProductSlug) == 1
