"""What can be paid with, as shops' pages see it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from mestore.core.boundary import Output
from mestore.payments.states import PaymentMethod


class BankOut(Output):
    code: Annotated[str, Field(description="The `bank_code` of PSE", examples=["1022"])]
    name: Annotated[str, Field(examples=["BANCO UNION COLOMBIANO"])]


class MethodOut(Output):
    method: PaymentMethod
    gateways: Annotated[list[str], Field(description="Who would be asked, in this order", examples=[["wompi", "payu"]])]
    min_amount: Annotated[int, Field(description="COP", examples=[1])]
    max_amount: Annotated[int | None, Field(description="COP; null: no limit that we know", examples=[None])]
    max_installments: Annotated[int | None, Field(description="Cards only", examples=[None])]
    banks: Annotated[list[BankOut] | None, Field(description="PSE only; null where nobody could tell them now")]


class MethodsOut(Output):
    methods: list[MethodOut]


class ConfigOut(Output):
    """Public keys: with Wompi's a page makes a card's token in the buyer's browser."""

    wompi_public_key: Annotated[str, Field(examples=["pub_test_mestore"])]
    wompi_environment: Annotated[str, Field(examples=["test"])]
    payu_merchant_id: Annotated[str | None, Field(examples=["508029"])]
    payu_account_id: Annotated[str | None, Field(examples=["512321"])]
    payu_test: Annotated[bool | None, Field(examples=[True])]
    efecty_agreement: Annotated[str | None, Field(description="The convenio", examples=["110000"])]
    currency: Annotated[str, Field(examples=["COP"])] = "COP"


class GatewayHealth(Output):
    breaker: Annotated[
        str,
        Field(
            description="`closed`: it is asked; `opened`: it failed too often lately; `half-opened`: the next decides",
            examples=["closed"],
        ),
    ]
    last_success_at: datetime | None
    last_failure_at: datetime | None


class HealthOut(Output):
    gateways: Annotated[
        dict[str, GatewayHealth],
        Field(
            examples=[
                {
                    "wompi": {
                        "breaker": "closed",
                        "last_success_at": "2026-11-24T15:04:05Z",
                        "last_failure_at": "2026-11-24T09:30:00Z",
                    }
                }
            ]
        ),
    ]
