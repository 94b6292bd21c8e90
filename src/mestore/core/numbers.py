"""Numbers that people read, say on the phone and type: of orders, of complaints."""

import secrets
from datetime import datetime

from mestore.core.clock import COLOMBIA

_NO_LOOK_ALIKES = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8


def dated_number(prefix: str, moment: datetime) -> str:
    """`PQR-20261124-7KQ2M9XD`: the day in Colombia, and eight random characters that nobody takes for another."""
    day = moment.astimezone(COLOMBIA).strftime("%Y%m%d")
    return f"{prefix}-{day}-{''.join(secrets.choice(_NO_LOOK_ALIKES) for _ in range(_LENGTH))}"
