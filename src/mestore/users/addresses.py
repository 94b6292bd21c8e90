"""Where somebody has things sent: up to twenty addresses, of which one is the default."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from mestore.core.database import Session
from mestore.core.ids import UserId, new_uuid
from mestore.places.dane import find_municipality
from mestore.users.addresses_repository import AddressRepository
from mestore.users.errors import MUNICIPALITY_UNKNOWN, AddressNotFound, DetailsRefused, TooManyAddresses
from mestore.users.models import Address

MOST = 20


@dataclass(frozen=True)
class NewAddress:
    name: str
    phone: str
    street: str
    department_code: str
    municipality_code: str
    notes: str | None
    is_default: bool


class AddressService:
    def __init__(self, session: Session) -> None:
        self._addresses = AddressRepository(session)

    async def of_user(self, user_id: UserId) -> Sequence[Address]:
        """The default first, then the newest."""
        return await self._addresses.of_user(user_id)

    async def add(self, user_id: UserId, new: NewAddress) -> Address:
        """Keep an address; the first one is the default.

        Raises:
            DetailsRefused: the department has no such municipality.
            TooManyAddresses: there are twenty.
        """
        _check_place(new.department_code, new.municipality_code)
        await self._addresses.one_at_a_time(user_id)
        count = await self._addresses.count(user_id)
        if count >= MOST:
            raise TooManyAddresses
        values = asdict(new)
        del values["department_code"]
        if count == 0:
            values["is_default"] = True
        elif new.is_default:
            await self._addresses.have_no_default(user_id)
        return await self._addresses.keep(Address(id=new_uuid(), user_id=user_id, **values))

    async def change(self, user_id: UserId, address_id: UUID, changes: dict[str, Any]) -> Address:
        """Change what was named. Another can be made the default; the default can't just cease to be it.

        Raises:
            AddressNotFound: it is another's.
            DetailsRefused: the department has no such municipality.
        """
        values = dict(changes)
        await self._addresses.one_at_a_time(user_id)
        address = await self._addresses.get(user_id, address_id)
        if address is None:
            raise AddressNotFound
        code = values.get("municipality_code", address.municipality_code)
        _check_place(values.pop("department_code", code[:2]), code)
        if values.pop("is_default", False) and not address.is_default:
            await self._addresses.have_no_default(user_id)
            values["is_default"] = True
        for name, value in values.items():
            setattr(address, name, value)
        return await self._addresses.keep(address)

    async def remove(self, user_id: UserId, address_id: UUID) -> None:
        """Forget an address. Was it the default, the newest of the others becomes it.

        Raises:
            AddressNotFound: it is another's.
        """
        await self._addresses.one_at_a_time(user_id)
        was_default = await self._addresses.remove(user_id, address_id)
        if was_default is None:
            raise AddressNotFound
        if was_default:
            await self._addresses.make_newest_default(user_id)


def _check_place(department_code: str, municipality_code: str) -> None:
    found = find_municipality(municipality_code)
    if found is None or found.department.code != department_code:
        raise DetailsRefused([MUNICIPALITY_UNKNOWN])
