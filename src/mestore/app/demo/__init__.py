"""`mestore demo`: from registration to commission and return, played against the running system over HTTP alone."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mestore.app.demo import (
    cards,
    cash,
    delivering,
    ordering,
    outage,
    paying,
    people,
    purchases,
    refunding,
    settling,
    shopkeeping,
)
from mestore.app.demo.screen import Screen
from mestore.app.demo.story import Purchase, Story
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
DELIVERY: Sequence[Step] = (
    ("the vendors ship their packages", delivering.ship),
    ("the packages arrive", delivering.deliver),
    ("anybody may follow them", delivering.follow),
    ("the buyer has a receipt", delivering.print_receipt),
    ("a unit is returned", delivering.take_back),
)
CATALOGUE: Sequence[Step] = (
    ("the vendor adds a picture", shopkeeping.add_picture),
    ("buyers find the product", shopkeeping.find),
    ("its price changes", shopkeeping.change_price),
    ("a file of products is imported", shopkeeping.import_sheet),
)
AFTER: Sequence[Step] = (
    ("the buyer logs in", people.log_in),
    ("refreshes the session", people.refresh),
    ("logs out", people.log_out),
)


ACTS: Mapping[str, Sequence[tuple[str, Step]]] = {
    "Before: a shop with products, and a buyer": [("·", step) for step in BEFORE],
    "Create order with payment": [(str(number), step) for number, step in enumerate(STEPS, 1)],
    "After: the way to the buyer, and back": [("·", step) for step in DELIVERY],
    "After: the catalogue": [("·", step) for step in CATALOGUE],
    "After: sessions": [("·", step) for step in AFTER],
}
WAYS_TO_PAY: Sequence[Step] = (
    ("a card, by its token", cards.pay_by_token),
    ("a card that is declined", cards.be_declined),
    ("a card, typed on Wompi's page", cards.pay_at_wompi),
    ("cash at Efecty's counter", cash.pay_at_counter),
    ("cash, told by the day's file", cash.pay_by_file),
    ("cash for a slip that expired", cash.pay_after_expiry),
    ("cash for an order given up", cash.pay_after_cancellation),
)
MONEY_BACK: Sequence[Step] = (
    ("a part of a card's payment", refunding.refund_in_part),
    ("all of a card's payment", refunding.refund_in_full),
)
OUTAGE: Sequence[Step] = (
    ("Wompi fails until it is left alone", outage.fail_until_open),
    ("PSE, by PayU meanwhile", outage.pay_by_payu),
    ("Nequi, when Wompi works again", outage.pay_by_nequi),
)


ALL_ACTS: Mapping[str, Sequence[tuple[str, Step]]] = {
    **ACTS,
    "Every other way to pay": [("·", step) for step in WAYS_TO_PAY],
    "Money back": [("·", step) for step in MONEY_BACK],
    "A gateway that fails": [("·", step) for step in OUTAGE],
}
"""With `--all`."""


def run(settings: Settings, *, everything: bool = False) -> bool:
    """Whether every step came out right; each is printed with what came back. `everything` plays all ways to pay."""
    begin = time.monotonic()
    screen, addresses = Screen(), Addresses.of(settings)
    with Site(addresses.api) as root, Site(f"{addresses.api}/api/v1") as api, Site(addresses.sandbox) as sandbox:
        for site, path in ((root, "/health/ready"), (sandbox, "/health")):
            if not site.answers(path):
                screen.say(
                    f"✗ MeStore does not run: no answer at {site.base_url}. Start it with `make up` first.", "red"
                )
                return False
        story = Story(settings, api, sandbox, secrets.token_hex(4), screen.tell)
        if not _play(story, screen, ALL_ACTS if everything else ACTS):
            screen.say("\nThe demo ends here: what follows builds on this step.", "red")
            return False
        if everything and not _show_ends(story, screen):
            return False
    more = f", and all {len(story.purchases) + 1} purchases ended as they must" if everything else ""
    screen.say(f"\nAll {len(STEPS)} steps are right{more}, in {time.monotonic() - begin:.1f} s.", "bold green")
    return True


def _show_ends(story: Story, screen: Screen) -> bool:
    """Each purchase as it is when everything is over."""
    screen.say("\nHow each purchase ended", "bold")
    first = Purchase("PSE, Wompi", story.buyer, story.order, ("APPROVED", "DELIVERED"))
    right = [
        screen.play("·", purchase.title, partial(purchases.end_of, purchase))
        for purchase in (first, *story.purchases.values())
    ]
    return all(right)


def _play(story: Story, screen: Screen, acts: Mapping[str, Sequence[tuple[str, Step]]]) -> bool:
    for heading, steps in acts.items():
        screen.say(f"\n{heading}", "bold")
        if not all(screen.play(label, title, partial(act, story)) for label, (title, act) in steps):
            return False
    return True
