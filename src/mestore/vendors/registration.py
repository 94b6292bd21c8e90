"""How somebody becomes a vendor."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from mestore.auth.events import EmailVerificationWished
from mestore.core.database import Session
from mestore.core.ids import VendorId, new_uuid
from mestore.core.jobs import publish
from mestore.core.slugs import slug_of
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.errors import DetailsRefused
from mestore.users.models import User
from mestore.users.service import NewUser, UserService
from mestore.vendors.documents import read_document
from mestore.vendors.errors import DOCUMENT_INVALID, DocumentTaken
from mestore.vendors.models import DocumentType, Vendor, VendorStatus
from mestore.vendors.repository import VendorRepository

_LONGEST_SLUG = 100
_RESERVED = {"me", "register"}
"""Addresses of this room that a shop's must not be."""


@dataclass(frozen=True)
class NewShop:
    business_name: str
    document_type: DocumentType
    document_number: str
    city: str


@dataclass(frozen=True)
class RegisteredVendor:
    user: User
    vendor: Vendor


class VendorRegistration:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._auto_approve = settings.vendors.auto_approve
        self._now = now
        self._users = UserService(session, settings, now)
        self._vendors = VendorRepository(session)

    async def register(self, owner: NewUser, shop: NewShop) -> RegisteredVendor:
        """Make an account and its shop, both or neither, and mail a code to verify the e-mail.

        Raises:
            DetailsRefused: the e-mail, phone, password or document doesn't fit.
            EmailTaken: there is an account with this e-mail.
            DocumentTaken: there is a shop of this legal person.
        """
        document = read_document(shop.document_type, shop.document_number)
        if document is None:
            raise DetailsRefused([DOCUMENT_INVALID])
        user = await self._users.register(owner)
        vendor = await self._open(user, shop, document)
        await publish(self._session, EmailVerificationWished(user.id))
        return RegisteredVendor(user, vendor)

    async def _open(self, user: User, shop: NewShop, document: str) -> Vendor:
        for slug in slugs_of(shop.business_name):
            vendor = await self._vendors.add(
                {
                    "id": VendorId(new_uuid()),
                    "user_id": user.id,
                    "slug": slug,
                    "business_name": shop.business_name,
                    "description": "",
                    "document_type": shop.document_type,
                    "document_number": document,
                    "city": shop.city,
                    "status": VendorStatus.APPROVED if self._auto_approve else VendorStatus.PENDING,
                    "terms_accepted_at": self._now(),
                }
            )
            if vendor is not None:
                return vendor
            if await self._vendors.has_document(shop.document_type, document):
                raise DocumentTaken
        raise AssertionError("the last slugs are random: one of them is free")


def slugs_of(business_name: str) -> Iterator[str]:
    """Addresses for a shop, the nicest first: `Café de la Sierra` → `cafe-de-la-sierra`, `cafe-de-la-sierra-2`, …"""
    nicest = slug_of(business_name, longest=_LONGEST_SLUG, otherwise="tienda")
    if nicest not in _RESERVED:
        yield nicest
    yield from (f"{nicest}-{number}" for number in range(2, 5))
    yield from (f"{nicest}-{secrets.token_hex(4)}" for _ in range(5))
