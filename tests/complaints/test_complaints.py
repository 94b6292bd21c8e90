"""A complaint from its filing to its end: its number and its deadline, who says what in it, and who reads it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.complaints.events import ComplaintAnswered, ComplaintFiled
from mestore.complaints.models import Complaint, ComplaintMessage
from mestore.complaints.states import MOVES, ComplaintActor, ComplaintStatus
from mestore.core.ids import new_uuid
from mestore.core.market_settings import ComplaintSettings
from mestore.core.world import World
from mestore.notifications.models import Message, MessageStatus
from mestore.notifications.tasks import tell_complaint_answered, tell_complaint_filed
from mestore.users.models import UserType
from tests.api import Api
from tests.complaints.cases import ALL, MINE, OF_SHOP, Case, body, file, in_world
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
LONG_AGO = "2020-01-01T00:00:00Z"


async def ids(api: Api, path: str, **more: Any) -> list[str]:
    answer = await api.get(path, **more)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_what_is_filed_gets_a_number_and_is_open(case: Case) -> None:
    complaint = case.complaint
    assert re.fullmatch(r"PQR-\d{8}-[2-9A-HJKMNP-Z]{8}", complaint["filing_number"])
    expected = {
        "kind": "CLAIM",
        "status": "OPEN",
        "subject": "Nevera rayada",
        "text": "Pido que la cambien.",
        "order_id": case.order.id,
        "vendor_id": str(case.shop.id),
        "messages": [],
        "evidence": [],
    }
    assert complaint.items() >= expected.items()
    assert await case.shown() == complaint
    assert "user_id" not in complaint


@pytest.mark.parametrize(
    ("filed", "number", "due"),
    [
        # The evening in Colombia is the next day in UTC: filed on Tuesday 24 November, not on the 25th.
        ("2026-11-25T02:00:00Z", "PQR-20261124", "2026-12-17T04:59:59.999999Z"),
        # 8, 25 December and 1 January are holidays, and so is 11 January, a Monday.
        ("2026-12-04T15:00:00Z", "PQR-20261204", "2026-12-30T04:59:59.999999Z"),
        ("2026-12-23T15:00:00Z", "PQR-20261223", "2027-01-19T04:59:59.999999Z"),
        # Filed on a Saturday: the first of the fifteen days is Monday.
        ("2026-11-21T15:00:00Z", "PQR-20261121", "2026-12-15T04:59:59.999999Z"),
    ],
)
async def test_it_is_due_at_the_end_of_the_fifteenth_working_day(
    api: Api, make: Make, world: World, filed: str, number: str, due: str
) -> None:
    person = await make.buyer()
    await api.token(person)
    moment = datetime.fromisoformat(filed)
    in_world(api, replace(world, now=lambda: moment))
    signed = await Api(api._http, replace(world, now=lambda: moment)).token(person)
    answer = await api.post(MINE, body(), headers={"Authorization": f"Bearer {signed}"})
    assert answer.status_code == 201, answer.text
    complaint = answer.json()
    assert complaint["due_at"] == due
    assert complaint["filing_number"].startswith(number)


async def test_somebody_elses_order_or_a_shop_outside_of_it_is_refused_and_nothing_is_filed(
    api: Api, make: Make, rows: Rows, case: Case
) -> None:
    outside = await make.vendor()
    refused: list[tuple[dict[str, Any], int, str]] = [
        ({"order_id": (await make.order()).id}, 404, "order-not-found"),
        ({"order_id": 999_999}, 404, "order-not-found"),
        ({"order_id": case.order.id, "vendor_id": str(outside.id)}, 422, "vendor-not-in-order"),
        ({"order_id": case.order.id, "vendor_id": str(new_uuid())}, 422, "vendor-not-in-order"),
        ({"vendor_id": str(case.shop.id)}, 422, "vendor-not-in-order"),
        ({"kind": "QUEJA"}, 422, "validation-failed"),
        ({"subject": " "}, 422, "validation-failed"),
        ({"subject": "a" * 201}, 422, "validation-failed"),
        ({"text": "  \n "}, 422, "validation-failed"),
        ({"text": "a" * 5_001}, 422, "validation-failed"),
        ({"status": "CLOSED"}, 422, "validation-failed"),
        ({"user_id": str(case.stranger.id)}, 422, "validation-failed"),
    ]
    before = await census(rows)
    for change, status, kind in refused:
        problem = assert_problem(await api.post(MINE, body(**change), by=case.person), status)
        assert problem["type"] == f"/problems/{kind}", change
    assert await census(rows) == before


async def test_the_database_itself_lets_no_shop_into_a_complaint_without_an_order(rows: Rows, case: Case) -> None:
    with pytest.raises(IntegrityError, match="vendor_has_order"):
        await rows.execute("UPDATE complaints SET order_id = NULL")


async def test_the_same_key_files_once(api: Api, rows: Rows, make: Make) -> None:
    person = await make.buyer()
    await api.token(person)
    once = {"Idempotency-Key": "radicar-1"}
    answers = [await api.post(MINE, body(), by=person, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert_problem(await api.post(MINE, body(subject="Otra"), by=person, headers=once), 422)
    assert await rows.count(Complaint) == 1


async def test_everybody_says_their_part_and_each_reads_it_in_order(api: Api, case: Case) -> None:
    assert (await case.says("Adjunto fotos.")).status_code == 201
    assert (await case.shop_says("Salió bien de la bodega.")).status_code == 201
    answered = await case.answers("La cambiamos mañana.")
    assert answered.status_code == 200, answered.text
    said = [("BUYER", "Adjunto fotos."), ("VENDOR", "Salió bien de la bodega."), ("ADMIN", "La cambiamos mañana.")]
    for root, who in ((MINE, case.person), (OF_SHOP, case.seller), (ALL, case.admin)):
        complaint = (await api.get(f"{root}/{case.id}", by=who)).json()
        assert [(message["actor"], message["text"]) for message in complaint["messages"]] == said
        assert complaint["status"] == "ANSWERED"
        assert ("user_id" in complaint) is (root == ALL)
        # Who of the staff or of the shop it was is nobody's business.
        assert all(message.keys() == {"id", "actor", "text", "at"} for message in complaint["messages"])


async def test_only_the_marketplace_answers(case: Case) -> None:
    assert (await case.shop_says("Ya respondimos.")).json()["status"] == "OPEN"
    assert (await case.says("Espero.")).json()["status"] == "OPEN"
    assert (await case.answers("Esta es la respuesta.")).json()["status"] == "ANSWERED"
    assert (await case.shop_says("De acuerdo.")).json()["status"] == "ANSWERED"


async def test_who_writes_again_opens_it_anew_and_the_days_count_from_then(
    case: Case, rows: Rows, world: World
) -> None:
    await case.answers("No procede.")
    await rows.execute("UPDATE complaints SET due_at = :due", due=datetime.fromisoformat(LONG_AGO))
    again = await case.says("No estoy conforme.")
    assert (again.status_code, again.json()["status"]) == (201, "OPEN")
    assert datetime.fromisoformat(again.json()["due_at"]) > world.now()
    # What is open is due when it was: writing more gives nobody more time.
    await rows.execute("UPDATE complaints SET due_at = :due", due=datetime.fromisoformat(LONG_AGO))
    assert (await case.says("Sigo esperando.")).json()["due_at"] == LONG_AGO


async def test_an_answer_is_given_once(case: Case, rows: Rows) -> None:
    await case.answers("La cambiamos mañana.")
    before = await census(rows)
    problem = assert_problem(await case.answers("O pasado mañana."), 409)
    assert (problem["from_status"], problem["to_status"]) == ("ANSWERED", "ANSWERED")
    assert await census(rows) == before


async def test_of_answers_given_at_once_one_counts(
    case: Case, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    answers = await asyncio.gather(*(case.answers(f"Respuesta {number}") for number in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    (said,) = (await case.shown())["messages"]
    assert said["text"] in {f"Respuesta {number}" for number in range(6)}
    await drain()
    told = [message for message in await rows.all(Message) if message.template == "complaint_answered"]
    assert [message.status for message in told] == [MessageStatus.SENT]


@pytest.mark.parametrize("who", ["person", "shop", "admin"])
async def test_a_word_with_a_key_is_said_once(case: Case, rows: Rows, who: str) -> None:
    speak = {"person": case.says, "shop": case.shop_says, "admin": case.answers}[who]
    first, second = [await speak("Una vez.", headers={"Idempotency-Key": "decir-1"}) for _ in range(2)]
    assert first.is_success
    assert first.content == second.content
    assert await rows.count(ComplaintMessage) == 1


async def test_its_person_closes_it_whether_it_was_answered_or_not(case: Case) -> None:
    closed = await case.closes()
    assert (closed.status_code, closed.json()["status"]) == (200, "CLOSED")
    again = await case.closes()
    assert again.json() == closed.json(), "closed again, nothing changes"


async def test_the_marketplace_closes_only_what_it_has_answered(case: Case) -> None:
    problem = assert_problem(await case.closes(ALL), 409)
    assert (problem["from_status"], problem["to_status"]) == ("OPEN", "CLOSED")
    assert (await case.shown())["status"] == "OPEN"
    await case.answers("La cambiamos mañana.")
    assert [(await case.closes(ALL)).json()["status"] for _ in range(2)] == ["CLOSED", "CLOSED"]


async def test_nothing_is_said_in_what_is_closed(case: Case, rows: Rows) -> None:
    await case.closes()
    await asyncio.gather(case.api.token(case.seller), case.api.token(case.admin))
    before = await census(rows), await case.shown()
    for refused in (await case.says("Otra cosa"), await case.shop_says("¿Seguro?"), await case.sends(b"")):
        assert assert_problem(refused, 409)["type"] == "/problems/complaint-closed"
    problem = assert_problem(await case.answers("Tarde."), 409)
    assert (problem["from_status"], problem["to_status"]) == ("CLOSED", "ANSWERED")
    assert (await census(rows), await case.shown()) == before


async def test_who_closes_while_it_is_answered_is_before_or_after_it(case: Case, rows: Rows) -> None:
    answered, closed = await asyncio.gather(case.answers("La cambiamos."), case.closes())
    assert closed.status_code == 200
    assert answered.status_code in {200, 409}
    assert await rows.count(ComplaintMessage) == (1 if answered.status_code == 200 else 0)
    assert (await case.shown())["status"] == "CLOSED"


async def test_one_complaint_takes_so_many_words_and_always_the_answer(api: Api, case: Case, world: World) -> None:
    settings = world.settings.model_copy(update={"complaints": ComplaintSettings(most_messages=2)})
    in_world(api, replace(world, settings=settings))
    assert (await case.says("Uno")).status_code == 201
    assert (await case.shop_says("Dos")).status_code == 201
    for refused in (await case.says("Tres"), await case.shop_says("Tres")):
        assert assert_problem(refused, 409)["most"] == 2
    assert (await case.answers("Respuesta")).status_code == 200


async def test_nobody_reads_or_changes_what_is_not_theirs(api: Api, rows: Rows, case: Case) -> None:
    everybody = (None, case.person, case.stranger, case.seller, case.other_seller, case.admin)
    await asyncio.gather(*(api.token(who) for who in everybody if who))
    before, shown = await census(rows), await case.shown()
    ends: dict[str, tuple[tuple[str, str], ...]] = {
        MINE: (("GET", ""), ("POST", "/messages"), ("POST", "/close"), ("POST", "/evidence")),
        OF_SHOP: (("GET", ""), ("POST", "/messages")),
        ALL: (("GET", ""), ("POST", "/answer"), ("POST", "/close")),
    }
    refusing: dict[str, list[tuple[Any, int]]] = {
        MINE: [(None, 401), (case.stranger, 404), (case.seller, 404), (case.other_seller, 404), (case.admin, 403)],
        OF_SHOP: [(None, 401), (case.person, 403), (case.stranger, 403), (case.other_seller, 404), (case.admin, 403)],
        ALL: [(None, 401), (case.person, 403), (case.stranger, 403), (case.seller, 403), (case.other_seller, 403)],
    }
    for root, routes in ends.items():
        for method, end in routes:
            sent = {"json": {"text": "Hola"}} if end in {"/messages", "/answer"} else {}
            for by, status in refusing[root]:
                answer = await api.request(method, f"{root}/{case.id}{end}", by=by, **sent)
                assert_problem(answer, status)
    for root, who in ((MINE, case.person), (OF_SHOP, case.seller), (ALL, case.admin)):
        assert_problem(await api.get(f"{root}/{new_uuid()}", by=who), 404)
    assert (await census(rows), await case.shown()) == (before, shown)


async def test_each_lists_their_own_by_state_and_page_by_page(api: Api, case: Case) -> None:
    second = await file(api, case.person)
    third = await file(api, case.person, order_id=case.order.id, vendor_id=str(case.shop.id))
    await file(api, case.stranger)
    assert await ids(api, MINE, by=case.person) == [third["id"], second["id"], case.id]
    assert await ids(api, OF_SHOP, by=case.seller) == [third["id"], case.id]
    assert await ids(api, OF_SHOP, by=case.other_seller) == []
    await case.answers("Listo.")
    assert await ids(api, f"{MINE}?status=ANSWERED", by=case.person) == [case.id]
    assert await ids(api, f"{MINE}?status=OPEN", by=case.person) == [third["id"], second["id"]]
    assert await ids(api, f"{OF_SHOP}?status=ANSWERED", by=case.seller) == [case.id]
    page = (await api.get(f"{MINE}?limit=2&total=true", by=case.person)).json()
    assert ([item["id"] for item in page["items"]], page["total"]) == ([third["id"], second["id"]], 3)
    rest = (await api.get(f"{MINE}?limit=2&cursor={page['next_cursor']}", by=case.person)).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([case.id], None)
    assert_problem(await api.get(f"{MINE}?cursor=abc", by=case.person), 422)
    assert_problem(await api.get(f"{MINE}?status=QUIET", by=case.person), 422)


async def test_the_staff_finds_what_is_late_of_a_kind_or_of_a_shop(api: Api, rows: Rows, case: Case) -> None:
    petition = await file(api, case.stranger, kind="PETITION")
    late = await file(api, case.person, kind="COMPLAINT", order_id=case.order.id)
    late_but_answered = await file(api, case.person)
    await api.post(f"{ALL}/{late_but_answered['id']}/answer", {"text": "Listo."}, by=case.admin)
    for each in (late, late_but_answered):
        await rows.execute("UPDATE complaints SET due_at = now() - interval '1 second' WHERE id = :id", id=each["id"])
    everything = [late_but_answered["id"], late["id"], petition["id"], case.id]
    wanted = {
        "": everything,
        "?overdue=false": everything,
        "?overdue=true": [late["id"]],
        "?overdue=true&kind=CLAIM": [],
        "?kind=PETITION": [petition["id"]],
        "?status=ANSWERED": [late_but_answered["id"]],
        "?status=OPEN&kind=CLAIM": [case.id],
        f"?vendor_id={case.shop.id}": [case.id],
        f"?vendor_id={new_uuid()}": [],
    }
    for query, found in wanted.items():
        assert await ids(api, f"{ALL}{query}", by=case.admin) == found, query
    shown = (await api.get(f"{ALL}?kind=PETITION", by=case.admin)).json()["items"][0]
    assert shown["user_id"] == str(case.stranger.id)


async def test_what_was_said_is_only_ever_added(case: Case, rows: Rows) -> None:
    await case.says("Primero dije esto.")
    for change in (
        "UPDATE complaint_messages SET text = 'Dije otra cosa.'",
        "UPDATE complaint_messages SET text = '', actor = 'ADMIN'",
        "UPDATE complaint_messages SET text = '', at = now() - interval '1 day'",
        "DELETE FROM complaint_messages",
    ):
        with pytest.raises(IntegrityError, match="only ever added"):
            await rows.execute(change)
    (message,) = await rows.all(ComplaintMessage)
    assert message.text == "Primero dije esto."


async def test_its_person_hears_of_the_number_and_of_each_answer_once(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, sandbox: RunningSandbox
) -> None:
    ana = await make.buyer(email="pqr.ana@example.co")
    john = await make.buyer(email="pqr.john@example.co", language="en")
    complaint = await file(api, ana, kind="PETITION", subject="<b>Factura</b>")
    in_english = await file(api, john)
    await rows.execute("UPDATE complaints SET due_at = '2026-12-16T04:59:59.999999Z'")
    await drain()
    admin = await make.user(UserType.ADMIN)
    said = "Va adjunta.\n\n<script>Saludos</script>"
    for each in (complaint, in_english):
        assert (await api.post(f"{ALL}/{each['id']}/answer", {"text": said}, by=admin)).is_success
    await drain()
    for filed in await rows.all(Complaint):
        await tell_complaint_filed(world, ComplaintFiled(filed.id))
    for message in await rows.all(ComplaintMessage):
        await tell_complaint_answered(world, ComplaintAnswered(message.complaint_id, message.id))
    await drain()
    answered, received = sandbox.mails("pqr.ana@example.co")
    number = complaint["filing_number"]
    assert received["subject"] == f"Recibimos tu petición: {number}"
    assert "a más tardar el 15 de diciembre de 2026" in received["text"]
    assert "&lt;b&gt;Factura&lt;/b&gt;" in received["html"]
    assert answered["subject"] == f"Respondimos tu PQR {number}"
    assert "Va adjunta.\n\n<script>Saludos</script>\n" in answered["text"]
    assert "<script>" not in answered["html"]
    answered, received = sandbox.mails("pqr.john@example.co")
    assert received["subject"] == f"We received your claim: {in_english['filing_number']}"
    assert "We answer by 15 December 2026 at the latest." in received["text"]
    assert answered["subject"] == f"We answered {in_english['filing_number']}"


async def test_another_answer_is_another_letter(case: Case, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    await case.answers("No procede.")
    await case.says("No estoy conforme.")
    await case.answers("La cambiamos.")
    await drain()
    told = [message.context["paragraphs"] for message in await rows.all(Message) if "answered" in message.template]
    assert sorted(told) == [["La cambiamos."], ["No procede."]]


def test_the_table_of_moves_is_whole() -> None:
    assert MOVES.keys() == set(ComplaintActor)
    for nexts in MOVES.values():
        assert nexts.keys() == set(ComplaintStatus)
        assert nexts[ComplaintStatus.CLOSED] == frozenset(), "what is closed stays closed"
        assert all(status not in after for status, after in nexts.items())
