"""`mestore demo` against the whole system, and against a part of it."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from mestore.app import check, demo
from mestore.core.market_settings import CommissionSettings
from tests.app.running_system import RunningSystem


@pytest.fixture(name="system", scope="module")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    quick = {"MESTORE_PAYMENTS_BREAKER_SECONDS": "2"}
    with RunningSystem(tmp_path_factory.mktemp("demo"), environment=quick) as system:
        system.seed()
        yield system


def right_steps(output: str) -> list[int]:
    return [int(number) for number in re.findall(r"^✓ +(\d+) ", output, re.MULTILINE)]


def test_all_seventeen_steps_are_right(system: RunningSystem, capsys: pytest.CaptureFixture[str]) -> None:
    came_out_right = demo.run(system.settings)
    output = capsys.readouterr().out
    assert came_out_right, f"{output}\n{system.log('worker')[-3000:]}"
    assert right_steps(output) == list(range(1, 18))
    assert "✗" not in output
    assert len(re.findall(r"^✓ +· ", output, re.MULTILINE)) == 16
    for came_back in (
        "WebP of 1200, 900, 600, 300, 150 px",
        "suggests “Molinillo manual",
        "DEMO-CAFE-250 is for sale",
        "a PDF of",
        "COP go back by",
    ):
        assert came_back in output
    assert "\x1b" not in output, "colours are for terminals"
    seconds = re.search(r"All 17 steps are right, in ([0-9.]+) s", output)
    assert seconds is not None
    assert float(seconds[1]) < 15


def test_it_can_be_played_again(system: RunningSystem, capsys: pytest.CaptureFixture[str]) -> None:
    came_out_right = demo.run(system.settings)
    assert came_out_right, f"{capsys.readouterr().out}\n{system.log('worker')[-3000:]}"


ENDS = {
    "PSE, Wompi": "APPROVED DELIVERED",
    "card by token, Wompi": "PARTIALLY_REFUNDED CONFIRMED",
    "card declined, Wompi": "DECLINED CANCELLED",
    "card on Wompi's page": "REFUNDED CANCELLED",
    "Efecty at the counter": "APPROVED CONFIRMED",
    "Efecty by collection file": "APPROVED CONFIRMED",
    "Efecty after the slip's end": "APPROVED CONFIRMED",
    "Efecty after the order's end": "REFUNDED CANCELLED",
    "Nequi while Wompi fails": "ERROR CANCELLED",
    "PSE, PayU": "APPROVED CONFIRMED",
    "Nequi, Wompi": "APPROVED CONFIRMED",
}


@pytest.mark.parametrize("time", ["first", "second"])
def test_every_way_to_pay_ends_as_it_must(system: RunningSystem, capsys: pytest.CaptureFixture[str], time: str) -> None:
    system.sandbox.control("settle_delay", min=0, max=0)
    came_out_right = demo.run(system.settings, everything=True)
    output = capsys.readouterr().out
    assert came_out_right, f"{output}\n{system.log('worker')[-3000:]}"
    assert right_steps(output) == list(range(1, 18))
    ends = re.findall(r"^✓ +· +(.*?) +ORD-\S+: payment ([A-Z_]+), order ([A-Z]+)$", output, re.MULTILINE)
    assert {title: f"{payment} {order}" for title, payment, order in ends} == ENDS
    assert "✗" not in output
    assert f"all {len(ENDS)} purchases ended as they must" in output
    assert "… " in output, "what takes long is told of"
    clean = check.run(system.settings)
    assert clean == 0, capsys.readouterr().out


def test_a_wrong_step_is_shown_and_ends_it(system: RunningSystem, capsys: pytest.CaptureFixture[str]) -> None:
    wants_more = system.settings.model_copy(update={"commissions": CommissionSettings(rate=Decimal("0.06"))})
    assert not demo.run(wants_more)
    output = capsys.readouterr().out
    assert right_steps(output) == list(range(1, 16))
    assert re.search(r"^✗ 16 .* was charged ", output, re.MULTILINE)


def test_without_the_system_it_says_what_to_do(system: RunningSystem, capsys: pytest.CaptureFixture[str]) -> None:
    system.stop("api")
    assert not demo.run(system.settings)
    (line,) = capsys.readouterr().out.splitlines()
    assert system.api_url in line
    assert "make up" in line
