"""What the room of shipping refuses."""

from mestore.core.errors import Conflict, Invalid, NotFound
from mestore.users.errors import FieldProblem


class ShippingRateNotFound(NotFound):
    """There is no such shipping rate."""

    spanish = "No existe esa tarifa de envío."


class ShippingRateExists(Conflict):
    """There is a rate for this department and weight already: change that one."""

    spanish = "Ya existe una tarifa para ese departamento y peso: cámbiala."


class DeliveryTimeNotFound(NotFound):
    """There is no such delivery time."""

    spanish = "No existe ese plazo de entrega."


class DeliveryTimeExists(Conflict):
    """There is a delivery time for this place already: remove that one first."""

    spanish = "Ya existe un plazo de entrega para ese lugar: bórralo primero."


class DestinationUnknown(Invalid):
    """There is no such municipality; GET /api/v1/places/municipalities lists them."""

    spanish = "No existe ese municipio; GET /api/v1/places/municipalities los lista."


DEPARTMENT_UNKNOWN = FieldProblem(
    "department_code",
    "department_unknown",
    "There is no such department; GET /api/v1/places/departments lists them.",
    "No existe ese departamento; GET /api/v1/places/departments los lista.",
)
MUNICIPALITY_UNKNOWN = FieldProblem(
    "municipality_code",
    "municipality_unknown",
    "There is no such municipality; GET /api/v1/places/municipalities lists them.",
    "No existe ese municipio; GET /api/v1/places/municipalities los lista.",
)
TWO_PLACES = FieldProblem(
    "department_code",
    "two_places",
    "Name a department or a municipality, not both: a municipality has its department.",
    "Indica un departamento o un municipio, no ambos: el municipio ya tiene su departamento.",
)
DAYS_REVERSED = FieldProblem(
    "max_days", "days_reversed", "max_days is less than min_days.", "max_days es menor que min_days."
)
