"""What signing up and signing in refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Invalid, Refusal, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """Wrong e-mail or password."""

    spanish = "Correo o contraseña incorrectos."


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is no longer valid. Sign in again."""

    spanish = "La sesión ya no es válida. Inicia sesión de nuevo."


class InvalidCode(Invalid):
    """The code is wrong or no longer works. After five wrong ones ask for a new one."""

    spanish = "El código no es correcto o ya no sirve. Después de cinco intentos pide uno nuevo."


class EmailAlreadyVerified(Conflict):
    """Your e-mail is verified already."""

    spanish = "Este correo ya está verificado."


@dataclass(eq=False)
class TooManyCodes(Refusal):
    """Too many codes were asked for. Wait before asking for another."""

    status = 429
    spanish = "Pediste demasiados códigos. Espera antes de pedir otro."
    retry_after: int = 3600
