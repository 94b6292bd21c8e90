"""Cards: by a token that is made in the buyer's browser, declined, and typed on Wompi's own page."""

from mestore.app.demo import purchases
from mestore.app.demo.story import Story
from mestore.app.demo.web import expect

APPROVED, DECLINED = "4242424242424242", "4111111111111111"
_CARD = {"cvc": "123", "exp_month": "08", "exp_year": "39", "card_holder": "ANA RUIZ"}


def pay_by_token(story: Story) -> str:
    """The number goes from the browser to Wompi; we get a token."""
    purchase = purchases.place(story, "card", "card by token, Wompi")
    attempt = purchases.pay(purchase, "CARD", {"token": _token(story, APPROVED)})
    expect(attempt["gateway"] == "wompi", f"the card went to {attempt['gateway']}")
    ended = purchases.wait_for(purchase, *purchase.ends)
    return f"POST /wompi/v1/tokens/cards → tok_…, POST /payments/process → 200; {ended}"


def be_declined(story: Story) -> str:
    purchase = purchases.place(story, "declined", "card declined, Wompi")
    purchase.ends = ("DECLINED", purchases.ABANDONED)
    purchases.pay(purchase, "CARD", {"token": _token(story, DECLINED)})
    ended = purchases.wait_for(purchase, "DECLINED", "PENDING")
    purchases.give_up(purchase, "Mi tarjeta no pasó")
    return f"{ended}: it may still be paid otherwise; its buyer cancels it"


def pay_at_wompi(story: Story) -> str:
    purchase = purchases.place(story, "hosted", "card on Wompi's page")
    page = purchases.pay(purchase, "CARD")["payment_url"]
    shown = story.sandbox.ask("GET", page).text
    amount = purchases.shown_amount(purchase)
    expect(amount in shown, f"Wompi's page does not show {amount}")
    form = {"number": APPROVED, **_CARD, "installments": "1", "outcome": "card", "email": purchase.buyer.email}
    accepted = {"accept_terms": "on", "accept_personal_data": "on"}
    back = story.sandbox.ask("POST", page, 303, data=form | accepted).headers["location"]
    expect("id=" in back, f"it leads to {back}")
    return f"Wompi's page shows {amount}; the card is typed there; {purchases.wait_for(purchase, *purchase.ends)}"


def _token(story: Story, number: str) -> str:
    key = story.api.get("/payments/config")["wompi_public_key"]
    made = story.sandbox.post(
        "/wompi/v1/tokens/cards", 201, json={"number": number, **_CARD}, headers={"Authorization": f"Bearer {key}"}
    )
    return str(made["data"]["id"])
