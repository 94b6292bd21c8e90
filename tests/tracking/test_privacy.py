"""A buyer is shown what was told of its packages, and erased from it."""

from mestore.core.database import transaction
from mestore.privacy.records import RECORDS
from mestore.privacy.repository import PrivacyRepository
from mestore.tracking.models import TrackingEvent
from tests.rows import Rows
from tests.tracking.scene import Scene

(RECORD,) = (record for record in RECORDS if record.name == "tracking_events")


async def test_a_buyer_is_shown_what_was_told_of_its_packages(scene: Scene) -> None:
    await scene.announce("FAILED", place="Cra 7 # 71-21", message="Nadie abrió")
    shown = await scene.api.get("/api/v1/auth/me/data-export", by=scene.buyer)
    (event,) = shown.json()["records"]["tracking_events"]
    assert (event["status"], event["place"], event["message"]) == ("FAILED", "Cra 7 # 71-21", "Nadie abrió")
    other = await scene.api.get("/api/v1/auth/me/data-export", by=await scene.make.buyer())
    assert other.json()["records"]["tracking_events"] == []


async def test_who_is_erased_is_erased_from_what_was_told(scene: Scene, rows: Rows) -> None:
    await scene.announce("FAILED", "ev-1", place="Cra 7 # 71-21", message="Ana no estaba")
    async with transaction(scene.world.sessions) as session:
        await PrivacyRepository(session).erase(RECORD, (await scene.make.buyer()).id)
    assert [event.message for event in await rows.all(TrackingEvent)] == ["Ana no estaba"]
    async with transaction(scene.world.sessions) as session:
        await PrivacyRepository(session).erase(RECORD, scene.buyer.id)
    (event,) = await rows.all(TrackingEvent)
    assert (event.status, event.place, event.message) == ("FAILED", None, None)
