"""How a buyer is named before everybody."""

NOBODY = "Cuenta eliminada"


def public_name(full_name: str, *, erased: bool) -> str:
    """The first name and an initial: `Ana María Ruiz` is `Ana R.`; of who was erased neither."""
    if erased:
        return NOBODY
    first, *more = full_name.split()
    return f"{first} {more[-1][0].upper()}." if more else first
