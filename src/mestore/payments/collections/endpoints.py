"""Where administrators bring in what counters collected, and where a code tells whether it can be paid."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from mestore.core import forms
from mestore.core.boundary import StrictRoute, parse_json
from mestore.core.documentation import refusals, shows
from mestore.core.errors import BodyTooLarge, NotJson
from mestore.core.forms import FormExpected, FormUnreadable
from mestore.core.wiring import CurrentSettings
from mestore.payments.collections.codes import CodeService, CodeView
from mestore.payments.collections.models import CollectionOutcome
from mestore.payments.collections.schemas import Code, CodeOut, CodePaidIn, CollectionReport
from mestore.payments.collections.service import CollectionService, Report
from mestore.payments.errors import (
    CodeNotFound,
    CodeNotPaid,
    CollectedInFuture,
    CollectedOtherwise,
    CollectionFileRefused,
    GatewaySilent,
)
from mestore.users.current import CurrentAdmin, CurrentBuyerOrAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/payments/efecty", tags=["payments"], route_class=StrictRoute)
Collections = Annotated[CollectionService, Depends()]
Codes = Annotated[CodeService, Depends()]
_REPORT = TypeAdapter(CollectionReport)
_FILE_EXAMPLE = (
    "01901234567820261124007      00123456789202611242305A01\r\n"
    "0577099980012370001\r\n"
    "0600000000000000000000000000000000000032600009560100000008000000010100451200451200700330000002\r\n"
    "080000000010000000000080000000001\r\n"
    "09000000001000000000008000000\r\n"
)
_NOT_KNOWN_YET = shows(
    file=None,
    collections=[
        {
            "line": None,
            "reference": "326000095601",
            "amount": "80000.00",
            "receipt": "004512",
            "outcome": "PENDING",
            "already": False,
            "payment_id": 55,
        }
    ],
    outcomes=[{"outcome": "PENDING", "count": 1, "amount": "80000.00"}],
    total="80000.00",
)
"""A code of which the gateway has not heard."""


def _documented() -> dict[str, Any]:
    form = forms.documented(
        "CollectionForm",
        {"maxLength": 1_000_000, "description": "Asobancaria 2001, in Latin-1: records of 162 characters"},
        {"file": _FILE_EXAMPLE},
    )
    said = {
        "schema": CodePaidIn.model_json_schema(),
        "example": {
            "code": "326000095601",
            "amount": "80000.00",
            "paid_at": "2026-11-24T15:04:05Z",
            "reference": "004512",
        },
    }
    form["requestBody"]["content"] = {"application/json": said, **form["requestBody"]["content"]}
    return form


class Incoming:
    """A file in a form, or a code in JSON: read only when everything else about the request is known to be right."""

    def __init__(self, request: Request, settings: CurrentSettings) -> None:
        self._request = request
        self._most_bytes = settings.payments.max_collection_file_bytes

    @property
    def is_form(self) -> bool:
        return self._media_type == "multipart/form-data"

    async def file(self) -> bytes:
        async with forms.received(self._request, max_bytes=self._most_bytes) as form:
            return await form.file.read()

    async def code(self) -> CodePaidIn:
        """Raises:
        FormExpected, NotJson, RequestValidationError: it is neither form nor JSON, or does not say what it must.
        """
        if self._media_type != "application/json":
            raise FormExpected
        try:
            return CodePaidIn.model_validate(parse_json(await self._request.body()))
        except ValidationError as error:
            raise RequestValidationError(
                [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
            ) from error

    @property
    def _media_type(self) -> str:
        return self._request.headers.get("content-type", "").partition(";")[0].strip().lower()


@router.post(
    "/confirm",
    summary="Bring in what counters collected",
    response_model=CollectionReport,
    openapi_extra=_documented(),
    responses={
        202: {
            "description": "The gateway does not know of it yet. Nothing was changed.",
            "model": CollectionReport,
            **_NOT_KNOWN_YET,
        },
        **refusals(
            *(NotSignedIn, WrongAccountType, SecondFactorNeeded, CodeNotFound, CodeNotPaid, CollectedOtherwise),
            *(CollectionFileRefused, CollectedInFuture, NotJson, FormExpected, FormUnreadable, BodyTooLarge),
            GatewaySilent,
        ),
    },
)
async def confirm_collections(
    admin: CurrentAdmin, collections: Collections, incoming: Annotated[Incoming, Depends()]
) -> Response:
    """The network's file of a day as a form (`file`), or one code as JSON.

    A file moves money by itself, line for line: it is the network's word. Of a code the gateway is asked, and only what
    it says counts. What came in before is told again (`already`) and changes nothing, so that anything can be repeated.
    """
    if incoming.is_form:
        report = await collections.take_file(admin, await incoming.file())
    else:
        report = await collections.confirm_code(admin, await incoming.code())
    body = _REPORT.dump_json(_REPORT.validate_python(report, from_attributes=True))
    return Response(body, _status(report), media_type="application/json")


def _status(report: Report) -> int:
    return 202 if any(each.outcome is CollectionOutcome.PENDING for each in report.collections) else 200


@router.get(
    "/validate/{code}",
    summary="See whether a code can be paid",
    response_model=CodeOut,
    responses=refusals(NotSignedIn, WrongAccountType, SecondFactorNeeded, CodeNotFound),
)
async def validate_code(code: Annotated[Code, Path()], user: CurrentBuyerOrAdmin, codes: Codes) -> CodeView:
    """One's own, to staff any. While it is open its gateway is asked; `known_at` says as of when the answer holds."""
    return await codes.see(user, code)
