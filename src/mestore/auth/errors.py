"""What signing up and signing in refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """Wrong e-mail, password or code. After five failures an account is locked for 15 minutes, or until it is reset."""

    spanish = (
        "Correo, contraseña o código incorrectos. Después de cinco intentos fallidos la cuenta se bloquea 15 minutos, "
        "o hasta que restablezcas la contraseña."
    )


@dataclass(eq=False)
class TooManyFailures(Refusal):
    """Too many failed sign-ins came from this address. Wait before the next one."""

    status = 429
    spanish = "Hubo demasiados intentos fallidos desde esta dirección. Espera antes del siguiente."
    retry_after: int = 15


class InvalidResetToken(Invalid):
    """The link to reset the password is wrong, was used or is too old. Ask for a new one."""

    spanish = "El enlace para restablecer la contraseña no es correcto, ya se usó o venció. Pide uno nuevo."


class WrongPassword(Invalid):
    """That is not your current password."""

    spanish = "Esa no es tu contraseña actual."


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is no longer valid. Sign in again."""

    spanish = "La sesión ya no es válida. Inicia sesión de nuevo."


class InvalidCode(Invalid):
    """The code is wrong or no longer works. After five wrong ones ask for a new one."""

    spanish = "El código no es correcto o ya no sirve. Después de cinco intentos pide uno nuevo."


class EmailAlreadyVerified(Conflict):
    """Your e-mail is verified already."""

    spanish = "Este correo ya está verificado."


class PhoneAlreadyVerified(Conflict):
    """Your phone is verified already."""

    spanish = "Este celular ya está verificado."


@dataclass(eq=False)
class TooManyCodes(Refusal):
    """Too many codes were asked for. Wait before asking for another."""

    status = 429
    spanish = "Pediste demasiados códigos. Espera antes de pedir otro."
    retry_after: int = 3600


class MfaRequired(Unauthenticated):
    """The password is right; send `otp_code` too: the code of your authenticator, or a recovery code."""

    spanish = "La contraseña es correcta; envía también `otp_code`: el código de tu autenticador o uno de recuperación."


class MfaAlreadyEnabled(Conflict):
    """You have a second factor already. To use another one, disable this one first."""

    spanish = "Ya tienes un segundo factor. Para usar otro, desactiva este primero."


class MfaNotEnabled(Conflict):
    """There is no second factor to confirm or disable. Enroll one first."""

    spanish = "No hay un segundo factor que confirmar o desactivar. Configúralo primero."


class WrongSecondFactor(Invalid):
    """The code does not fit: it is another's, was used, or is too old. Wait for the next one."""

    spanish = "El código no corresponde: es de otra cuenta, ya se usó o venció. Espera el siguiente."


class SessionNotFound(NotFound):
    """You have no such session that is still open."""

    spanish = "No tienes una sesión abierta con ese identificador."


class OriginRefused(Forbidden):
    """Pages of this origin may not use the cookie."""

    spanish = "Las páginas de este origen no pueden usar la cookie."
