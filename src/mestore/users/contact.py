"""E-mail addresses and phone numbers as people write them, and what they are to us."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email

_LONGEST_ADDRESS = 254
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_HOME = "CO"


@dataclass(frozen=True)
class EmailAddress:
    """`written` is where letters go; two addresses with one `key` are one account."""

    written: str
    key: str


def read_email(text: str) -> EmailAddress | None:
    """The address in a text, if it is one. No DNS is asked: whether letters arrive is what the code by mail shows.

    The key leaves out case, and the ways in which Unicode spells one letter, so that nobody registers as somebody
    else's look-alike (fault F64).
    """
    try:
        written = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    # One letter may become several in the key (ﬃ, ß).
    return EmailAddress(written, key) if max(len(written), len(key)) <= _LONGEST_ADDRESS else None


def read_phone(text: str) -> str | None:
    """The number in E.164, if it is one: `3001234567` is Colombian, others begin with + and their country."""
    try:
        number = phonenumbers.parse(text, _HOME)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if phonenumbers.is_valid_number(number) and _E164.fullmatch(written) else None
