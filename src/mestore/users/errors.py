"""What the rooms about people refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mestore.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, ValidationFailed


class NotSignedIn(Unauthenticated):
    """Sign in first: the access token is missing, expired or no longer valid."""

    spanish = "Inicia sesión primero: el token falta, venció o ya no es válido."


class WrongAccountType(Forbidden):
    """Your kind of account may not do this."""

    spanish = "Tu tipo de cuenta no puede hacer esto."


class SecondFactorNeeded(Forbidden):
    """Administrators need a second factor: set one up, or sign in with its code."""

    spanish = "Los administradores necesitan un segundo factor: configúralo, o inicia sesión con su código."


class UserNotFound(NotFound):
    """There is no such user."""

    spanish = "No existe ese usuario."


class EmailTaken(Conflict):
    """There is an account with this e-mail already. Sign in, or reset the password."""

    spanish = "Ya existe una cuenta con este correo. Inicia sesión o restablece la contraseña."


class AddressNotFound(NotFound):
    """You have no such address."""

    spanish = "No tienes esa dirección."


class TooManyAddresses(Conflict):
    """You have twenty addresses. Remove one that you don't need."""

    spanish = "Tienes veinte direcciones. Borra una que no necesites."


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field of a body that a schema alone can't judge; `code` never changes."""

    field: str
    code: str
    english: str
    spanish: str


EMAIL_INVALID = FieldProblem(
    "email", "email_invalid", "This is not an e-mail address.", "El correo no es una dirección válida."
)
PHONE_INVALID = FieldProblem(
    "phone",
    "phone_invalid",
    "This is not a phone number; outside of Colombia begin with + and the country.",
    "El teléfono no es válido; fuera de Colombia empieza con + y el país.",
)
PASSWORD_LENGTH = FieldProblem(
    "password",
    "password_length",
    "A password has 8 to 128 characters.",
    "La contraseña debe tener entre 8 y 128 caracteres.",
)
PASSWORD_COMMON = FieldProblem(
    "password",
    "password_common",
    "This password is one of the first that somebody would guess.",
    "Esa contraseña es de las primeras que alguien probaría.",
)
PASSWORD_CONTAINS_EMAIL = FieldProblem(
    "password",
    "password_contains_email",
    "The password contains the e-mail.",
    "La contraseña contiene el correo.",
)

MUNICIPALITY_UNKNOWN = FieldProblem(
    "municipality_code",
    "municipality_unknown",
    "That department has no such municipality; GET /api/v1/places/municipalities lists them.",
    "Ese departamento no tiene ese municipio; GET /api/v1/places/municipalities los lista.",
)


class DetailsRefused(ValidationFailed):
    """Some details do not fit."""

    spanish = "Algunos datos no son válidos."

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__()
        self.problems = tuple(problems)

    def detail(self, language: str) -> str:
        return " ".join(problem.spanish if language == "es" else problem.english for problem in self.problems)

    def members(self) -> dict[str, Any]:
        return {
            "errors": [
                {"loc": ["body", problem.field], "msg": problem.english, "code": problem.code}
                for problem in self.problems
            ]
        }
