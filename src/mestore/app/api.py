"""The application: every room's routes behind the gate, and what they share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from mestore.analytics.endpoints import router as analytics_router
from mestore.app import description, docs_page, health
from mestore.app.hot_routes import tags_of
from mestore.app.rate_rules import RateLimits, limit_items
from mestore.app.subscriptions import TASKS
from mestore.auth.endpoints import router as auth_router
from mestore.auth.mfa_endpoints import router as mfa_router
from mestore.auth.password_endpoints import router as passwords_router
from mestore.auth.phone_endpoints import router as phone_router
from mestore.auth.session_endpoints import router as sessions_router
from mestore.cart.endpoints import router as cart_router
from mestore.catalog.category_endpoints import router as categories_router
from mestore.catalog.editing_endpoints import admin_router as admin_products_router
from mestore.catalog.editing_endpoints import router as editing_router
from mestore.catalog.endpoints import router as products_router
from mestore.catalog.images_endpoints import router as images_router
from mestore.commissions.endpoints import router as commissions_router
from mestore.complaints.admin_endpoints import router as admin_complaints_router
from mestore.complaints.endpoints import router as complaints_router
from mestore.complaints.vendor_endpoints import router as vendor_complaints_router
from mestore.core import documentation, failpoints, logs, problems
from mestore.core.clock import Now, utc_now
from mestore.core.etags import ETags
from mestore.core.gate import Gate
from mestore.core.hot_reads import Front, HotReads, Store
from mestore.core.settings import Settings
from mestore.core.world import World, open_world
from mestore.media.endpoints import router as media_router
from mestore.orders.admin_endpoints import router as admin_orders_router
from mestore.orders.endpoints import router as orders_router
from mestore.orders.vendor_endpoints import router as vendor_orders_router
from mestore.payments.blocks.endpoints import router as fraud_blocks_router
from mestore.payments.cases.endpoints import router as payment_cases_router
from mestore.payments.collections.endpoints import router as collections_router
from mestore.payments.endpoints import router as payments_router
from mestore.payments.intents.endpoints import router as intents_router
from mestore.payments.offers.endpoints import router as offers_router
from mestore.payments.reconciliation.endpoints import router as reconciliation_router
from mestore.payments.refunds.endpoints import admin_router as admin_refunds_router
from mestore.payments.refunds.endpoints import payment_router as payment_refunds_router
from mestore.payments.refunds.endpoints import router as refunds_router
from mestore.payments.review.endpoints import router as admin_payments_router
from mestore.payments.webhooks.endpoints import router as webhooks_router
from mestore.places.endpoints import router as places_router
from mestore.privacy.endpoints import router as privacy_router
from mestore.product_page.endpoints import router as product_page_router
from mestore.receipts.endpoints import router as receipts_router
from mestore.receipts.slip_endpoints import router as slips_router
from mestore.returns.admin_endpoints import router as admin_returns_router
from mestore.returns.endpoints import router as returns_router
from mestore.returns.vendor_endpoints import router as vendor_returns_router
from mestore.reviews.endpoints import router as reviews_router
from mestore.search.endpoints import router as search_router
from mestore.search.synonyms_endpoints import router as synonyms_router
from mestore.shipping.endpoints import router as shipping_router
from mestore.shipping.rates_endpoints import router as shipping_rates_router
from mestore.shipping.times_endpoints import admin_router as admin_delivery_times_router
from mestore.shipping.times_endpoints import router as delivery_times_router
from mestore.spreadsheets.endpoints import router as spreadsheets_router
from mestore.tracking.admin_endpoints import router as admin_tracking_router
from mestore.tracking.carrier_endpoints import router as carriers_router
from mestore.tracking.endpoints import router as tracking_router
from mestore.tracking.vendor_endpoints import router as vendor_tracking_router
from mestore.users.addresses_endpoints import router as addresses_router
from mestore.vendors.endpoints import router as vendors_router

ROOMS: tuple[APIRouter, ...] = (
    # FastAPI tries them in turn: what is asked for most, and is not kept ready, comes first.
    tracking_router,
    orders_router,
    cart_router,
    payments_router,
    webhooks_router,
    analytics_router,
    spreadsheets_router,
    product_page_router,
    search_router,
    editing_router,
    products_router,
    images_router,
    reviews_router,
    categories_router,
    auth_router,
    passwords_router,
    phone_router,
    sessions_router,
    mfa_router,
    privacy_router,
    addresses_router,
    places_router,
    vendors_router,
    admin_products_router,
    synonyms_router,
    shipping_router,
    delivery_times_router,
    shipping_rates_router,
    admin_delivery_times_router,
    vendor_orders_router,
    vendor_tracking_router,
    admin_orders_router,
    admin_tracking_router,
    carriers_router,
    receipts_router,
    offers_router,
    slips_router,
    collections_router,
    intents_router,
    refunds_router,
    payment_refunds_router,
    admin_refunds_router,
    reconciliation_router,
    admin_payments_router,
    payment_cases_router,
    fraud_blocks_router,
    returns_router,
    vendor_returns_router,
    admin_returns_router,
    commissions_router,
    complaints_router,
    vendor_complaints_router,
    admin_complaints_router,
)


def create_app(settings: Settings, *, now: Now = utc_now) -> FastAPI:
    """The API with its outside world, which the lifespan opens and closes."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_world(settings, now, TASKS, name="api") as world:
            app.state.world = world
            yield

    app = FastAPI(
        title="MeStore",
        version="1.0.0",
        description=description.TEXT,
        openapi_tags=description.TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        generate_unique_id_function=documentation.operation_id,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for room in ROOMS:
        app.include_router(room, prefix="/api/v1")
    app.include_router(health.router)
    app.include_router(media_router)
    problems.install(app)
    documentation.install(app)
    docs_page.install(app)
    return app


def behind_gate(app: FastAPI, settings: Settings) -> ASGIApp:
    def store() -> Store | None:
        world: World | None = getattr(app.state, "world", None)
        return world.hot if world is not None and world.hot.seconds else None

    gate = Gate(RateLimits(app, settings, HotReads(ETags(app), store, tags_of)), settings)
    everything = limit_items(settings.limits)["everything"]
    return Front(
        gate,
        store,
        quota=everything.amount,
        window=everything.get_expiry(),
        proxies=tuple(settings.api.trusted_proxies),
        headers=gate.headers,
    )


def application() -> ASGIApp:
    """What the server loads in each of its workers."""
    settings = Settings()
    logs.configure(settings.log_level)
    failpoints.arm(settings.failpoints)
    return behind_gate(create_app(settings), settings)


def openapi_document() -> dict[str, Any]:
    return create_app(Settings()).openapi()
