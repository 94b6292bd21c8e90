"""The tables of all rooms, gathered for the migrations."""

import mestore.auth.models
import mestore.cart.models
import mestore.catalog.models
import mestore.commissions.models
import mestore.complaints.models
import mestore.core.idempotency
import mestore.notifications.models
import mestore.orders.models
import mestore.payments.collections.models
import mestore.payments.models
import mestore.payments.reconciliation.models
import mestore.returns.models
import mestore.reviews.models
import mestore.search.models
import mestore.shipping.models
import mestore.spreadsheets.models
import mestore.tracking.models
import mestore.users.models
import mestore.vendors.models  # noqa: F401 - each import registers the tables of its room
from mestore.core.database import Base

metadata = Base.metadata
