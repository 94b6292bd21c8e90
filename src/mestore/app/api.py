"""The application: every room's routes behind the gate, and what they share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from mestore.app import description, docs_page, health
from mestore.app.rate_rules import RateLimits
from mestore.app.subscriptions import TASKS
from mestore.auth.endpoints import router as auth_router
from mestore.auth.mfa_endpoints import router as mfa_router
from mestore.auth.password_endpoints import router as passwords_router
from mestore.auth.phone_endpoints import router as phone_router
from mestore.auth.session_endpoints import router as sessions_router
from mestore.catalog.endpoints import categories_router
from mestore.catalog.endpoints import router as products_router
from mestore.commissions.endpoints import router as commissions_router
from mestore.core import documentation, failpoints, logs, problems
from mestore.core.boundary import StrictRoute
from mestore.core.clock import Now, utc_now
from mestore.core.etags import ETags
from mestore.core.gate import Gate
from mestore.core.settings import Settings
from mestore.core.world import open_world
from mestore.orders.endpoints import router as orders_router
from mestore.payments.endpoints import router as payments_router
from mestore.places.endpoints import router as places_router
from mestore.privacy.endpoints import router as privacy_router
from mestore.users.addresses_endpoints import router as addresses_router
from mestore.vendors.endpoints import router as vendors_router

ROOMS: tuple[APIRouter, ...] = (
    auth_router,
    passwords_router,
    phone_router,
    sessions_router,
    mfa_router,
    privacy_router,
    addresses_router,
    places_router,
    vendors_router,
    products_router,
    categories_router,
    orders_router,
    payments_router,
    commissions_router,
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
    api = APIRouter(prefix="/api/v1", route_class=StrictRoute)
    for room in ROOMS:
        api.include_router(room)
    app.include_router(api)
    app.include_router(health.router)
    problems.install(app)
    documentation.install(app)
    docs_page.install(app)
    return app


def behind_gate(app: FastAPI, settings: Settings) -> ASGIApp:
    return Gate(ETags(RateLimits(app, settings)), settings)


def application() -> ASGIApp:
    """What the server loads in each of its workers."""
    settings = Settings()
    logs.configure(settings.log_level)
    failpoints.arm(settings.failpoints)
    return behind_gate(create_app(settings), settings)


def openapi_document() -> dict[str, Any]:
    return create_app(Settings()).openapi()
