"""The index follows the products, through jobs, crashes and rebuilds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest

from mestore.app import search_index
from mestore.catalog.events import CategoryChanged, ProductChanged
from mestore.core import failpoints
from mestore.core.database import transaction
from mestore.core.failpoints import FailpointReached
from mestore.core.ids import CategoryId, ProductId, new_uuid
from mestore.core.jobs import publish
from mestore.core.settings import ChromaSettings
from mestore.core.world import World
from mestore.search import tasks
from mestore.search.indexer import Indexer
from mestore.search.vector_index import VectorIndex
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

Index = Callable[[], Awaitable[None]]
Drain = Callable[[], Awaitable[None]]


async def documents(rows: Rows) -> dict[UUID, tuple[str, object]]:
    found = await rows.execute("SELECT product_id, content_hash, indexed_at FROM search_documents")
    return {row.product_id: (row.content_hash, row.indexed_at) for row in found}


async def waiting(rows: Rows) -> list[UUID]:
    return [row.product_id for row in await rows.execute("SELECT product_id FROM search_pending")]


async def changed(world: World, product_id: ProductId) -> None:
    async with transaction(world.sessions) as session:
        await publish(session, ProductChanged(product_id))


async def live(rows: Rows) -> str:
    ((name,),) = await rows.execute("SELECT name FROM search_collections WHERE live")
    return str(name)


async def test_price_and_stock_are_not_embedded_again_and_text_is(
    make: Make, world: World, rows: Rows, index: Index, drain: Drain
) -> None:
    product = await make.product(name="Silla")
    await index()
    before = await documents(rows)
    await rows.execute("UPDATE products SET precio_venta = 70000, stock = 3")
    await changed(world, product.id)
    await drain()
    assert await documents(rows) == before
    await rows.execute("UPDATE products SET name = 'Mesa'")
    assert await waiting(rows) == [product.id]
    await changed(world, product.id)
    await drain()
    after = await documents(rows)
    assert after[product.id][0] != before[product.id][0]
    assert await waiting(rows) == []
    assert not (await Indexer(world).differences()).any()


@pytest.mark.parametrize("hide", ["deleted_at = now()", "status = 'INACTIVE'", "status = 'REJECTED'"])
async def test_what_is_no_longer_for_sale_leaves_the_index(
    hide: str, make: Make, world: World, rows: Rows, index: Index
) -> None:
    gone, kept = await make.product(name="Silla"), await make.product(name="Mesa")
    await index()
    await rows.execute(f"UPDATE products SET {hide} WHERE id = :id", id=gone.id)
    await index()
    assert list(await documents(rows)) == [kept.id]
    assert list(await VectorIndex(world.http, world.settings.chroma).page(await live(rows), 10, 0)) == [kept.id]


async def test_a_category_with_another_name_is_in_the_text_of_all_below_it(
    make: Make, world: World, rows: Rows, index: Index, drain: Drain
) -> None:
    above = await make.category(name="Muebles")
    below = await make.category(name="Sillas", parent_id=above.id)
    product = await make.product(category_id=below.id)
    other = await make.product()
    await index()
    before = await documents(rows)
    await rows.execute("UPDATE categories SET name = 'Mobiliario' WHERE id = :id", id=above.id)
    async with transaction(world.sessions) as session:
        await publish(session, CategoryChanged(CategoryId(above.id)))
    await drain()
    await index()
    after = await documents(rows)
    assert after[product.id][0] != before[product.id][0]
    assert after[other.id] == before[other.id]


async def test_a_job_that_dies_between_chromadb_and_its_mark_is_done_again(
    make: Make, world: World, rows: Rows
) -> None:
    """Fault K18."""
    product = await make.product(name="Silla")
    failpoints.arm({"after_index_upsert": "raise"})
    try:
        with pytest.raises(FailpointReached):
            await Indexer(world).index([product.id])
    finally:
        failpoints.arm({})
    assert (await documents(rows), await waiting(rows)) == ({}, [product.id])
    await Indexer(world).index([product.id])
    assert list(await documents(rows)) == [product.id]
    assert await VectorIndex(world.http, world.settings.chroma).count(await live(rows)) == 1
    assert not (await Indexer(world).differences()).any()


async def test_the_same_job_many_times_at_once_leaves_one_document(make: Make, world: World, rows: Rows) -> None:
    product = await make.product(name="Silla")
    await asyncio.gather(*(Indexer(world).index([product.id]) for _ in range(5)))
    assert list(await documents(rows)) == [product.id]
    assert len(await rows.execute("SELECT name FROM search_collections")) == 1


async def test_a_product_changed_while_it_is_embedded_is_embedded_again(
    make: Make, world: World, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await make.product(name="Silla")
    indexer = Indexer(world)
    passages = indexer._embedder.passages

    async def slowly(texts: list[str]) -> list[list[float]]:
        vectors = await passages(texts)
        await rows.execute("UPDATE products SET name = 'Mesa'")
        return vectors

    monkeypatch.setattr(indexer._embedder, "passages", slowly)
    await indexer.index([product.id])
    assert await waiting(rows) == [product.id]
    monkeypatch.undo()
    await Indexer(world).index_pending(10)
    assert not (await Indexer(world).differences()).any()


async def test_a_rebuild_has_no_moment_in_which_searches_find_less(
    make: Make, world: World, rows: Rows, index: Index, api: Api
) -> None:
    shop = await make.vendor()
    for number in range(40):
        await make.product(name=f"Silla {number}", vendor=shop)
    await index()
    old = await live(rows)
    ending = asyncio.Event()
    seen: list[tuple[str, int]] = []

    async def searching() -> None:
        while not ending.is_set():
            answer = (await api.get("/api/v1/products/search?q=algo para sentarse")).json()
            seen.append((answer["mode"], len(answer["items"])))

    load = asyncio.create_task(searching())
    told: list[tuple[int, int]] = []
    new = await Indexer(world).rebuild(lambda done, total: told.append((done, total)))
    ending.set()
    await load
    assert {(mode, count > 0) for mode, count in seen[:-1]} <= {("hybrid", True)}
    assert (await live(rows), new != old) == (new, True)
    assert told[-1] == (40, 40)
    assert not (await Indexer(world).differences()).any()
    assert len(await rows.execute("SELECT name FROM search_collections")) == 1


async def test_what_changes_during_a_rebuild_is_in_the_new_collection_too(
    make: Make, world: World, rows: Rows, index: Index
) -> None:
    product = await make.product(name="Silla")
    await index()
    indexer = Indexer(world)
    building = await indexer._building()
    await rows.execute("UPDATE products SET name = 'Mesa'")
    await index()
    assert list(await VectorIndex(world.http, world.settings.chroma).page(building.name, 10, 0)) == [product.id]
    assert await indexer.rebuild(lambda _done, _total: None) == building.name  # gone on with
    assert not (await Indexer(world).differences()).any()


async def test_the_check_lists_what_differs_and_repairs_it(make: Make, world: World, rows: Rows, index: Index) -> None:
    missing, outdated = await make.product(name="Silla"), await make.product(name="Mesa")
    await make.product(name="Cama")
    await index()
    chroma, name = VectorIndex(world.http, world.settings.chroma), await live(rows)
    vector = await chroma.vector_of(name, outdated.id)
    assert vector is not None
    stranger = new_uuid()
    await chroma.delete(name, [missing.id])
    await chroma.upsert(name, {outdated.id: vector, stranger: vector}, {outdated.id: "old", stranger: "old"})
    wrong = await Indexer(world).differences()
    assert (wrong.missing, wrong.outdated, wrong.left_over) == ([missing.id], [outdated.id], [stranger])
    await Indexer(world).repair()
    assert not (await Indexer(world).differences()).any()


async def test_a_wiped_index_is_noticed_and_filled_again(make: Make, world: World, rows: Rows, index: Index) -> None:
    await make.product(name="Silla")
    await index()
    await VectorIndex(world.http, world.settings.chroma).drop(await live(rows))
    await tasks.repair_lost_index(world)
    assert not (await Indexer(world).differences()).any()


async def test_the_command_says_what_differs_by_its_exit_code(
    make: Make, world: World, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    product = await make.product(name="Silla")

    async def check(*, repair: bool = False) -> int:
        return await asyncio.to_thread(lambda: search_index.check(world.settings, repair=repair))

    assert await check() == 1
    assert str(product.id) in capsys.readouterr().out
    assert await asyncio.to_thread(lambda: search_index.rebuild(world.settings)) == 0
    assert await check() == 0
    away = replace(world, settings=world.settings.model_copy(update={"chroma": ChromaSettings()}))
    assert await asyncio.to_thread(lambda: search_index.rebuild(away.settings)) == 2
