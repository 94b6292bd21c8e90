"""What is refused of pictures."""

from mestore.core.errors import Invalid, NotFound, Unavailable


class PictureUnreadable(Invalid):
    """This is no picture that can be read. Send a whole JPEG, PNG, WebP or AVIF."""

    spanish = "No se pudo leer la imagen. Envía un JPEG, PNG, WebP o AVIF completo."


class TooManyPixels(Invalid):
    """The picture has too many pixels: at most 40 million."""

    spanish = "La imagen tiene demasiados píxeles: máximo 40 millones."


class PictureNotFound(NotFound):
    """There is no such picture."""

    spanish = "No existe esa imagen."


class StorageAway(Unavailable):
    """Pictures can't be kept or fetched at the moment. Try again shortly."""

    spanish = "Por el momento no se pueden guardar ni leer imágenes. Intenta de nuevo en un momento."


class WorkshopBusy(Unavailable):
    """Too many pictures are being worked on. Try again shortly."""

    spanish = "Hay demasiadas imágenes en proceso. Intenta de nuevo en un momento."
