"""The one source of "now": aware UTC, handed in, so that tests decide what time it is.

What must agree between machines (expiries of holds, leases, codes) is computed by PostgreSQL's clock in SQL instead.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

COLOMBIA = timezone(timedelta(hours=-5), "America/Bogota")
"""Where days begin and end for people: the same all year round, since 1993."""

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)
