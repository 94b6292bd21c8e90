"""What a vendor sold in a period, from its orders."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from mestore.analytics.errors import BadPeriod
from mestore.analytics.repository import analytics_json
from mestore.core.database import Session
from mestore.core.ids import VendorId
from mestore.core.wiring import TheWorld
from mestore.users.current import STAFF
from mestore.users.errors import WrongAccountType
from mestore.users.models import User, UserType
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.service import VendorService

_COLOMBIA = ZoneInfo("America/Bogota")
_USUAL_DAYS = 30
_LONGEST_DAYS = 366


class AnalyticsService:
    def __init__(self, world: TheWorld, session: Session) -> None:
        self._world = world
        self._vendors = VendorService(session)

    async def of_shop(self, user: User, vendor_id: UUID | None, since: date | None, until: date | None) -> str:
        """JSON of the caller's sales, or, for an administrator, of a shop's; the last thirty days unless told.

        Raises:
            BadPeriod: it ends before it begins, or is longer than a year.
            VendorNotFound: there is no such shop, or it is not the caller's.
            WrongAccountType: the caller has no shop, or, as an administrator, named none.
        """
        last = until or self._world.now().astimezone(_COLOMBIA).date()
        first = since or last - timedelta(days=_USUAL_DAYS - 1)
        if not timedelta() <= last - first < timedelta(days=_LONGEST_DAYS):
            raise BadPeriod
        shop = await self._shop(user, vendor_id)
        return await analytics_json(self._world.reads, shop, first, last, self._world.settings.catalog.low_stock)

    async def _shop(self, user: User, vendor_id: UUID | None) -> VendorId:
        if user.user_type not in (*STAFF, UserType.VENDOR):
            raise WrongAccountType
        if user.user_type is UserType.VENDOR:
            own = await self._vendors.of_user(user.id)
            if vendor_id not in (None, own.id):
                raise VendorNotFound
            return own.id
        if vendor_id is None:
            raise WrongAccountType
        wanted = VendorId(vendor_id)
        if wanted not in await self._vendors.by_ids([wanted]):
            raise VendorNotFound
        return wanted
