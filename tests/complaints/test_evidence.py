"""Pictures in a complaint: who adds and who sees them, how many, where they lie and what removes them."""

import asyncio
import io
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mestore.app.subscriptions import PERIODIC
from mestore.complaints.models import Complaint, ComplaintEvidence, ComplaintMessage
from mestore.core import failpoints
from mestore.core.clock import Now
from mestore.core.ids import new_uuid
from mestore.core.settings import MediaSettings
from mestore.core.world import World
from tests.api import Api
from tests.complaints.cases import ALL, MINE, OF_SHOP, Case, file, in_world
from tests.make import Make
from tests.media import hostile
from tests.problems import assert_problem, census
from tests.rows import Rows

ME, EXPORT = "/api/v1/auth/me", "/api/v1/auth/me/data-export"


def store_of(world: World) -> Path:
    return world.settings.data_dir / "private"


def stored(world: World) -> set[str]:
    return {folder.name for folder in store_of(world).iterdir()} if store_of(world).is_dir() else set()


@pytest.fixture(autouse=True)
def empty_store(world: World) -> None:
    for folder in stored(world):
        shutil.rmtree(store_of(world) / folder)


async def added(case: Case, content: bytes | None = None) -> dict[str, Any]:
    answer = await case.sends(content or hostile.picture())
    assert answer.status_code == 201, answer.text
    evidence: dict[str, Any] = answer.json()
    return evidence


async def test_its_person_the_shop_and_the_staff_see_a_picture_and_nobody_keeps_it(
    api: Api, case: Case, rows: Rows
) -> None:
    answer = await case.sends(hostile.turned(), alt="  La puerta rayada ")
    assert answer.status_code == 201, answer.text
    evidence = answer.json()
    assert {"position": 1, "alt": "La puerta rayada", "width": 480, "height": 640}.items() <= evidence.items()
    assert (await case.shown())["evidence"] == [evidence]
    contents = set()
    for root, who in ((MINE, case.person), (OF_SHOP, case.seller), (ALL, case.admin)):
        file_ = await api.get(f"{root}/{case.id}/evidence/{evidence['id']}", by=who)
        assert (file_.status_code, file_.headers["content-type"]) == (200, "image/webp")
        assert file_.headers["cache-control"] == "private, no-store"
        assert file_.headers["x-content-type-options"] == "nosniff"
        contents.add(file_.content)
    (content,) = contents
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (480, 640), {})
    (row,) = await rows.all(ComplaintEvidence)
    for name in ("1200.webp", "600.webp"):
        assert_problem(await api.get(f"/media/{row.folder}/{name}"), 404)
    assert row.folder not in answer.text


async def test_nobody_else_sees_or_adds_one(api: Api, rows: Rows, world: World, case: Case) -> None:
    evidence = await added(case)
    other = await file(api, case.person)
    await asyncio.gather(*(api.token(who) for who in (case.stranger, case.seller, case.other_seller, case.admin)))
    before, kept = await census(rows), stored(world)
    end = f"{case.id}/evidence/{evidence['id']}"
    refused: list[tuple[str, Any, int]] = [
        (f"{MINE}/{end}", None, 401),
        (f"{MINE}/{end}", case.stranger, 404),
        (f"{MINE}/{end}", case.seller, 404),
        (f"{MINE}/{end}", case.admin, 403),
        (f"{OF_SHOP}/{end}", None, 401),
        (f"{OF_SHOP}/{end}", case.person, 403),
        (f"{OF_SHOP}/{end}", case.other_seller, 404),
        (f"{ALL}/{end}", None, 401),
        (f"{ALL}/{end}", case.person, 403),
        (f"{ALL}/{end}", case.seller, 403),
        (f"{MINE}/{other['id']}/evidence/{evidence['id']}", case.person, 404),
        (f"{MINE}/{case.id}/evidence/{new_uuid()}", case.person, 404),
    ]
    for path, by, status in refused:
        assert_problem(await api.get(path, by=by), status)
    for by, status in ((None, 401), (case.stranger, 404), (case.seller, 404), (case.admin, 403)):
        assert_problem(await case.sends(hostile.picture(), by=by), status)
    assert (await census(rows), stored(world)) == (before, kept)


async def test_of_seven_sent_at_once_five_are_kept(case: Case, rows: Rows, world: World) -> None:
    answers = await asyncio.gather(*(case.sends(hostile.picture("PNG", (40, 40))) for _ in range(7)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 2
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert assert_problem(refused, 409)["most"] == 5
    assert [each["position"] for each in (await case.shown())["evidence"]] == [1, 2, 3, 4, 5]
    assert stored(world) == {evidence.folder for evidence in await rows.all(ComplaintEvidence)}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"%PDF-1.7 no picture", 422),
        (hostile.png_bomb(50_000, 50_000), 422),
        (hostile.picture() + b"\0" * MediaSettings().max_bytes, 413),
    ],
    ids=["pdf", "bomb", "too large"],
)
async def test_what_is_no_picture_or_too_large_is_refused_and_leaves_nothing(
    case: Case, rows: Rows, world: World, content: bytes, status: int
) -> None:
    assert_problem(await case.sends(content), status)
    assert await rows.count(ComplaintEvidence) == 0
    assert stored(world) == set()


