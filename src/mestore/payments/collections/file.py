"""The file of collections that banks and networks send: Asobancaria 2001, fixed width, read as strictly as it is money.

Records of 162 characters: `01` the file, `05` a batch, `06` one collection, `08` what the batch adds up to, `09` what
the file does. Amounts are in centavos. Blanks at the end of a line may be missing. One wrong count, total, date or
length refuses the whole file: nothing of a file that contradicts itself is believed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from mestore.core.clock import COLOMBIA
from mestore.core.money import ZERO, Money, total

LONGEST = 162
MOST_BYTES = 8_000_000
"""Some 48,000 collections."""

_ENDS = {"01": 55, "05": 19, "06": 94, "08": 33, "09": 29}
"""Where the last field that must be there ends, by the kind of record."""
_FILLER = {"01": 55, "05": 19, "06": 97, "08": 33, "09": 29}
"""From where on a record is blank."""
_FOLLOWS: dict[str, tuple[str, ...]] = {
    "": ("01",),
    "01": ("05",),
    "05": ("06", "08"),
    "06": ("06", "08"),
    "08": ("05", "09"),
}
_PRINTED = re.compile(r"[ -~\xa0-\xff]*")
_REFERENCE = re.compile(r"[0-9A-Za-z-]+")
_NOT_RETURNED = ("", "000")


class WrongCollectionFile(ValueError):
    """The file is refused as a whole. `line` counts from 1; 0 is the file itself."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Collection:
    """One payment at a counter."""

    key: str
    """Names this collection for ever: entity, day, batch, sequence, reference and amount. For reading a file twice."""
    line: int
    reference: str
    """The code that was said, without the zeros before it."""
    amount: Money
    """COP; may have centavos, if the payer paid such."""
    origin: str
    means: str
    """`01` is cash at the counter."""
    operation: str
    authorisation: str
    branch: str
    returned: str | None
    """Why it was given back, where it was: no money is with us then."""


@dataclass(frozen=True)
class FileHeader:
    nit: str
    collected_on: date
    """The day in Colombia."""
    entity: str
    made_at: datetime
    """UTC-5."""
    modifier: str
    """A to Z: which file of the day this is."""


@dataclass(frozen=True)
class CollectionFile:
    header: FileHeader
    collections: tuple[Collection, ...]
    total: Money


def read_collection_file(raw: bytes) -> CollectionFile:
    """The file's collections, once everything in it adds up. Latin-1, lines ended by LF or CR LF.

    Raises:
        WrongCollectionFile: anything else; nothing of it may be used then.
    """
    return _Reader(_lines(raw)).read()


def _lines(raw: bytes) -> list[str]:
    if not raw:
        raise WrongCollectionFile(0, "the file is empty")
    if len(raw) > MOST_BYTES:
        raise WrongCollectionFile(0, f"the file is larger than {MOST_BYTES} bytes")
    lines = [line.removesuffix("\r") for line in raw.decode("latin-1").split("\n")]
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if not _PRINTED.fullmatch(line):
            raise WrongCollectionFile(number, "a character that is not printed")
        if len(line) > LONGEST:
            raise WrongCollectionFile(number, f"longer than {LONGEST} characters")
    return lines


