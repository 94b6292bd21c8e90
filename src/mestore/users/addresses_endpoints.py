"""The addresses at which somebody keeps addresses."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Input, Line, Output, Phone, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.paging import Page
from mestore.places.codes import DepartmentCode, MunicipalityCode
from mestore.places.dane import find_municipality
from mestore.users.addresses import AddressService, NewAddress
from mestore.users.current import CurrentUser
from mestore.users.errors import AddressNotFound, DetailsRefused, NotSignedIn, TooManyAddresses
from mestore.users.models import Address

router = APIRouter(prefix="/auth/me/addresses", tags=["auth"], route_class=StrictRoute)

Addresses = Annotated[AddressService, Depends()]
Name = Annotated[Line, Field(examples=["Ana Ruiz"], description="Who receives")]
Street = Annotated[Line, StringConstraints(min_length=5), Field(examples=["Cra 7 # 71-21 Apto 301"])]
Notes = Annotated[Line, StringConstraints(max_length=300), Field(examples=["Portería"])]


class AddressIn(Input):
    name: Name
    phone: Phone
    street: Street
    department_code: DepartmentCode
    municipality_code: MunicipalityCode
    notes: Notes | None = Field(None, examples=["Portería"])
    is_default: bool = False


class AddressChangesIn(Input):
    """What is left out stays as it is."""

    name: Name | SkipJsonSchema[None] = Field(None, examples=["Ana Ruiz"])
    phone: Phone | SkipJsonSchema[None] = None
    street: Street | SkipJsonSchema[None] = Field(None, examples=["Cra 7 # 71-21 Apto 301"])
    department_code: DepartmentCode | SkipJsonSchema[None] = Field(None, examples=["11"])
    municipality_code: MunicipalityCode | SkipJsonSchema[None] = Field(None, examples=["11001"])
    notes: Notes | None = Field(None, examples=["Portería"])
    is_default: bool | SkipJsonSchema[None] = Field(None, examples=[True], description="`false` changes nothing")

    @field_validator("name", "phone", "street", "department_code", "municipality_code", "is_default", mode="before")
    @classmethod
    def _is_not_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null", "Leave a field out to keep it; it can't be null")
        return value


class AddressOut(Output):
    id: UUID
    name: str = Field(examples=["Ana Ruiz"])
    phone: str = Field(examples=["+573001234567"])
    street: str = Field(examples=["Cra 7 # 71-21 Apto 301"])
    department_code: str = Field(examples=["11"])
    department: str = Field(examples=["Bogotá, D.C."])
    municipality_code: str = Field(examples=["11001"])
    municipality: str = Field(examples=["Bogotá, D.C."])
    notes: str | None = Field(examples=["Portería"])
    is_default: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, address: Address) -> Self:
        place = find_municipality(address.municipality_code)
        assert place is not None, "only codes of the list were taken, and none is taken out of it"
        names = (
            "id",
            "name",
            "phone",
            "street",
            "municipality_code",
            "notes",
            "is_default",
            "created_at",
            "updated_at",
        )
        return cls(
            **{name: getattr(address, name) for name in names},
            municipality=place.name,
            department_code=place.department.code,
            department=place.department.name,
        )


@router.get("", summary="List my addresses", responses=refusals(NotSignedIn))
async def list_addresses(user: CurrentUser, addresses: Addresses) -> Page[AddressOut]:
    """The default first. There are at most twenty, so they are one page."""
    shown = [AddressOut.of(each) for each in await addresses.of_user(user.id)]
    return Page(items=shown, next_cursor=None, total=len(shown))


@router.post(
    "",
    summary="Keep an address",
    status_code=201,
    responses=refusals(NotSignedIn, DetailsRefused, TooManyAddresses),
)
async def add_address(body: AddressIn, user: CurrentUser, addresses: Addresses) -> AddressOut:
    """The first one is the default, whatever `is_default` says."""
    return AddressOut.of(await addresses.add(user.id, NewAddress(**body.model_dump())))


@router.patch(
    "/{address_id}",
    summary="Change an address",
    responses=refusals(NotSignedIn, DetailsRefused, AddressNotFound),
)
async def change_address(
    address_id: Uuid, body: AddressChangesIn, user: CurrentUser, addresses: Addresses
) -> AddressOut:
    """Another municipality brings its department along. Orders keep the address they were placed with."""
    return AddressOut.of(await addresses.change(user.id, address_id, body.model_dump(exclude_unset=True)))


@router.delete(
    "/{address_id}",
    summary="Forget an address",
    status_code=204,
    responses=refusals(NotSignedIn, AddressNotFound),
)
async def remove_address(address_id: Uuid, user: CurrentUser, addresses: Addresses) -> None:
    await addresses.remove(user.id, address_id)
