"""The whole catalogue: movements of stock, pictures, addresses that last, reviews, imports, and words to be found by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# `fold` is what two spellings of a name have in common. It is IMMUTABLE because its dictionary is named.
TEXT = """
CREATE EXTENSION unaccent;
CREATE EXTENSION pg_trgm;

CREATE FUNCTION fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, value))
$$;

CREATE TEXT SEARCH CONFIGURATION catalogue (COPY = spanish);
ALTER TEXT SEARCH CONFIGURATION catalogue
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, spanish_stem;
"""

TEXT_OF_PRODUCTS = """
CREATE FUNCTION write_product_text() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE category_names text;
BEGIN
    WITH RECURSIVE above AS (
        SELECT id, parent_id, name FROM categories WHERE id = NEW.category_id
        UNION
        SELECT c.id, c.parent_id, c.name FROM categories c JOIN above a ON c.id = a.parent_id
    )
    SELECT string_agg(name, ' ') INTO category_names FROM above;
    NEW.name_key := left(fold(NEW.name), 200);
    NEW.search_vector :=
        setweight(to_tsvector('catalogue', NEW.name), 'A')
        || setweight(to_tsvector('catalogue', coalesce(category_names, '')), 'B')
        || setweight(to_tsvector('catalogue', coalesce(NEW.brand, '')), 'C')
        || setweight(to_tsvector('catalogue', NEW.description || ' ' || array_to_string(NEW.tags, ' ')), 'D');
    RETURN NEW;
END $$;

CREATE TRIGGER product_text BEFORE INSERT OR UPDATE OF name, brand, description, tags, category_id ON products
    FOR EACH ROW EXECUTE FUNCTION write_product_text();

UPDATE products SET name = name;
"""

# Until now an address could be shared, and figures had no history.
ROWS_THAT_WERE_THERE = """
UPDATE products p SET slug = left(p.slug, 200) || '-' || left(p.id::text, 8)
FROM (SELECT id, row_number() OVER (PARTITION BY slug ORDER BY created_at, id) AS nth FROM products) n
WHERE n.id = p.id AND n.nth > 1;
INSERT INTO product_slugs (slug, product_id) SELECT slug, id FROM products;

UPDATE products p SET units_sold = s.units FROM (
    SELECT product_id, sum(quantity) AS units FROM stock_holds WHERE state = 'SOLD' GROUP BY 1
) s WHERE s.product_id = p.id;
INSERT INTO stock_movements (product_id, kind, stock_change, reserved_change, reason)
    SELECT id, 'ADJUST', stock, reserved, 'balance carried over' FROM products WHERE stock > 0 OR reserved > 0;

CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

UNDO_TEXT = """
DROP TRIGGER product_text ON products;
DROP FUNCTION write_product_text();
"""


