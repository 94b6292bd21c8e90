"""Refusals: what the marketplace says no to, as exceptions with fields.

    Refusal
    ├── BadRequest 400      what came in is not JSON at all
    ├── Unauthenticated 401 nobody is signed in, or no longer
    ├── Forbidden 403       the caller's kind of account may not do this
    ├── NotFound 404        absent, or somebody else's
    ├── Conflict 409        the state of things forbids it
    ├── Stale 412           what the caller saw has changed since
    ├── Invalid 422         it does not fit
    ├── TooManyRequests 429 a limit is used up; worth trying again later
    └── Unavailable 503     a part that is needed is away; worth trying again

A refusal's kind gives the status, its class name the problem type (`OutOfStock` → `/problems/out-of-stock`), its
docstring the English title, `spanish` the Spanish one, and its fields the members of the answer. `core/problems.py`
renders it. Anything else that is raised is a bug, and stays a 500 that says nothing of the inside.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar


class Refusal(Exception):
    status: ClassVar[int]
    spanish: ClassVar[str]

    @classmethod
    def problem_type(cls) -> str:
        return "/problems/" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls, language: str = "en") -> str:
        if language == "es":
            return cls.spanish
        return (cls.__doc__ or cls.__name__).split("\n", maxsplit=1)[0]

    def detail(self, language: str) -> str:
        """What is wrong this time, for a person; the title unless a refusal knows more."""
        return self.title(language)

    def members(self) -> dict[str, Any]:
        """The fields of a refusal that is a dataclass."""
        names = getattr(self, "__dataclass_fields__", {})
        return {name: getattr(self, name) for name in names}


class BadRequest(Refusal):
    """The request could not be read."""

    status = 400
    spanish = "No se pudo leer la solicitud."


class Unauthenticated(Refusal):
    """Sign in first."""

    status = 401
    spanish = "Inicia sesión primero."


class Forbidden(Refusal):
    """Your account may not do this."""

    status = 403
    spanish = "Tu cuenta no puede hacer esto."


class NotFound(Refusal):
    """There is no such thing."""

    status = 404
    spanish = "No existe."


class Conflict(Refusal):
    """The current state does not allow this."""

    status = 409
    spanish = "El estado actual no permite esto."


class Stale(Refusal):
    """It has changed since you saw it. Read it again, and send the change with its new ETag."""

    status = 412
    spanish = "Cambió desde que lo viste. Léelo de nuevo y envía el cambio con su nuevo ETag."


class Invalid(Refusal):
    """What was sent does not fit."""

    status = 422
    spanish = "Lo enviado no es válido."


@dataclass(eq=False)
class TooManyRequests(Refusal):
    """Too many requests. Wait before the next one."""

    status = 429
    spanish = "Demasiadas solicitudes. Espera antes de la siguiente."
    retry_after: int = 60


@dataclass(eq=False)
class Unavailable(Refusal):
    """A part of the service is away for a moment. Try again shortly."""

    status = 503
    spanish = "Una parte del servicio no responde. Intenta de nuevo en un momento."
    retry_after: int = 2


class NotJson(BadRequest):
    """The body is not valid JSON."""

    spanish = "El cuerpo no es JSON válido."


class UnsupportedMediaType(Refusal):
    """Send the body as application/json."""

    status = 415
    spanish = "Envía el cuerpo como application/json."


class BodyTooLarge(Refusal):
    """The body is too large."""

    status = 413
    spanish = "El cuerpo es demasiado grande."


class MethodNotAllowed(Refusal):
    """This address does not answer that method."""

    status = 405
    spanish = "Esta dirección no responde a ese método."


class ValidationFailed(Invalid):
    """Some fields do not fit."""

    spanish = "Algunos campos no son válidos."


class InternalError(Refusal):
    """Something broke on our side. It has been recorded."""

    status = 500
    spanish = "Algo falló de nuestro lado. Quedó registrado."
