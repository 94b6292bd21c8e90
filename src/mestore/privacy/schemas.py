"""What is kept about somebody, as they get it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from mestore.core.boundary import Output
from mestore.users.schemas import UserOut


class ExportOut(Output):
    exported_at: datetime
    account: UserOut
    records: dict[str, list[dict[str, Any]]] = Field(
        examples=[{"orders": [{"order_number": "ORD-20261124-7KQ2M9XD", "total_amount": "250000.00"}]}],
        description="The rows of each kind, with the names that they are kept under",
    )
