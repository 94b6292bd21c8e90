"""The states of a complaint, and who moves it between them."""

from enum import StrEnum


class ComplaintKind(StrEnum):
    """What somebody wants by it, as Colombian law tells apart: petición, queja, reclamo."""

    PETITION = "PETITION"
    """Information, or that something be done."""
    COMPLAINT = "COMPLAINT"
    """About how somebody was treated."""
    CLAIM = "CLAIM"
    """About goods or a service that were not what they should be."""


class ComplaintStatus(StrEnum):
    OPEN = "OPEN"
    """The marketplace owes an answer, by `due_at`."""
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class ComplaintActor(StrEnum):
    """Who speaks or acts in a complaint. BUYER is whoever filed it."""

    BUYER = "BUYER"
    VENDOR = "VENDOR"
    ADMIN = "ADMIN"


_NONE: frozenset[ComplaintStatus] = frozenset()
MOVES: dict[ComplaintActor, dict[ComplaintStatus, frozenset[ComplaintStatus]]] = {
    ComplaintActor.BUYER: {
        ComplaintStatus.OPEN: frozenset({ComplaintStatus.CLOSED}),
        ComplaintStatus.ANSWERED: frozenset({ComplaintStatus.OPEN, ComplaintStatus.CLOSED}),
        ComplaintStatus.CLOSED: _NONE,
    },
    # A vendor speaks, and answers for nobody but itself.
    ComplaintActor.VENDOR: dict.fromkeys(ComplaintStatus, _NONE),
    # Whoever owes an answer can't close what it has not answered.
    ComplaintActor.ADMIN: {
        ComplaintStatus.OPEN: frozenset({ComplaintStatus.ANSWERED}),
        ComplaintStatus.ANSWERED: frozenset({ComplaintStatus.CLOSED}),
        ComplaintStatus.CLOSED: _NONE,
    },
}
