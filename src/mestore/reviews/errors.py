"""What is refused of reviews."""

from mestore.core.errors import Conflict, NotFound


class ReviewNotFound(NotFound):
    """There is no such review of this product."""

    spanish = "Este producto no tiene esa reseña."


class ReplyNotFound(NotFound):
    """This review has no reply yet."""

    spanish = "Esta reseña aún no tiene respuesta."


class NotDelivered(Conflict):
    """Only who bought this product and has received it may review it."""

    spanish = "Solo quien compró este producto y ya lo recibió puede reseñarlo."


class AlreadyReviewed(Conflict):
    """You have reviewed this already. Edit your review instead."""

    spanish = "Ya reseñaste esta compra. Puedes editar tu reseña."


class OwnProduct(Conflict):
    """Nobody reviews a product of their own shop."""

    spanish = "Nadie puede reseñar un producto de su propia tienda."


class AlreadyReplied(Conflict):
    """You have replied to this review already. Edit your reply instead."""

    spanish = "Ya respondiste a esta reseña. Puedes editar tu respuesta."
