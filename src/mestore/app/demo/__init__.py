"""`mestore demo`: the whole flow from registration to commission, played against the running system over HTTP alone."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mestore.app.demo import ordering, paying, people, settling
from mestore.app.demo.screen import Screen
from mestore.app.demo.story import Story
from mestore.app.demo.web import Site
from mestore.app.up.addresses import Addresses
from mestore.core.settings import Settings

Step = tuple[str, Callable[[Story], str]]

BEFORE: Sequence[Step] = (
    ("a vendor registers", people.register_vendor),
    ("verifies its e-mail", people.verify_vendor),
    ("publishes two products", people.publish_products),
    ("a buyer registers", people.register_buyer),
)
STEPS: Sequence[Step] = (
    ("the order is posted", ordering.post_order),
    ("the token is recognised", ordering.recognise_token),
    ("the body is validated", ordering.validate_schema),
    ("the stock is checked and reserved", ordering.check_stock),
    ("the totals are computed", ordering.compute_totals),
    ("order, items, packages are written", ordering.read_order),
    ("the order is returned", ordering.return_order),
    ("the buyer pays with PSE", paying.process_payment),
    ("the owner is checked", paying.check_owner),
    ("fraud is scored, a gateway chosen", paying.score_fraud),
    ("Wompi gives the bank's address", paying.give_payment_url),
    ("the buyer opens the bank's page", paying.open_bank),
    ("and approves the payment there", paying.approve_at_bank),
    ("Wompi's event is verified", paying.receive_event),
    ("the order is confirmed, stock sold", settling.confirm_order),
    ("the commissions are charged", settling.charge_commissions),
    ("buyer and vendors get e-mails", settling.tell_everybody),
)
"""The seed's "Create Order with Payment", number by number."""
AFTER: Sequence[Step] = (
    ("the buyer logs in", people.log_in),
    ("refreshes the session", people.refresh),
    ("logs out", people.log_out),
)


ACTS: Mapping[str, Sequence[tuple[str, Step]]] = {
    "Before: a shop with products, and a buyer": [("·", step) for step in BEFORE],
    "Create order with payment": [(str(number), step) for number, step in enumerate(STEPS, 1)],
    "After: sessions": [("·", step) for step in AFTER],
}


def run(settings: Settings) -> bool:
    """Whether every step came out right; each is printed with what came back."""
    begin = time.monotonic()
    screen, addresses = Screen(), Addresses.of(settings)
    with Site(addresses.api) as root, Site(f"{addresses.api}/api/v1") as api, Site(addresses.sandbox) as sandbox:
        for site, path in ((root, "/health/ready"), (sandbox, "/health")):
            if not site.answers(path):
                screen.say(
                    f"✗ MeStore does not run: no answer at {site.base_url}. Start it with `make up` first.", "red"
                )
                return False
        if not _play(Story(settings, api, sandbox, secrets.token_hex(4)), screen):
            screen.say("\nThe demo ends here: what follows builds on this step.", "red")
            return False
    screen.say(f"\nAll {len(STEPS)} steps are right, in {time.monotonic() - begin:.1f} s.", "bold green")
    return True


def _play(story: Story, screen: Screen) -> bool:
    for heading, steps in ACTS.items():
        screen.say(f"\n{heading}", "bold")
        if not all(screen.play(label, title, partial(act, story)) for label, (title, act) in steps):
            return False
    return True
