"""kill -9 of any one process while the demo is played: started again, it leaves nothing wrong in the database."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.app.running_system import NAMES, RunningSystem
from tests.fire.aftermath import nothing_is_wrong

BEFORE = {
    "while the buyer pays": "the order is returned",
    "while the order is confirmed": "and approves the payment there",
}
"""The step after which it is killed: the next one is under way then."""


@pytest.fixture(name="system", scope="module")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    environment = {
        "MESTORE_JOBS_HEARTBEAT_SECONDS": "1",
        "MESTORE_WOMPI_TIMEOUT_SECONDS": "3",
        "MESTORE_PAYMENTS_NOT_FOUND_GRACE_SECONDS": "0",
        "MESTORE_LIMITS_FACTOR": "1000",
    }
    with RunningSystem(tmp_path_factory.mktemp("demo"), environment=environment) as system:
        system.seed()
        yield system


class Demo:
    """`mestore demo`, as a person runs it."""

    def __init__(self, system: RunningSystem) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mestore", "demo"],
            env=system.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        self._output = self._process.stdout

    def reach(self, step: str) -> None:
        assert any(step in line for line in self._output), f"it ended before “{step}”"

    def end(self) -> tuple[int, str]:
        output = self._output.read()
        self._output.close()
        return self._process.wait(), output


@pytest.mark.parametrize("moment", BEFORE)
@pytest.mark.parametrize("process", NAMES)
async def test_any_process_may_die(system: RunningSystem, process: str, moment: str) -> None:
    demo = Demo(system)
    demo.reach(BEFORE[moment])
    system.kill(process)
    system.start(process)
    demo.end()
    assert [name for name in NAMES if not system.is_running(name)] == ["sandbox"], "the others outlive it"
    await nothing_is_wrong(system)


async def test_after_all_that_the_demo_is_played_to_its_end(system: RunningSystem) -> None:
    code, output = Demo(system).end()
    assert code == 0, output
    assert "All 17 steps are right" in output
    await nothing_is_wrong(system)
