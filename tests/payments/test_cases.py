"""Cases: what no rule could place is shown to administrators until one of them closes it, once."""

import asyncio
from typing import Any

import httpx
import pytest

from mestore.core.money import Money
from mestore.core.world import World
from mestore.payments.models import CaseKind, CaseResolution, PaymentCase
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.payments.attempts import approve, waiting
from tests.payments.refused import assert_refused
from tests.problems import assert_problem, census
from tests.rows import Rows

ALL = "/api/v1/admin/payment-cases"
SAID = {"resolution": "REFUNDED", "note": "Se devolvió por transferencia BCO-417."}


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


@pytest.fixture(name="case")
async def _case(make: Make, rows: Rows, world: World) -> PaymentCase:
    """Another amount than was agreed."""
    payment = await waiting(world, await make.order())
    await approve(world, payment, amount=Money(100))
    (case,) = await rows.all(PaymentCase)
    return case


async def close(api: Api, case: PaymentCase, by: User | None, body: Any = None, **more: Any) -> httpx.Response:
    return await api.post(f"{ALL}/{case.id}/close", body or SAID, by=by, **more)


async def test_a_case_tells_what_was_expected_and_what_came(
    api: Api, rows: Rows, admin: User, case: PaymentCase
) -> None:
    seen = (await api.get(f"{ALL}/{case.id}", by=admin)).json()
    assert (seen["kind"], seen["payment_id"]) == ("MISMATCH", case.payment_id)
    assert (seen["detail"]["charged"], seen["detail"]["currency"]) == ("100.00", "COP")
    assert (seen["closed_at"], seen["resolution"], seen["note"]) == (None, None, None)
    assert_refused(await api.get(f"{ALL}/999999", by=admin), 404, "case-not-found")


async def test_cases_are_filtered_and_come_in_pages(
    api: Api, make: Make, rows: Rows, world: World, admin: User, case: PaymentCase
) -> None:
    held = await waiting(world, await make.order(), fraud_score=65)
    await approve(world, held)
    (_, review) = await rows.all(PaymentCase)
    assert (await close(api, case, admin)).status_code == 200

    async def ids(query: str) -> list[int]:
        return [each["id"] for each in (await api.get(f"{ALL}?{query}", by=admin)).json()["items"]]

    assert await ids("") == [review.id, case.id]
    assert await ids("open=true") == [review.id]
    assert await ids("open=false") == [case.id]
    assert await ids("kind=MISMATCH") == [case.id]
    first = (await api.get(f"{ALL}?limit=1&total=true", by=admin)).json()
    assert ([each["id"] for each in first["items"]], first["total"]) == ([review.id], 2)
    assert await ids(f"limit=1&cursor={first['next_cursor']}") == [case.id]
    assert_refused(await api.get(f"{ALL}?open=maybe", by=admin), 422, "validation-failed")
    assert_refused(await api.get(f"{ALL}?cursor=bad", by=admin), 422, "bad-cursor")


async def test_a_case_is_closed_once_by_whom_and_with_what(
    api: Api, make: Make, rows: Rows, admin: User, case: PaymentCase
) -> None:
    answer = await close(api, case, admin)
    assert answer.status_code == 200, answer.text
    (closed,) = await rows.all(PaymentCase)
    assert (closed.resolution, closed.closed_by, closed.note) == (CaseResolution.REFUNDED, admin.id, SAID["note"])
    other = await make.user(UserType.ADMIN)
    again = await close(api, case, other, SAID | {"note": "otra cosa"})
    assert (again.status_code, again.json()) == (200, answer.json()), "the first note stays"
    refused = await close(api, case, other, SAID | {"resolution": "NOTHING_OWED"})
    assert assert_refused(refused, 409, "case-closed")["resolution"] == "REFUNDED"
    assert (await rows.all(PaymentCase))[0].closed_by == admin.id


async def test_a_review_ends_only_when_its_payment_is_decided(
    api: Api, make: Make, rows: Rows, world: World, admin: User
) -> None:
    payment = await waiting(world, await make.order(), fraud_score=65)
    await approve(world, payment)
    (case,) = await rows.all(PaymentCase)
    refused = await close(api, case, admin)
    assert assert_refused(refused, 409, "case-is-a-review")["payment_id"] == payment.id
    assert (await rows.all(PaymentCase))[0].closed_at is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"resolution": "REFUNDED"},
        {"resolution": "REFUNDED", "note": " "},
        {"resolution": "APPROVED", "note": "no"},
        SAID | {"more": 1},
        SAID | {"note": "x" * 1_001},
    ],
)
async def test_bad_input_closes_nothing(
    api: Api, rows: Rows, admin: User, case: PaymentCase, body: dict[str, Any]
) -> None:
    answer = await api.post(f"{ALL}/{case.id}/close", body, by=admin)
    assert_refused(answer, 422, "validation-failed")
    assert (await rows.all(PaymentCase))[0].closed_at is None


async def test_only_staff_sees_and_closes(api: Api, make: Make, rows: Rows, case: PaymentCase) -> None:
    before = await census(rows)
    for somebody, status in ((None, 401), (await make.buyer(), 403), (await make.user(UserType.VENDOR), 403)):
        if somebody is not None:
            await api.token(somebody)
        for answer in (
            await close(api, case, somebody),
            await api.get(f"{ALL}/{case.id}", by=somebody),
            await api.get(ALL, by=somebody),
        ):
            assert_problem(answer, status)
    after = await census(rows)
    assert {table for table in after if after[table] != before[table]} == {"users", "user_sessions"}
    assert (await rows.all(PaymentCase))[0].closed_at is None


async def test_the_same_request_is_answered_once_for_its_key(api: Api, admin: User, case: PaymentCase) -> None:
    headers = {"Idempotency-Key": "close-1"}
    first = await close(api, case, admin, headers=headers)
    again = await close(api, case, admin, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    reused = await close(api, case, admin, SAID | {"resolution": "PLACED"}, headers=headers)
    assert_refused(reused, 422, "idempotency-key-reused")


async def test_of_many_who_close_it_at_once_one_does(api: Api, rows: Rows, admin: User, case: PaymentCase) -> None:
    ways = ("REFUNDED", "PLACED", "NOTHING_OWED")
    answers = await asyncio.gather(*(close(api, case, admin, SAID | {"resolution": way}) for way in ways))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (won,) = [way for way, answer in zip(ways, answers, strict=True) if answer.status_code == 200]
    (closed,) = await rows.all(PaymentCase)
    assert (closed.resolution, closed.kind) == (CaseResolution(won), CaseKind.MISMATCH)
