"""`python -m tests.check_migrations`: on a PostgreSQL of its own, up from nothing, as the models say, down, up."""

import asyncio
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from mestore.app import migrations
from mestore.app.embedded import EmbeddedFailed, EmbeddedPostgres
from mestore.app.models import metadata
from mestore.core.database import driver_url

# Alembic keeps its own table, empty, when all is taken back.
_LEFT = """
    SELECT 'table ' || c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
        AND c.relname <> 'alembic_version'
    UNION ALL
    SELECT 'type ' || t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'r', 'c')
        AND coalesce(c.relkind, 'c') = 'c'
    UNION ALL
    SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'version ' || to_jsonb(v)::text FROM alembic_version v
    ORDER BY 1"""

# Alembic itself compares neither CHECK constraints nor the WHERE of an index.
_SHAPE = """
    SELECT format('%s: column %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END, a.attidentity::text || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s: constraint %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('%s: %s', tablename, indexdef) FROM pg_indexes WHERE schemaname = 'public'"""
# What the models' indexes and generated columns call by name; its definition is the migrations' own.
_CALLED = """
    CREATE EXTENSION pg_trgm;
    CREATE FUNCTION fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT lower(value)';
    CREATE FUNCTION carrier_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT name';
    CREATE TEXT SEARCH CONFIGURATION catalogue (COPY = spanish)"""
_NOT_OF_THE_MODELS = ("alembic_version", "order_edges", "package_edges", "return_edges", "pgqueuer")


class Wrong(Exception):
    pass


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="mestore-migrations-") as folder:
        postgres = EmbeddedPostgres(Path(folder), durable=False)
        try:
            postgres.start()
            return 0 if _check(postgres) else 1
        except EmbeddedFailed as failed:
            sys.stderr.write(f"check_migrations: {failed}\n")
            return 1
        finally:
            postgres.stop()


def _check(postgres: EmbeddedPostgres) -> bool:
    url = postgres.url
    return (
        _holds("up from an empty database", lambda: migrations.upgrade(url))
        and _holds("Alembic finds no difference to the models", lambda: migrations.compare(url))
        and _holds("each column, constraint and index is the models'", lambda: _assert_same_as_models(postgres))
        and _holds("down again", lambda: migrations.downgrade(url))
        and _holds("nothing is left", lambda: _assert_nothing_left(url))
        and _holds("up a second time", lambda: migrations.upgrade(url))
    )


def _holds(what: str, act: Callable[[], None]) -> bool:
    try:
        act()
    except Exception:  # noqa: BLE001 - whatever it is, it is shown
        traceback.print_exc()
        sys.stdout.write(f"✗ migrations: {what}\n")
        return False
    sys.stdout.write(f"✓ migrations: {what}\n")
    return True


def _assert_same_as_models(postgres: EmbeddedPostgres) -> None:
    asyncio.run(_fetch(postgres.url, "CREATE DATABASE models"))
    asyncio.run(_create_models(postgres.url_for("models")))
    migrated, modelled = (_shape(url) for url in (postgres.url, postgres.url_for("models")))
    different = [f"migrations: {line}" for line in migrated - modelled]
    different += [f"models: {line}" for line in modelled - migrated]
    if different:
        raise Wrong("\n".join(sorted(different)))


def _shape(url: str) -> set[str]:
    return {line for line in asyncio.run(_fetch(url, _SHAPE)) if not line.startswith(_NOT_OF_THE_MODELS)}


async def _create_models(url: str) -> None:
    engine = create_async_engine(driver_url(url))
    async with engine.begin() as connection:
        for statement in _CALLED.split(";"):
            await connection.execute(text(statement))
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


def _assert_nothing_left(url: str) -> None:
    if left := asyncio.run(_fetch(url, _LEFT)):
        raise Wrong(", ".join(left))


async def _fetch(url: str, query: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
