"""DANE's codes as they come in."""

from typing import Annotated

from pydantic import Field, StringConstraints

DepartmentCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{2}$"), Field(description="DANE's code", examples=["11"])
]
MunicipalityCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{5}$"), Field(description="DANE's code", examples=["11001"])
]
