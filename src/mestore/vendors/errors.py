"""What the room of shops refuses."""

from mestore.core.errors import Conflict, NotFound
from mestore.users.errors import FieldProblem


class VendorNotFound(NotFound):
    """There is no such shop."""

    spanish = "No existe esa tienda."


class DocumentTaken(Conflict):
    """There is a shop with this document already."""

    spanish = "Ya existe una tienda con este documento."


DOCUMENT_INVALID = FieldProblem(
    "document_number",
    "document_invalid",
    "This is not such a document: check its digits, and a NIT's check digit.",
    "El documento no es válido: revisa los números y, en un NIT, el dígito de verificación.",
)
