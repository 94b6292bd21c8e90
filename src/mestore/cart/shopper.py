"""Whose cart is meant: a signed-in buyer's own, else that of the guest who shows its token."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from pydantic import StringConstraints

from mestore.core.ids import UserId
from mestore.users.current import OptionalUser
from mestore.users.errors import WrongAccountType
from mestore.users.models import UserType

CartToken = Annotated[
    Annotated[str, StringConstraints(max_length=200)] | None,
    Header(alias="X-Cart-Token", description="A guest's cart: the `token` of an earlier answer"),
]


@dataclass(frozen=True)
class Shopper:
    """Of both, at most one: an account's cart goes before a token's."""

    user_id: UserId | None = None
    token: str | None = None


async def shopper_of(user: OptionalUser, token: CartToken = None) -> Shopper:
    if user is None:
        return Shopper(token=token)
    if user.user_type not in (UserType.BUYER, UserType.VENDOR):
        raise WrongAccountType
    return Shopper(user_id=user.id)


CurrentShopper = Annotated[Shopper, Depends(shopper_of)]