def _run(script: str) -> None:
    """Many statements at once, which only the driver itself can do."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))


def upgrade() -> None:
    _run(TEXT)
    op.create_table(
        "product_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "format",
            sa.Enum("CSV", "XLSX", name="sheet_format", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "QUEUED",
                "RUNNING",
                "DONE",
                "FAILED",
                name="import_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("object_name", sa.String(length=200), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_product_imports_user_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_product_imports_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_imports")),
    )
    op.create_index(op.f("ix_product_imports_user_id"), "product_imports", ["user_id"], unique=False)
    op.create_index("ix_product_imports_vendor_id_id", "product_imports", ["vendor_id", "id"], unique=False)
    op.create_table(
        "product_images",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(length=200), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("folder", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("color ~ '^#[0-9a-f]{6}$'", name=op.f("ck_product_images_color")),
        sa.CheckConstraint("position BETWEEN 1 AND 10", name=op.f("ck_product_images_position")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_images_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_images")),
        sa.UniqueConstraint(
            "product_id",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_product_images_product_id_position"),
        ),
    )
    op.create_index("uq_product_images_folder", "product_images", ["folder"], unique=True)
    op.create_table(
        "product_import_rows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=200), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "CREATED",
                "UPDATED",
                "UNCHANGED",
                "REFUSED",
                name="row_outcome",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["product_imports.id"], name=op.f("fk_product_import_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_import_rows")),
    )
    op.create_index(
        "uq_product_import_rows_import_id_row_number", "product_import_rows", ["import_id", "row_number"], unique=True
    )
    op.create_table(
        "product_slugs",
        sa.Column("slug", sa.String(length=220), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_slugs_product_id")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_product_slugs")),
    )
    op.create_index(op.f("ix_product_slugs_product_id"), "product_slugs", ["product_id"], unique=False)
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "IN",
                "OUT",
                "ADJUST",
                "HOLD",
                "RELEASE",
                "SALE",
                "RETURN",
                name="movement_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("stock_change", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reserved_change", sa.Integer(), server_default="0", nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("stock_change <> 0 OR reserved_change <> 0", name=op.f("ck_stock_movements_changes")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stock_movements_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_movements_product_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_stock_movements_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    op.create_index(op.f("ix_stock_movements_order_id"), "stock_movements", ["order_id"], unique=False)
    op.create_index("ix_stock_movements_product_id_id", "stock_movements", ["product_id", "id"], unique=False)
    op.create_index(op.f("ix_stock_movements_user_id"), "stock_movements", ["user_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("VISIBLE", "HIDDEN", name="review_status", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("hidden_reason", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_reviews_rating")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_reviews_buyer_id")),
        sa.ForeignKeyConstraint(["order_item_id"], ["order_items.id"], name=op.f("fk_reviews_order_item_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_reviews_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_buyer_id"), "reviews", ["buyer_id"], unique=False)
    op.create_index(
        "ix_reviews_product_id_id",
        "reviews",
        ["product_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'VISIBLE'"),
    )
    op.create_index("uq_reviews_order_item_id", "reviews", ["order_item_id"], unique=True)
    op.add_column("products", sa.Column("name_key", sa.String(length=200), server_default="", nullable=False))
    op.add_column("products", sa.Column("withdrawal_excluded_reason", sa.String(length=200), nullable=True))
    op.add_column("products", sa.Column("rejection_reason", sa.String(length=300), nullable=True))
    op.add_column("products", sa.Column("units_sold", sa.Integer(), server_default="0", nullable=False))
    op.add_column("products", sa.Column("rating_sum", sa.Integer(), server_default="0", nullable=False))
    op.add_column("products", sa.Column("reviews_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "products",
        sa.Column(
            "rating",
            sa.Numeric(precision=2, scale=1),
            sa.Computed(
                "CASE WHEN (reviews_count > 0) THEN round(((rating_sum)::numeric / (reviews_count)::numeric), 1) ELSE NULL::numeric END",
            ),
            nullable=True,
        ),
    )
    op.add_column("products", sa.Column("search_vector", postgresql.TSVECTOR(), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_products_units_sold"), "products", "units_sold >= 0")
    op.create_check_constraint(
        op.f("ck_products_rating_sum"),
        "products",
        "reviews_count >= 0 AND rating_sum BETWEEN reviews_count AND 5 * reviews_count",
    )
    _run(TEXT_OF_PRODUCTS)
    _run(ROWS_THAT_WERE_THERE)
    op.drop_index(op.f("ix_products_slug"), table_name="products")
    op.create_index(
        "ix_products_best_selling",
        "products",
        ["units_sold", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_category_id_best_selling",
        "products",
        ["category_id", "units_sold", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_category_id_name",
        "products",
        ["category_id", "name_key", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_category_id_price",
        "products",
        ["category_id", "precio_venta", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_name",
        "products",
        ["name_key", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_name_key_trigrams",
        "products",
        ["name_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_products_price",
        "products",
        ["precio_venta", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index("ix_products_search_vector", "products", ["search_vector"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_products_vendedor_id_best_selling",
        "products",
        ["vendedor_id", "units_sold", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_vendedor_id_name",
        "products",
        ["vendedor_id", "name_key", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_vendedor_id_price",
        "products",
        ["vendedor_id", "precio_venta", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_products_status_created_at_id", "products", ["status", "created_at", "id"])
    op.create_index("uq_products_slug", "products", ["slug"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_products_slug", table_name="products")
    op.drop_index("ix_products_status_created_at_id", table_name="products")
    op.drop_index("ix_products_vendedor_id_price", table_name="products")
    op.drop_index("ix_products_vendedor_id_name", table_name="products")
    op.drop_index("ix_products_vendedor_id_best_selling", table_name="products")
    op.drop_index("ix_products_search_vector", table_name="products")
    op.drop_index("ix_products_price", table_name="products")
    op.drop_index("ix_products_name_key_trigrams", table_name="products")
    op.drop_index("ix_products_name", table_name="products")
    op.drop_index("ix_products_category_id_price", table_name="products")
    op.drop_index("ix_products_category_id_name", table_name="products")
    op.drop_index("ix_products_category_id_best_selling", table_name="products")
    op.drop_index("ix_products_best_selling", table_name="products")
    op.create_index(op.f("ix_products_slug"), "products", ["slug"], unique=False)
    _run(UNDO_TEXT)
    op.drop_column("products", "search_vector")
    op.drop_column("products", "rating")
    op.drop_column("products", "reviews_count")
    op.drop_column("products", "rating_sum")
    op.drop_column("products", "units_sold")
    op.drop_column("products", "rejection_reason")
    op.drop_column("products", "withdrawal_excluded_reason")
    op.drop_column("products", "name_key")
    op.drop_table("reviews")
    op.drop_table("stock_movements")
    op.drop_table("product_slugs")
    op.drop_table("product_import_rows")
    op.drop_table("product_images")
    op.drop_table("product_imports")
    _run("""
        DROP TEXT SEARCH CONFIGURATION catalogue;
        DROP FUNCTION fold(text);
        DROP EXTENSION pg_trgm;
        DROP EXTENSION unaccent;
    """)
