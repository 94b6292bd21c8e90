"""Shops: whose they are, and whether they may sell."""

from collections.abc import Collection

from mestore.core.database import Session
from mestore.core.ids import UserId, VendorId
from mestore.users.models import User
from mestore.vendors.models import Vendor, VendorStatus
from mestore.vendors.repository import VendorRepository


class VendorService:
    def __init__(self, session: Session) -> None:
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

    @staticmethod
    def may_publish(user: User, vendor: Vendor) -> bool:
        """Whether a shop may offer products now: approved, and its owner can be reached."""
        return vendor.status is VendorStatus.APPROVED and user.email_verified
