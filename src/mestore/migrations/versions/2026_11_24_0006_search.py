"""Search: words that mean the same, the spelling of words, what lies in the index, and what waits for it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = """
CREATE FUNCTION await_search_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_pending (product_id, since) VALUES (NEW.id, clock_timestamp())
    ON CONFLICT (product_id) DO UPDATE SET since = excluded.since;
    RETURN NULL;
END $$;

CREATE TRIGGER product_added_to_search AFTER INSERT ON products
    FOR EACH ROW EXECUTE FUNCTION await_search_index();
CREATE TRIGGER product_changed_for_search
    AFTER UPDATE OF name, brand, description, tags, category_id, status, deleted_at ON products
    FOR EACH ROW WHEN ((OLD.name, OLD.brand, OLD.description, OLD.tags, OLD.category_id, OLD.status, OLD.deleted_at)
        IS DISTINCT FROM
        (NEW.name, NEW.brand, NEW.description, NEW.tags, NEW.category_id, NEW.status, NEW.deleted_at))
    EXECUTE FUNCTION await_search_index();

INSERT INTO search_pending (product_id, since) SELECT id, now() FROM products;
"""


def _run(script: str) -> None:
    """Many statements at once, which only the driver itself can do."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))


def _groups() -> Iterator[list[str]]:
    """Of `synonyms.txt`: `word, word` begins a group, `word: word` adds to the group that the first word began."""
    groups: dict[str, list[str]] = {}
    for line in (Path(__file__).parent.parent / "synonyms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            words = [word.strip() for word in re.split("[,:]", line)]
            groups.setdefault(words[0], [words[0]]).extend(words[1:])
    yield from groups.values()


def _add_synonyms() -> None:
    connection = op.get_bind()
    for words in _groups():
        connection.execute(
            sa.text("""
                WITH made AS (
                    INSERT INTO search_synonyms (id, alternatives)
                    SELECT gen_random_uuid(), string_agg('(' || phraseto_tsquery('catalogue', word)::text || ')', ' | ')::tsquery
                    FROM unnest(CAST(:words AS text[])) AS word RETURNING id
                )
                INSERT INTO search_synonym_words (synonym_id, word)
                SELECT made.id, word FROM made, unnest(CAST(:words AS text[])) AS word
            """),
            {"words": words},
        )


def upgrade() -> None:
    op.create_table(
        "search_synonyms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alternatives", postgresql.TSQUERY(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_synonyms")),
    )
    op.create_table(
        "search_synonym_words",
        sa.Column(
            "word_key",
            sa.String(length=60),
            sa.Computed("(fold((word)::text))::character varying(60)", persisted=True),
            nullable=False,
        ),
        sa.Column("synonym_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column(
            "target",
            postgresql.TSQUERY(),
            sa.Computed("plainto_tsquery('catalogue'::regconfig, (word)::text)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("numnode(target) > 0", name=op.f("ck_search_synonym_words_target")),
        sa.ForeignKeyConstraint(
            ["synonym_id"],
            ["search_synonyms.id"],
            name=op.f("fk_search_synonym_words_synonym_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("word_key", name=op.f("pk_search_synonym_words")),
    )
    op.create_index(op.f("ix_search_synonym_words_synonym_id"), "search_synonym_words", ["synonym_id"], unique=False)
    op.create_index(op.f("ix_search_synonym_words_target"), "search_synonym_words", ["target"], unique=False)
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column("lexeme", sa.String(length=60), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_words")),
    )
    op.create_index(op.f("ix_search_words_lexeme"), "search_words", ["lexeme"], unique=False)
    op.create_index(
        "ix_search_words_trigrams",
        "search_words",
        ["word"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_table(
        "search_collections",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_collections")),
    )
    op.create_index(
        "uq_search_collections_live", "search_collections", ["live"], unique=True, postgresql_where=sa.text("live")
    )
    op.create_table(
        "search_documents",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("collection", sa.String(length=120), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["search_collections.name"],
            name=op.f("fk_search_documents_collection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_search_documents_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "collection", name=op.f("pk_search_documents")),
    )
    op.create_index(op.f("ix_search_documents_collection"), "search_documents", ["collection"], unique=False)
    op.create_table(
        "search_pending",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_search_pending_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_search_pending")),
    )
    op.create_index(op.f("ix_search_pending_since"), "search_pending", ["since"], unique=False)
    # For suggestions, which are ranges of letters, and for SKUs typed without their hyphens.
    op.execute("""
        CREATE INDEX ix_products_search_name ON products (name_key text_pattern_ops)
        WHERE deleted_at IS NULL AND status = 'APPROVED'
    """)
    op.execute("""
        CREATE INDEX ix_products_search_brand ON products (fold(brand::text) text_pattern_ops)
        WHERE deleted_at IS NULL AND status = 'APPROVED'
    """)
    op.execute("""
        CREATE INDEX ix_products_search_sku ON products (replace(sku::text, '-'::text, ''::text) text_pattern_ops)
        WHERE deleted_at IS NULL AND status = 'APPROVED'
    """)
    _run(WAITING)
    _add_synonyms()


def downgrade() -> None:
    _run("""
        DROP TRIGGER product_changed_for_search ON products;
        DROP TRIGGER product_added_to_search ON products;
        DROP FUNCTION await_search_index();
        DROP INDEX ix_products_search_sku;
        DROP INDEX ix_products_search_brand;
        DROP INDEX ix_products_search_name;
    """)
    op.drop_table("search_pending")
    op.drop_table("search_documents")
    op.drop_table("search_collections")
    op.drop_table("search_words")
    op.drop_table("search_synonym_words")
    op.drop_table("search_synonyms")