async def test_a_picture_of_5_mib_is_taken(case: Case) -> None:
    most = MediaSettings().max_bytes
    await added(case, (hostile.picture() + b"\0" * most)[:most])


async def test_a_store_that_can_keep_nothing_is_a_503_without_a_row(
    api: Api, case: Case, rows: Rows, world: World, tmp_path: Path
) -> None:
    """Where the folder should be is a file: as on a full disk, nothing can be written (fault F72)."""
    (tmp_path / "private").write_text("")
    in_world(api, replace(world, settings=world.settings.model_copy(update={"data_dir": tmp_path})))
    assert assert_problem(await case.sends(hostile.picture()), 503)["type"] == "/problems/storage-away"
    assert await rows.count(ComplaintEvidence) == 0


def _at(moment: datetime) -> Now:
    return lambda: moment


async def test_the_janitors_leave_evidence_and_take_what_a_dead_upload_left(
    case: Case, rows: Rows, world: World
) -> None:
    """Fault K17."""
    await added(case)
    (folder,) = stored(world)
    failpoints.arm({"picture_stored": "raise"})
    try:
        assert (await case.sends(hostile.picture())).status_code == 500
    finally:
        failpoints.arm({})
    assert len(stored(world)) == 2
    janitors = [task for task in PERIODIC if task.name.endswith(".remove_unused_files")]
    assert {task.name for task in janitors} == {"catalog.remove_unused_files", "complaints.remove_unused_files"}
    for minutes, left in ((50, 2), (70, 1)):
        moment = world.now() + timedelta(minutes=minutes)
        later = replace(world, now=_at(moment))
        for janitor in janitors:
            await janitor.handle(later)
        assert len(stored(world)) == left
    assert stored(world) == {folder}
    assert await rows.count(ComplaintEvidence) == 1


async def ended(rows: Rows, world: World) -> None:
    """Nothing of anybody's is under way."""
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 hour'")
    (expire,) = [task for task in PERIODIC if task.name == "orders.expire_unpaid_orders"]
    await expire.handle(world)


async def test_what_is_kept_is_handed_out_to_its_person(api: Api, case: Case) -> None:
    await added(case)
    await case.shop_says("Salió bien.")
    await file(api, case.stranger, subject="De otro")
    answer = await api.get(EXPORT, by=case.person)
    records = answer.json()["records"]
    assert [each["filing_number"] for each in records["complaints"]] == [case.complaint["filing_number"]]
    assert [each["text"] for each in records["complaint_messages"]] == ["Salió bien."]
    assert "user_id" not in records["complaint_messages"][0], "who spoke for the shop is not the person's to know"
    assert len(records["complaint_evidence"]) == 1
    assert "folder" not in records["complaint_evidence"][0]
    assert "De otro" not in answer.text
    spoken = (await api.get(EXPORT, by=case.seller)).json()["records"]
    assert [each["text"] for each in spoken["complaint_messages"]] == ["Salió bien."]
    assert spoken["complaints"] == []


async def test_the_erased_leave_no_word_and_no_picture(
    api: Api, case: Case, rows: Rows, world: World, drain: Callable[[], Awaitable[None]], sandbox: Any
) -> None:
    await added(case)
    await case.says("Vivo en la Cra 7.")
    await case.answers("Señora Ana: la cambiamos.")
    await case.says("Gracias.")
    kept = await file(api, case.stranger, subject="De otro", text="Todo bien.")
    await drain()
    await ended(rows, world)
    assert (await api.request("DELETE", ME, by=case.person)).status_code == 204
    complaint = await rows.get(Complaint, case.complaint["id"])
    assert (complaint.subject, complaint.text, complaint.status) == ("Eliminado", "", "CLOSED")
    assert complaint.filing_number == case.complaint["filing_number"]
    assert [message.text for message in await rows.all(ComplaintMessage)] == [""] * 3
    assert await rows.count(ComplaintEvidence) == 0
    assert stored(world) == set()
    assert (await rows.get(Complaint, kept["id"])).subject == "De otro"
    traces = ("Nevera rayada", "Pido que", "Cra 7", "Señora Ana", "Gracias")
    for table in ("complaints", "complaint_messages", "messages", "idempotency_keys"):
        for row in await rows.execute(f'SELECT t::text AS row FROM "{table}" t'):
            assert not [trace for trace in traces if trace in row.row], (table, row.row)


async def test_what_a_shop_said_stays_when_its_owner_is_erased(api: Api, case: Case, rows: Rows, world: World) -> None:
    await case.shop_says("Salió bien.")
    await ended(rows, world)
    assert (await api.request("DELETE", ME, by=case.seller)).status_code == 204
    assert [message["text"] for message in (await case.shown())["messages"]] == ["Salió bien."]


async def test_filing_and_erasing_at_once_is_the_one_before_the_other(
    api: Api, make: Make, rows: Rows, world: World
) -> None:
    for _ in range(8):
        person = await make.buyer()
        mine = await file(api, person)
        said, erased = await asyncio.gather(
            api.post(f"{MINE}/{mine['id']}/messages", {"text": "Vivo en la Cra 7."}, by=person),
            api.request("DELETE", ME, by=person),
        )
        assert erased.status_code == 204
        assert said.status_code in {201, 401, 409}
    assert {complaint.text for complaint in await rows.all(Complaint)} == {""}
    assert {message.text for message in await rows.all(ComplaintMessage)} <= {""}
