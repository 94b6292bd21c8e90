"""Figures for Prometheus: what this process counts, and what PostgreSQL knows (read when asked).

With several workers each process counts for itself in files below `PROMETHEUS_MULTIPROC_DIR`, which the client library
reads from the environment when it is imported; `/metrics` adds them up.
"""

import os

from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

requests = Counter("mestore_requests_total", "Answered requests", ["method", "route", "status"])
latency = Histogram(
    "mestore_request_seconds",
    "Time to answer a request",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
webhook_refusals = Counter("mestore_webhook_refusals_total", "Webhooks that were not believed", ["gateway"])

# name → (help, labels, query whose rows are the labels' values and then the figure)
_KNOWN_BY_DATABASE = {
    "mestore_jobs": (
        "Jobs by state",
        ("job", "state"),
        "SELECT entrypoint, status::text, count(*) FROM pgqueuer GROUP BY 1, 2",
    ),
    "mestore_job_oldest_seconds": (
        "Age of the oldest job that could run now",
        (),
        """SELECT coalesce(extract(epoch FROM max(now() - execute_after)), 0) FROM pgqueuer
           WHERE status IN ('queued', 'picked') AND execute_after <= now()""",
    ),
    "mestore_payments": (
        "Payments by state and gateway",
        ("gateway", "state"),
        "SELECT gateway, status, count(*) FROM payments GROUP BY 1, 2",
    ),
    "mestore_payments_unknown": (
        "Attempts whose outcome the gateway has not told yet",
        (),
        "SELECT count(*) FROM payments WHERE status = 'PROCESSING'",
    ),
    "mestore_payment_cases_open": (
        "Cases that wait for an administrator",
        (),
        "SELECT count(*) FROM payment_cases WHERE closed_at IS NULL",
    ),
    "mestore_holds_open": (
        "Orders that hold stock",
        (),
        "SELECT count(DISTINCT order_id) FROM stock_holds WHERE state = 'OPEN'",
    ),
    "mestore_units_held": (
        "Units on hold",
        (),
        "SELECT coalesce(sum(quantity), 0) FROM stock_holds WHERE state = 'OPEN'",
    ),
}


def of_processes() -> bytes:
    """What the API's processes have counted."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(PROCESS_REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


async def of_database(session: AsyncSession) -> bytes:
    """What PostgreSQL knows, in Prometheus' text format."""
    lines: list[str] = []
    for name, (meaning, labels, query) in _KNOWN_BY_DATABASE.items():
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
        for *values, figure in await session.execute(text(query)):
            named = ",".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
            lines.append(f"{name}{{{named}}} {figure}" if named else f"{name} {figure}")
    return ("\n".join(lines) + "\n").encode()
