"""A slip as a page of HTML that needs nothing besides itself: no script, and its style known by its hash."""

import base64
import functools
import hashlib
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mestore.payments.barcode import SlipBarcode
from mestore.receipts.paper import amount
from mestore.receipts.slip import KIND, NOTICE, QUIET, Slip, bars

_STYLE: Final = """
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem; color: #26221e; background: #fff; \
font: 1rem/1.5 system-ui, sans-serif }
header p { margin: 0; color: #0b6e4f; font-size: 1.25rem; font-weight: bold }
h1 { margin: 0 0 1.5rem; font-size: 1rem; font-weight: normal }
h2 { margin: 1.5rem 0 0; font-size: 1rem }
dt { margin-top: .75rem }
dd { margin: 0; font-size: 1.5rem; font-weight: bold; overflow-wrap: anywhere }
dd.code { font-size: 2.25rem; line-height: 1.2 }
figure { margin: 1.5rem 0; text-align: center }
figcaption { font-size: .75rem; overflow-wrap: anywhere }
svg { display: block; margin: 0 auto; max-width: 100% }
footer { margin-top: 1.5rem; color: #6e6e6e; font-size: .75rem }
"""
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy."""

_BAR_HEIGHT = 70
"""In modules."""


def page(slip: Slip) -> bytes:
    """The slip in Spanish, UTF-8; whatever others wrote in it is escaped."""
    return (
        _environment()
        .get_template("slip.html")
        .render(
            kind=KIND,
            notice=NOTICE,
            style=Markup(_STYLE),  # noqa: S704 - a constant
            slip=slip,
            amount=amount(slip.amount),
            width=len(slip.barcode.modules) + 2 * QUIET if slip.barcode else 0,
            height=_BAR_HEIGHT,
            path=_path(slip.barcode) if slip.barcode else "",
        )
        .encode()
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("mestore.receipts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _path(barcode: SlipBarcode) -> str:
    """The bars as an SVG path, in modules."""
    return "".join(f"M{QUIET + bar.place} 0h{bar.width}v{_BAR_HEIGHT}h-{bar.width}z" for bar in bars(barcode))
