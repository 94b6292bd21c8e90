"""What is refused of complaints."""

from dataclasses import dataclass

from mestore.complaints.states import ComplaintStatus
from mestore.core.errors import Conflict, Invalid, NotFound


class ComplaintNotFound(NotFound):
    """There is no such complaint."""

    spanish = "No existe esa PQR."


class EvidenceNotFound(NotFound):
    """This complaint has no such evidence."""

    spanish = "Esta PQR no tiene esa prueba."


class VendorNotInOrder(Invalid):
    """A complaint names a shop together with an order of yours in which that shop has a part."""

    spanish = "Una PQR nombra a una tienda junto con un pedido tuyo en el que esa tienda participa."


@dataclass(eq=False)
class IllegalComplaintMove(Conflict):
    """The complaint can't go from its state to that one."""

    spanish = "La PQR no puede pasar de su estado a ese."
    from_status: ComplaintStatus
    to_status: ComplaintStatus

    def detail(self, language: str) -> str:
        if language == "es":
            return f"Esta PQR no pasa de {self.from_status} a {self.to_status}."
        return f"This complaint does not go from {self.from_status} to {self.to_status}."


class ComplaintClosed(Conflict):
    """The complaint is closed. File another if there is more to say."""

    spanish = "La PQR está cerrada. Radica otra si hay algo más que decir."


@dataclass(eq=False)
class TooManyMessages(Conflict):
    """As much as one complaint takes has been said in it. File another."""

    spanish = "En esta PQR ya se dijo todo lo que admite. Radica otra."
    most: int


@dataclass(eq=False)
class TooMuchEvidence(Conflict):
    """This complaint has as many pictures as one may have."""

    spanish = "Esta PQR ya tiene el máximo de imágenes."
    most: int
