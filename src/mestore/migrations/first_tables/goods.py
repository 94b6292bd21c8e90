"""What is sold, who holds it, and what was ordered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


def upgrade() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
    )
    op.create_index(op.f("ix_categories_parent_id"), "categories", ["parent_id"], unique=False)
    op.create_index("uq_categories_slug", "categories", ["slug"], unique=True)
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_number", sa.String(length=21), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "CONFIRMED",
                "PROCESSING",
                "SHIPPED",
                "DELIVERED",
                "CANCELLED",
                "REFUNDED",
                name="order_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("subtotal", sa.Numeric(14, 2), nullable=False),
        sa.Column("discount", sa.Numeric(14, 2), nullable=False),
        sa.Column("iva_amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("shipping_cost", sa.Numeric(14, 2), nullable=False),
        sa.Column("total_amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("shipping_info", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("least(subtotal, discount, iva_amount, shipping_cost) >= 0", name=op.f("ck_orders_amounts")),
        sa.CheckConstraint(
            "total_amount = subtotal - discount + iva_amount + shipping_cost AND total_amount > 0",
            name=op.f("ck_orders_total"),
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_orders_buyer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_buyer_id_id", "orders", ["buyer_id", "id"], unique=False)
    op.create_index(
        "ix_orders_expiring", "orders", ["expires_at"], unique=False, postgresql_where=sa.text("status = 'PENDING'")
    )
    op.create_index("uq_orders_order_number", "orders", ["order_number"], unique=True)
    op.create_table(
        "packages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "PREPARING",
                "READY_TO_SHIP",
                "SHIPPED",
                "DELIVERED",
                "CANCELLED",
                "RETURNED",
                name="package_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("subtotal", sa.Numeric(14, 2), nullable=False),
        sa.Column("discount", sa.Numeric(14, 2), nullable=False),
        sa.Column("iva_amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("shipping_cost", sa.Numeric(14, 2), nullable=False),
        sa.Column("total", sa.Numeric(14, 2), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("guide_number", sa.String(length=60), nullable=True),
        sa.CheckConstraint(
            "least(subtotal, discount, iva_amount, shipping_cost) >= 0", name=op.f("ck_packages_amounts")
        ),
        sa.CheckConstraint(
            "total = subtotal - discount + iva_amount + shipping_cost AND total > 0", name=op.f("ck_packages_total")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_packages_order_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_packages_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
    )
    op.create_index("ix_packages_vendor_id_id", "packages", ["vendor_id", "id"], unique=False)
    op.create_index("uq_packages_order_id_vendor_id", "packages", ["order_id", "vendor_id"], unique=True)
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendedor_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=220), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=True),
        sa.Column("precio_venta", sa.Numeric(14, 2), nullable=False),
        sa.Column("precio_costo", sa.Numeric(14, 2), nullable=True),
        sa.Column(
            "iva_class",
            sa.Enum(
                "GENERAL",
                "REDUCED",
                "EXEMPT",
                "EXCLUDED",
                name="iva_class",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("weight_kg", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String(length=50)), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "PENDING",
                "APPROVED",
                "REJECTED",
                "INACTIVE",
                name="product_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sku ~ '^[A-Z0-9-]{3,50}$'", name=op.f("ck_products_sku")),
        sa.CheckConstraint("precio_costo >= 0", name=op.f("ck_products_precio_costo")),
        sa.CheckConstraint(
            "precio_venta BETWEEN 100 AND 100000000 AND precio_venta = trunc(precio_venta)",
            name=op.f("ck_products_precio_venta"),
        ),
        sa.CheckConstraint("stock >= 0 AND reserved BETWEEN 0 AND stock", name=op.f("ck_products_stock")),
        sa.CheckConstraint("weight_kg > 0", name=op.f("ck_products_weight_kg")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_products_category_id")),
        sa.ForeignKeyConstraint(["vendedor_id"], ["vendors.id"], name=op.f("fk_products_vendedor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    op.create_index(
        "ix_products_category_id_newest",
        "products",
        ["category_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(
        "ix_products_newest",
        "products",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.create_index(op.f("ix_products_slug"), "products", ["slug"], unique=False)
    op.create_index(
        "ix_products_vendedor_id_newest",
        "products",
        ["vendedor_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_products_vendedor_id_sku",
        "products",
        ["vendedor_id", "sku"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "order_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column(
            "actor",
            sa.Enum(
                "BUYER", "VENDOR", "ADMIN", "SYSTEM", name="actor", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_history_order_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_order_history_package_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_order_history_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_history")),
    )
    op.create_index(op.f("ix_order_history_order_id"), "order_history", ["order_id"], unique=False)
    op.create_table(
        "order_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sku", sa.String(length=50), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(14, 2), nullable=False),
        sa.Column("discount", sa.Numeric(14, 2), nullable=False),
        sa.Column(
            "iva_class",
            sa.Enum(
                "GENERAL",
                "REDUCED",
                "EXEMPT",
                "EXCLUDED",
                name="iva_class",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("iva_rate", sa.Numeric(precision=4, scale=2), nullable=False),
        sa.Column("iva_amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("total_price", sa.Numeric(14, 2), nullable=False),
        sa.CheckConstraint(
            "least(unit_price, discount, iva_amount) >= 0 AND discount <= total_price",
            name=op.f("ck_order_items_amounts"),
        ),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 999 AND total_price = unit_price * quantity",
            name=op.f("ck_order_items_total_price"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_items_order_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_order_items_package_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_items_product_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_order_items_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
    )
    op.create_index(op.f("ix_order_items_package_id"), "order_items", ["package_id"], unique=False)
    op.create_index(op.f("ix_order_items_product_id"), "order_items", ["product_id"], unique=False)
    op.create_index("uq_order_items_order_id_product_id", "order_items", ["order_id", "product_id"], unique=True)
    op.create_table(
        "stock_holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN", "SOLD", "RELEASED", name="hold_state", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_holds_quantity")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stock_holds_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_holds_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_holds")),
    )
    op.create_index(
        "ix_stock_holds_open", "stock_holds", ["product_id"], unique=False, postgresql_where=sa.text("state = 'OPEN'")
    )
    op.create_index("uq_stock_holds_order_id_product_id", "stock_holds", ["order_id", "product_id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_stock_holds_order_id_product_id", table_name="stock_holds")
    op.drop_index("ix_stock_holds_open", table_name="stock_holds", postgresql_where=sa.text("state = 'OPEN'"))
    op.drop_table("stock_holds")
    op.drop_index("uq_order_items_order_id_product_id", table_name="order_items")
    op.drop_index(op.f("ix_order_items_product_id"), table_name="order_items")
    op.drop_index(op.f("ix_order_items_package_id"), table_name="order_items")
    op.drop_table("order_items")
    op.drop_index(op.f("ix_order_history_order_id"), table_name="order_history")
    op.drop_table("order_history")
    op.drop_index("uq_products_vendedor_id_sku", table_name="products", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index(
        "ix_products_vendedor_id_newest", table_name="products", postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.drop_index(op.f("ix_products_slug"), table_name="products")
    op.drop_index(
        "ix_products_newest",
        table_name="products",
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.drop_index(
        "ix_products_category_id_newest",
        table_name="products",
        postgresql_where=sa.text("deleted_at IS NULL AND status = 'APPROVED'"),
    )
    op.drop_table("products")
    op.drop_index("uq_packages_order_id_vendor_id", table_name="packages")
    op.drop_index("ix_packages_vendor_id_id", table_name="packages")
    op.drop_table("packages")
    op.drop_index("uq_orders_order_number", table_name="orders")
    op.drop_index("ix_orders_expiring", table_name="orders", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index("ix_orders_buyer_id_id", table_name="orders")
    op.drop_table("orders")
    op.drop_index("uq_categories_slug", table_name="categories")
    op.drop_index(op.f("ix_categories_parent_id"), table_name="categories")
    op.drop_table("categories")
