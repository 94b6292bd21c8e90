"""Documents of identity, as people write them and as they are compared."""

import re

from stdnum.co import nit
from stdnum.exceptions import ValidationError

from mestore.vendors.models import DocumentType

_SEPARATORS = re.compile(r"[\s.,]")
_PLAIN = {
    # Citizens' numbers have up to 8 digits (before 2003) or 10, foreigners' 6 or 7.
    DocumentType.CC: re.compile(r"[1-9][0-9]{4,9}"),
    DocumentType.CE: re.compile(r"[1-9][0-9]{4,6}"),
}


def read_document(kind: DocumentType, text: str) -> str | None:
    """The number in its one spelling (`1020304050`, `900123456-8`), if it is one; a NIT's check digit must be right."""
    if kind is DocumentType.NIT:
        try:
            digits: str = nit.validate(text)
        except ValidationError:
            return None
        return f"{digits[:-1]}-{digits[-1]}"
    digits = _SEPARATORS.sub("", text)
    return digits if _PLAIN[kind].fullmatch(digits) else None
