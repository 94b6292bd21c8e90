"""Figures for Prometheus: what this process counts, and what PostgreSQL knows (read when asked).

With several workers each process counts for itself in files below `PROMETHEUS_MULTIPROC_DIR`, which the client library
reads from the environment when it is imported; `/metrics` adds them up. The files of a worker that ended still count,
so that no counter goes back; `mestore serve` begins with none.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

requests = Counter("mestore_requests_total", "Answered requests", ["method", "route", "status"])
latency = Histogram(
    "mestore_request_seconds",
    "Time to answer a request",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
limited = Counter("mestore_rate_limited_total", "Requests refused because a limit was used up", ["limit"])
hot_reads = Counter("mestore_hot_reads_total", "Public answers, by where they came from", ["source"])
webhook_refusals = Counter("mestore_webhook_refusals_total", "Webhooks that were not believed", ["gateway"])

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is a template. A method that HTTP does not know is one of many: each name would be a series for ever."""
    method = method if method in _METHODS else "OTHER"
    requests.labels(method, route, str(status)).inc()
    latency.labels(method, route).observe(seconds)


@dataclass(frozen=True)
class Known:
    """A figure that PostgreSQL knows: the query gives its labels' values as a text array, and then the number."""

    name: str
    meaning: str
    labels: Sequence[str]
    query: str


class Sample(NamedTuple):
    name: str
    labels: Sequence[str]
    figure: float


KNOWN = (
    Known(
        "mestore_jobs",
        "Jobs by state",
        ("job", "state"),
        "SELECT ARRAY[entrypoint, status::text], count(*) FROM pgqueuer GROUP BY entrypoint, status",
    ),
    Known(
        "mestore_job_oldest_seconds",
        "How long the oldest job in a state has been due",
        ("job", "state"),
        """SELECT ARRAY[entrypoint, status::text], extract(epoch FROM max(clock_timestamp() - execute_after))
        FROM pgqueuer WHERE execute_after <= clock_timestamp() GROUP BY entrypoint, status""",
    ),
    Known(
        "mestore_payments",
        "Payments by state and gateway",
        ("gateway", "state"),
        "SELECT ARRAY[gateway, status], count(*) FROM payments GROUP BY gateway, status",
    ),
    Known(
        "mestore_payments_unknown",
        "Attempts whose outcome the gateway has not told yet",
        (),
        "SELECT ARRAY[]::text[], count(*) FROM payments WHERE status = 'PROCESSING'",
    ),
    Known(
        "mestore_payment_cases_open",
        "Cases that wait for an administrator",
        ("kind",),
        "SELECT ARRAY[kind], count(*) FROM payment_cases WHERE closed_at IS NULL GROUP BY kind",
    ),
    Known(
        "mestore_holds_open",
        "Orders that hold stock",
        (),
        "SELECT ARRAY[]::text[], count(DISTINCT order_id) FROM stock_holds WHERE state = 'OPEN'",
    ),
    Known(
        "mestore_units_held",
        "Units on hold",
        (),
        "SELECT ARRAY[]::text[], coalesce(sum(quantity), 0) FROM stock_holds WHERE state = 'OPEN'",
    ),
)
_QUESTION = text(
    " UNION ALL ".join(f"SELECT '{known.name}', * FROM ({known.query}) AS known (labels, figure)" for known in KNOWN)  # noqa: S608
)


class Figures(Response):
    media_type: str = CONTENT_TYPE_PLAIN_0_0_4


def of_processes() -> bytes:
    """What the API's processes have counted."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(PROCESS_REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


async def ask_database(session: AsyncSession) -> list[Sample]:
    """All that PostgreSQL knows, in one question."""
    return [Sample(*row) for row in await session.execute(_QUESTION)]


def of_database(samples: Sequence[Sample] | None) -> bytes:
    """The text of what PostgreSQL answered; None says that it did not."""
    registry = CollectorRegistry()
    registry.register(_Answer(samples))
    return generate_latest(registry)


class _Answer(Collector):
    def __init__(self, samples: Sequence[Sample] | None) -> None:
        self._samples = samples

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = GaugeMetricFamily("mestore_database_up", "Whether PostgreSQL answers")
        up.add_metric([], self._samples is not None)
        yield up
        for known in KNOWN if self._samples is not None else ():
            family = GaugeMetricFamily(known.name, known.meaning, labels=known.labels)
            for sample in self._samples or ():
                if sample.name == known.name:
                    family.add_metric(sample.labels, float(sample.figure))
            yield family
