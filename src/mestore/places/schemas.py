"""Departments and municipalities as they are told."""

from pydantic import Field

from mestore.core.boundary import Output


class DepartmentOut(Output):
    code: str = Field(examples=["11"])
    name: str = Field(examples=["Bogotá, D.C."])


class MunicipalityOut(Output):
    code: str = Field(examples=["11001"])
    name: str = Field(examples=["Bogotá, D.C."])
    department: DepartmentOut
