"""What a buyer sees of its attempts to pay."""

from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank

PAYMENTS = "/api/v1/payments"


async def test_the_list_is_counted_when_asked_for(bank: Bank, api: Api, make: Make) -> None:
    buyer = await make.buyer()
    begun = [await bank.begun(await make.order(buyer=buyer)) for _ in range(3)]
    await bank.begun(await make.order())
    first = (await api.get(f"{PAYMENTS}?limit=2&total=true", by=buyer)).json()
    assert ([each["id"] for each in first["items"]], first["total"]) == ([begun[2].id, begun[1].id], 3)
    rest = (await api.get(f"{PAYMENTS}?total=true&cursor={first['next_cursor']}", by=buyer)).json()
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"], rest["total"]) == ([begun[0].id], None, 3)
    assert (await api.get(PAYMENTS, by=buyer)).json()["total"] is None
    assert (await api.get(f"{PAYMENTS}?total=true", by=await make.buyer())).json() == {
        "items": [],
        "next_cursor": None,
        "total": 0,
    }
