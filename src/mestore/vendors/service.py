"""Shops: whose they are, and whether they may sell."""

from collections.abc import Collection

from mestore.core.database import Session
from mestore.core.freshness import SHOPS, changed, shop_tag
from mestore.core.ids import UserId, VendorId
from mestore.users.models import User
from mestore.vendors.models import Vendor, VendorStatus
from mestore.vendors.repository import VendorRepository


class VendorService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._vendors = VendorRepository(session)

    async def of_user(self, user_id: UserId) -> Vendor:
        """The shop of its owner.

        Raises:
            VendorNotFound: this user has none.
        """
        return await self._vendors.of_user(user_id)

    async def public(self, slug: str) -> Vendor:
        """What everybody may see of a shop that sells.

        Raises:
            VendorNotFound: there is none at this address that sells now.
        """
        return await self._vendors.public(slug)

    async def by_ids(self, vendor_ids: Collection[VendorId]) -> dict[VendorId, Vendor]:
        """Also closed ones: an old order still names its shop."""
        return {vendor.id: vendor for vendor in await self._vendors.by_ids(vendor_ids)}

    async def add_to_rating(self, vendor_id: VendorId, *, stars: int, reviews: int) -> None:
        """Add to what buyers say of a shop, in the transaction in which a review of one of its products changes."""
        before = await self._vendors.rating_to_change(vendor_id)
        slug, rating = await self._vendors.add_to_rating(vendor_id, stars, reviews)
        changed(self._session, shop_tag(slug))
        if rating != before:
            # All its products show it. An average of many seldom moves, so what is ready for others mostly stays.
            changed(self._session, SHOPS)

    @staticmethod
    def may_publish(user: User, vendor: Vendor) -> bool:
        """Whether a shop may offer products now: approved, and its owner can be reached."""
        return vendor.status is VendorStatus.APPROVED and user.email_verified
