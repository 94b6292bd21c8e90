"""What carriers announce: believed only when signed, in any order, each event once."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from mestore.app.api import behind_gate, create_app
from mestore.core.market_settings import CarrierSettings
from mestore.core.rate_limits import UNCOUNTED
from mestore.core.settings import Environment
from mestore.orders.models import Order, OrderHistory
from mestore.orders.moves import end_of_retracto
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.orders.tasks import deliver_by_time
from mestore.tracking.models import TrackingEvent
from mestore.tracking.signatures import HEADER, sign
from mestore.tracking.states import Source, TrackingStatus
from tests.problems import assert_problem, census, said_by
from tests.rows import Rows
from tests.tracking.scene import EVENTS, SECRET, Scene, ago


async def moves(rows: Rows, scene: Scene, to: str) -> int:
    history = await rows.all(OrderHistory)
    return sum(row.package_id == scene.package_id and row.to_status == to for row in history)


async def test_a_delivered_package_starts_retracto(scene: Scene, rows: Rows) -> None:
    answer = await scene.announce("DELIVERED", place="Bogotá", message="Recibió en portería")
    assert (answer.status_code, answer.json()) == (200, {"known": True})
    package = await scene.package()
    assert package.status is PackageStatus.DELIVERED
    assert package.delivered_at is not None
    assert package.returnable_until == end_of_retracto(package.delivered_at, scene.world.settings.orders)
    assert (await rows.get(Order, scene.order.id)).status is OrderStatus.DELIVERED
    (event,) = await rows.all(TrackingEvent)
    assert (event.status, event.source, event.carrier, event.carrier_event_id, event.place) == (
        *(TrackingStatus.DELIVERED, Source.CARRIER),
        *("servientrega", "ev-1", "Bogotá"),
    )


async def test_what_came_back_is_owed_back(scene: Scene, rows: Rows) -> None:
    assert (await scene.announce("RETURNED")).status_code == 200
    package = await scene.package()
    assert package.status is PackageStatus.RETURNED
    assert await moves(rows, scene, "RETURNED") == 1
    (history,) = [row for row in await rows.all(OrderHistory) if row.to_status == "RETURNED"]
    assert (history.actor, history.reason) == ("SYSTEM", "servientrega: returned")


@pytest.mark.parametrize("status", ["IN_TRANSIT", "AT_WAREHOUSE", "OUT_FOR_DELIVERY"])
async def test_on_its_way_a_package_only_shows_where_it_is(status: str, scene: Scene, rows: Rows) -> None:
    assert (await scene.announce(status)).status_code == 200
    package = await scene.package()
    assert (package.status, package.delivery_failed_at, package.delivered_at) == (PackageStatus.SHIPPED, None, None)
    assert [event.status for event in await rows.all(TrackingEvent)] == [status]


async def test_time_alone_delivers_nothing_that_failed_until_more_is_said(scene: Scene) -> None:
    await scene.age(16 * 24)
    assert (await scene.announce("FAILED")).status_code == 200
    assert (await scene.package()).delivery_failed_at is not None
    await deliver_by_time(scene.world)
    assert (await scene.package()).status is PackageStatus.SHIPPED
    assert (await scene.announce("OUT_FOR_DELIVERY", "ev-2")).status_code == 200
    assert (await scene.package()).delivery_failed_at is None
    await deliver_by_time(scene.world)
    assert (await scene.package()).status is PackageStatus.DELIVERED


async def test_a_failure_is_the_last_word_by_when_it_happened_not_by_when_it_came(scene: Scene) -> None:
    await scene.announce("FAILED", "ev-2", at=ago(scene.world, 2).isoformat())
    await scene.announce("OUT_FOR_DELIVERY", "ev-1", at=ago(scene.world, 9).isoformat())
    assert (await scene.package()).delivery_failed_at is not None
    await scene.announce("AT_WAREHOUSE", "ev-4", at=ago(scene.world, 1).isoformat())
    await scene.announce("FAILED", "ev-3", at=ago(scene.world, 3).isoformat())
    assert (await scene.package()).delivery_failed_at is None


async def test_what_comes_after_the_end_is_kept_and_moves_nothing(scene: Scene, rows: Rows) -> None:
    await scene.announce("DELIVERED", "ev-9")
    delivered = await scene.package()
    for number, status in enumerate(("IN_TRANSIT", "FAILED", "OUT_FOR_DELIVERY", "RETURNED", "DELIVERED")):
        assert (await scene.announce(status, f"ev-{number}")).json() == {"known": True}
    after = await scene.package()
    same = ("status", "delivered_at", "returnable_until", "delivery_failed_at")
    assert [getattr(after, name) for name in same] == [getattr(delivered, name) for name in same]
    assert await rows.count(TrackingEvent) == 6
    assert await moves(rows, scene, "DELIVERED") == 1


async def test_an_event_announced_again_changes_nothing(scene: Scene, rows: Rows) -> None:
    await scene.announce("IN_TRANSIT", "ev-1")
    before = await census(rows)
    again = await scene.announce("DELIVERED", "ev-1", place="Cali")
    assert (again.status_code, again.json()) == (200, {"known": True})
    assert await census(rows) == before
    assert (await scene.package()).status is PackageStatus.SHIPPED


async def test_twenty_times_at_once_is_once(scene: Scene, rows: Rows) -> None:
    answers = await asyncio.gather(*(scene.announce("DELIVERED", "ev-1") for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert await rows.count(TrackingEvent) == 1
    assert await moves(rows, scene, "DELIVERED") == 1


async def test_twenty_different_announcements_of_one_delivery_at_once(scene: Scene, rows: Rows) -> None:
    answers = await asyncio.gather(*(scene.announce("DELIVERED", f"ev-{number}") for number in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert await rows.count(TrackingEvent) == 20
    assert await moves(rows, scene, "DELIVERED") == 1


async def test_a_carrier_and_the_buyer_say_at_once_that_it_arrived(scene: Scene, rows: Rows) -> None:
    receive = f"/api/v1/orders/{scene.order.id}/packages/{scene.package_id}/receive"
    await scene.api.token(scene.buyer)
    asked = [scene.announce("DELIVERED", f"ev-{number}") for number in range(5)]
    asked += [scene.api.post(receive, by=scene.buyer) for _ in range(5)]
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 10
    assert await moves(rows, scene, "DELIVERED") == 1
    jobs = "SELECT entrypoint FROM pgqueuer WHERE entrypoint = 'notifications.tell_package_delivered'"
    assert len(await rows.execute(jobs)) == 1


async def test_a_carrier_and_time_say_at_once_that_it_arrived(scene: Scene, rows: Rows) -> None:
    await scene.age(16 * 24)
    announced, *_ = await asyncio.gather(
        scene.announce("DELIVERED"), deliver_by_time(scene.world), deliver_by_time(scene.world)
    )
    assert announced.status_code == 200
    assert (await scene.package()).status is PackageStatus.DELIVERED
    assert await moves(rows, scene, "DELIVERED") == 1


async def test_of_two_ends_at_once_one_comes_true_with_all_that_follows(scene: Scene, rows: Rows) -> None:
    answers = await asyncio.gather(
        *(scene.announce(("DELIVERED", "RETURNED")[number % 2], f"ev-{number}") for number in range(10))
    )
    assert [answer.status_code for answer in answers] == [200] * 10
    package = await scene.package()
    ends = [await moves(rows, scene, status) for status in ("DELIVERED", "RETURNED")]
    assert ends == ([1, 0] if package.status is PackageStatus.DELIVERED else [0, 1])
    assert (package.returnable_until is None) is (package.status is PackageStatus.RETURNED)
    assert await rows.count(TrackingEvent) == 10


@pytest.mark.parametrize("spelling", ["SERVIENTREGA", "Servi-Entrega", "servientréga"])
async def test_a_carrier_is_known_however_the_vendor_spells_it(spelling: str, scene: Scene, rows: Rows) -> None:
    await rows.execute("UPDATE packages SET carrier = :carrier", carrier=spelling)
    assert (await scene.announce("IN_TRANSIT", guide_number=scene.guide_number.lower())).json() == {"known": True}


async def test_nobody_takes_another_package_s_guide_number_by_spelling_it_otherwise(scene: Scene) -> None:
    other = await scene.make.vendor()
    order = await scene.make.paid_order(units={(await scene.make.product(vendor=other)).id: 1})
    shipment = {"carrier": "SERVI ENTREGA", "guide_number": scene.guide_number.lower()}
    taken = await scene.api.post(
        f"/api/v1/vendor/orders/{order.id}/shipment", shipment, by=await scene.make.owner(other)
    )
    assert assert_problem(taken, 409)["type"] == "/problems/guide-number-taken"


@pytest.mark.parametrize("guide_number", ["GUIA-000", "guia"])
async def test_a_guide_number_that_nobody_knows_is_no_error(guide_number: str, scene: Scene, rows: Rows) -> None:
    before = await census(rows)
    answer = await scene.announce("DELIVERED", guide_number=guide_number)
    assert (answer.status_code, answer.json()) == (202, {"known": False})
    assert await census(rows) == before


async def test_a_carrier_tells_only_of_what_it_carries(scene: Scene, rows: Rows) -> None:
    await rows.execute("UPDATE packages SET carrier = 'Coordinadora'")
    assert (await scene.announce("DELIVERED")).json() == {"known": False}
    assert (await scene.package()).status is PackageStatus.SHIPPED


@pytest.mark.parametrize(
    "signature",
    ["sha256=" + "0" * 64, "", "sha256=", "ñ", sign("another secret", b"{}"), "x" * 200],
)
async def test_what_is_not_signed_is_not_read(signature: str, scene: Scene, rows: Rows) -> None:
    raw = json.dumps({"event_id": "ev-1", "guide_number": scene.guide_number, "status": "DELIVERED"}).encode()
    before = await census(rows)
    for body in (raw, b"no json", b""):
        answer = await scene.api.post(EVENTS, content=body, headers={HEADER: signature.encode()})
        assert assert_problem(answer, 401)["type"] == "/problems/wrong-carrier-signature"
    assert await census(rows) == before


async def test_a_signature_is_of_these_bytes_and_of_this_carrier(scene: Scene, rows: Rows) -> None:
    raw = json.dumps({"event_id": "ev-1", "guide_number": scene.guide_number, "status": "DELIVERED"}).encode()
    assert_problem(await scene.send(raw + b" ", sign(SECRET, raw)), 401)
    assert_problem(await scene.send(raw, path="/api/v1/carriers/coordinadora/events"), 401)
    assert await rows.count(TrackingEvent) == 0


@pytest.mark.parametrize("secrets", [{}, {"coordinadora": SecretStr("c" * 32)}, {"servientrega": SecretStr("")}, None])
async def test_without_its_secret_no_carrier_is_believed(secrets: dict[str, SecretStr] | None, scene: Scene) -> None:
    """`None` is nothing said, in production: there development's secret is none."""
    settings = scene.world.settings.model_copy(
        update={
            "carriers": CarrierSettings(secrets=secrets),
            **({"environment": Environment.PRODUCTION} if secrets is None else {}),
        }
    )
    app = create_app(settings)
    app.state.world = replace(scene.world, settings=settings)
    raw = json.dumps({"event_id": "ev-1", "guide_number": scene.guide_number, "status": "DELIVERED"}).encode()
    transport = httpx.ASGITransport(behind_gate(app, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        for key in (SECRET, "", "c" * 32):
            assert_problem(await http.post(EVENTS, content=raw, headers={HEADER: sign(key, raw)}), 401)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"status": "LOST"}, 422),
        ({"at": "yesterday-71"}, 422),
        ({"at": 1_764_000_000}, 422),
        ({"at": "2026-11-24T15:04:05"}, 422),
        ({"at": "9999-12-31T23:59:59-14:00"}, 422),
        ({"at": "0001-01-01T00:00:00+14:00"}, 422),
        ({"event_id": ""}, 422),
        ({"event_id": "e" * 101}, 422),
        ({"event_id": "a\u0000b"}, 422),
        ({"guide_number": "7 39 1"}, 422),
        ({"place": "p" * 101}, 422),
        ({"message": "m" * 301}, 422),
        ({"message": "dos\u0007timbres"}, 422),
        ({"price": "7391"}, 422),
    ],
    ids=str,
)
async def test_a_signed_event_that_does_not_fit(
    change: dict[str, object], status: int, scene: Scene, rows: Rows
) -> None:
    before = await census(rows)
    answer = await scene.announce("DELIVERED", **change)
    assert_problem(answer, status)
    assert "7391" not in said_by(answer)
    assert await census(rows) == before
    assert (await scene.package()).status is PackageStatus.SHIPPED


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"event_id": "a", "event_id": "b"}', b"\xff"])
async def test_a_signed_body_that_is_no_event(raw: bytes, scene: Scene, rows: Rows) -> None:
    before = await census(rows)
    assert_problem(await scene.send(raw), 400, 422)
    assert await census(rows) == before