class _Reader:
    """Goes through the records once; what a control record says is compared with what came before it."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._number = 0
        self._line = ""
        self._batch = ""
        self._batches: set[str] = set()
        self._of_batch: list[Collection] = []
        self._all: list[Collection] = []
        self._sequence = 0

    def read(self) -> CollectionFile:
        before = self._next("")
        header = self._header()
        while before != "09":
            before = self._next(before)
            match before:
                case "05":
                    self._begin_batch()
                case "06":
                    self._collection(header)
                case "08":
                    self._end_batch()
                case _:
                    self._check("file", self._all)
        if self._number < len(self._lines):
            raise WrongCollectionFile(self._number + 1, "something follows the control record of the file")
        return CollectionFile(header, tuple(self._all), total([each.amount for each in self._all]))

    def _next(self, before: str) -> str:
        """The kind of the next record, which has its length and may follow `before`."""
        if self._number == len(self._lines):
            raise WrongCollectionFile(self._number, "the file ends without its control record")
        self._line = self._lines[self._number]
        self._number += 1
        kind = self._line[:2]
        if kind not in _FOLLOWS[before]:
            raise self._wrong(f"a record {kind!r} can't follow {before or 'the beginning'}")
        if len(self._line) < _ENDS[kind]:
            raise self._wrong(f"a record {kind} has {_ENDS[kind]} characters or more")
        if self._line[_FILLER[kind] :].strip(" "):
            raise self._wrong(f"a record {kind} says something where it is blank")
        return kind

    def _header(self) -> FileHeader:
        modifier, account_type = self._line[52], self._line[53:55]
        if not ("A" <= modifier <= "Z") or account_type not in ("01", "02", "03"):
            raise self._wrong("wrong modifier or type of account")
        return FileHeader(
            nit=self._digits("NIT", 2, 10),
            collected_on=self._moment("collection date", self._digits("collection date", 12, 8) + "0000").date(),
            entity=self._digits("entity", 20, 3),
            made_at=self._moment("date of the file", self._digits("date of the file", 40, 12)),
            modifier=modifier,
        )

    def _begin_batch(self) -> None:
        self._digits("service", 2, 13)
        self._batch = self._digits("batch", 15, 4)
        if self._batch in self._batches:
            raise self._wrong(f"batch {self._batch} was there already")
        self._batches.add(self._batch)
        self._of_batch = []
        self._sequence = 0

    def _collection(self, header: FileHeader) -> None:
        said = self._line[2:50].strip(" ")
        reference = said.lstrip("0")
        if not _REFERENCE.fullmatch(reference):
            raise self._wrong("no reference")
        amount = Money.of_cents(int(self._digits("amount", 50, 14)))
        sequence = self._digits("sequence", 87, 7)
        if int(sequence) <= self._sequence:
            raise self._wrong("the sequence does not rise")
        self._sequence = int(sequence)
        if amount == ZERO:
            raise self._wrong("a collection of nothing")
        returned = self._line[94:97].strip(" ")
        collection = Collection(
            key=f"{header.entity}:{header.collected_on:%Y%m%d}:{self._batch}:{sequence}:{reference}:{amount}",
            line=self._number,
            reference=reference,
            amount=amount,
            origin=self._digits("origin", 64, 2),
            means=self._digits("means", 66, 2),
            operation=self._line[68:74].strip(" "),
            authorisation=self._line[74:80].strip(" "),
            branch=self._line[83:87].strip(" "),
            returned=None if returned in _NOT_RETURNED else returned,
        )
        self._of_batch.append(collection)
        self._all.append(collection)

    def _end_batch(self) -> None:
        if self._digits("batch", 29, 4) != self._batch:
            raise self._wrong(f"the control record of another batch than {self._batch}")
        self._check("batch", self._of_batch)

    def _check(self, of: str, collections: list[Collection]) -> None:
        count = int(self._digits("count", 2, 9))
        if count != len(collections):
            raise self._wrong(f"the {of} says {count} collections and has {len(collections)}")
        said = Money.of_cents(int(self._digits("total", 11, 18)))
        found = total([each.amount for each in collections])
        if said != found:
            raise self._wrong(f"the {of} says a total of {said} and has {found}")

    def _digits(self, field: str, start: int, length: int) -> str:
        text = self._line[start : start + length]
        if not (text.isascii() and text.isdigit()):
            raise self._wrong(f"the {field} is not {length} digits")
        return text

    def _moment(self, field: str, digits: str) -> datetime:
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=COLOMBIA)
        except ValueError as error:
            raise self._wrong(f"the {field} is none") from error

    def _wrong(self, reason: str) -> WrongCollectionFile:
        return WrongCollectionFile(self._number, reason)
