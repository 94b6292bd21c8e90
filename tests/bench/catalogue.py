"""A catalogue of any size, made by PostgreSQL itself: shops, a tree of categories, names of words that people use."""

import asyncio
import re

import asyncpg
from rich.progress import Progress

from mestore.app import migrations
from mestore.app.embedded import EmbeddedPostgres
from tests.app.running_system import RunningSystem

SHOPS = 200
_LEAVES = 60


def id_of(kind: str, number: str) -> str:
    """In SQL, the id of the thing of this kind with this number, so that whoever knows the number finds it."""
    return f"md5('{kind} ' || {number})::uuid"


def shop_of(product: str) -> str:
    """In SQL, the number of the shop of the product with this number."""
    return f"({product}) % {SHOPS} + 1"


_MAKE = (
    f"""
        WITH owners AS (
            INSERT INTO users (id, email, email_key, password_hash, user_type, full_name, phone, email_verified,
                phone_verified, is_active, language)
            SELECT gen_random_uuid(), format('tienda%s@example.co', n), format('tienda%s@example.co', n), '!', 'VENDOR',
                'Ana Ruiz', '+573001234567', true, false, true, 'es' FROM generate_series(1, {SHOPS}) n
            RETURNING id
        )
        INSERT INTO vendors (id, user_id, slug, business_name, description, document_type, document_number, city,
            status, terms_accepted_at)
        SELECT {id_of("shop", "n")}, id, format('tienda-%s', n), format('Tienda %s', n), '', 'CC',
            (10000000 + n)::text, 'Bogotá', 'APPROVED', now()
        FROM (SELECT id, row_number() OVER () AS n FROM owners) numbered""",
    f"""
        WITH roots AS (
            INSERT INTO categories (id, slug, name, position)
            SELECT gen_random_uuid(), format('sala-%s', n), format('Sala %s', n), n FROM generate_series(1, 6) n
            RETURNING id, position
        )
        INSERT INTO categories (id, parent_id, slug, name, position)
        SELECT gen_random_uuid(), r.id, format('estante-%s', n), format('Estante %s', n), n
        FROM generate_series(1, {_LEAVES}) n JOIN roots r ON r.position = n % 6 + 1""",
)

WORDS = re.findall(
    r"\w+",
    """
    café cafetera nevera licuadora zapatillas camisa pantalón vestido silla mesa lámpara cobija almohada olla sartén
    cuchillo televisor celular audífonos teclado ratón monitor cargador cable maleta morral reloj balón bicicleta casco
    guantes muñeca rompecabezas cuaderno lápiz pintura martillo taladro manguera""",
)
_KINDS = re.findall(
    r"\w+",
    "azul rojo negro blanco verde grande pequeño mediano artesanal clásico moderno ligero resistente plegable",
)

_PRODUCTS = f"""
    INSERT INTO products (id, vendedor_id, category_id, sku, name, name_key, slug, description, brand, precio_venta,
        iva_class, stock, reserved, weight_kg, tags, attributes, status, units_sold, created_at, updated_at,
        search_vector)
    SELECT id, vendor, category, format('SKU-%s', n), name, fold(name), format('producto-%s', n),
        name || ', hecho en Colombia. Llega en pocos días a cualquier municipio del país.', 'Marca ' || n % 300,
        (100 + (n::bigint * 7919) % 5000) * 100, 'GENERAL', n % 40, 0, 0.5, ARRAY['tag' || n % 50],
        '{{"color": "azul", "material": "algodón"}}', 'APPROVED', (n::bigint * 31) % 1000, made, made,
        setweight(to_tsvector('catalogue', name), 'A')
    FROM (
        SELECT n, {id_of("product", "n")} AS id, v.ids[{shop_of("n")}] AS vendor,
            c.ids[n % array_length(c.ids, 1) + 1] AS category,
            initcap(($3::text[])[n % array_length($3::text[], 1) + 1]) || ' '
                || ($4::text[])[n / 41 % array_length($4::text[], 1) + 1] || ' ' || n AS name,
            '2025-01-01'::timestamptz + n * interval '17 seconds' AS made
        FROM generate_series($1::int, $2::int) n,
            (SELECT array_agg(id ORDER BY length(slug), slug) AS ids FROM vendors) v,
            (SELECT array_agg(id ORDER BY slug) AS ids FROM categories WHERE parent_id IS NOT NULL) c
    ) rows"""

BATCH = 20_000


async def fill(connection: asyncpg.Connection, first: int, last: int) -> None:
    """Products number `first` to `last`, each with its words; the trigger that makes them is put aside meanwhile."""
    if first == 1:
        for statement in _MAKE:
            await connection.execute(statement)
    await connection.execute("ALTER TABLE products DISABLE TRIGGER product_text")
    await connection.execute(_PRODUCTS, first, last, WORDS, _KINDS)
    await connection.execute("ALTER TABLE products ENABLE TRIGGER product_text")


def fill_two(system: RunningSystem, *, small: int, large: int) -> None:
    """Two databases of one make: the system's own with `large` products, and `small` with as many as it says."""
    url = EmbeddedPostgres(system.folder).url_for("small")
    asyncio.run(execute(system.database_url, "CREATE DATABASE small"))
    migrations.upgrade(url)
    migrations.upgrade(system.database_url)
    with Progress() as progress:
        task = progress.add_task("products", total=small + large)
        for target, count in ((url, small), (system.database_url, large)):
            for first in range(1, count + 1, BATCH):
                last = min(first + BATCH - 1, count)
                asyncio.run(_fill(target, first, last))
                progress.advance(task, last - first + 1)
            asyncio.run(execute(target, "VACUUM ANALYZE"))


async def _fill(url: str, first: int, last: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await fill(connection, first, last)
    finally:
        await connection.close()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