async def test_nothing_happened_before_the_shipment_or_has_yet_to_happen(scene: Scene, rows: Rows) -> None:
    minutes = {
        -49 * 60: "/problems/moment-before-shipment",
        -48 * 60 - 4: None,
        4: None,
        6: "/problems/moment-in-the-future",
    }
    for number, (offset, refused) in enumerate(minutes.items()):
        at = (scene.world.now() + timedelta(minutes=offset)).isoformat()
        answer = await scene.announce("IN_TRANSIT", f"ev-{number}", at=at)
        if refused is None:
            assert answer.status_code == 200, offset
        else:
            assert assert_problem(answer, 422)["type"] == refused
    assert await rows.count(TrackingEvent) == 2


async def test_carriers_are_heard_however_much_they_tell(scene: Scene) -> None:
    assert UNCOUNTED.fullmatch(EVENTS)
    assert not UNCOUNTED.fullmatch("/api/v1/carriers/a/b/events")
    answer = await scene.announce("IN_TRANSIT")
    assert "ratelimit" not in answer.headers


async def test_a_body_larger_than_any_event_is_refused(scene: Scene) -> None:
    raw = b" " * (scene.world.settings.api.max_webhook_bytes + 1)
    assert_problem(await scene.send(raw), 413)


async def test_rows_are_only_added(scene: Scene, rows: Rows) -> None:
    await scene.announce("IN_TRANSIT", place="Cali")
    for change in (
        "DELETE FROM tracking_events",
        "UPDATE tracking_events SET status = 'DELIVERED'",
        "UPDATE tracking_events SET place = 'Pasto'",
        "UPDATE tracking_events SET place = NULL, message = NULL, at = now()",
    ):
        with pytest.raises(Exception, match="only ever added"):
            await rows.execute(change)
    await rows.execute("UPDATE tracking_events SET place = NULL, message = NULL")
