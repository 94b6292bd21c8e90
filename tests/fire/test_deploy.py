"""A deploy under load: SIGTERM, and no request that a load balancer passed on is reset."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.app.running_system import RunningSystem
from tests.sandbox.running import eventually

GRACE = 3
SHOPPERS = 24


@pytest.fixture(name="system", scope="module")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    environment = {"MESTORE_API_SHUTDOWN_GRACE_SECONDS": str(GRACE)}
    with RunningSystem(tmp_path_factory.mktemp("deploy"), environment=environment, api_workers=2) as system:
        yield system


class Balancer:
    """Passes requests on until `/health/ready` says that the server takes no more."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.gone = threading.Event()
        self.answers: Counter[str] = Counter()
        self.readiness: list[httpx.Response] = []

    def watch(self) -> None:
        while not self.gone.is_set():
            self.readiness.append(httpx.get(f"{self._url}/health/ready", timeout=5, trust_env=False))
            if self.readiness[-1].status_code == 503:
                self.gone.set()

    def pass_on(self, kept: int) -> None:
        """One shopper after another, each with a new connection or, where some are `kept`, with one of those."""
        limits = httpx.Limits(max_keepalive_connections=kept)
        with httpx.Client(base_url=self._url, limits=limits, timeout=20, trust_env=False) as http:
            while not self.gone.is_set():
                try:
                    answer = http.get("/api/v1/products?limit=100")
                except httpx.TransportError as lost:
                    self.answers[repr(lost)] += 1
                else:
                    self.answers[str(answer.status_code)] += 1


@pytest.mark.parametrize("kept", [0, 1], ids=["new connections", "kept connections"])
def test_k19_no_request_is_reset_by_a_deploy(system: RunningSystem, kept: int) -> None:
    balancer = Balancer(system.api_url)
    with ThreadPoolExecutor(SHOPPERS + 1) as threads:
        watching = threads.submit(balancer.watch)
        shopping = [threads.submit(balancer.pass_on, kept) for _ in range(SHOPPERS)]
        try:
            eventually(lambda: balancer.answers["200"] > SHOPPERS, 30)
            assert not balancer.gone.is_set(), "nobody has told it to end"
            system.stop("api")
        finally:
            balancer.gone.wait(20)
            balancer.gone.set()
        for each in (watching, *shopping):
            each.result()
    assert set(balancer.answers) == {"200"}, balancer.answers
    last = balancer.readiness[-1]
    assert (last.status_code, last.json()["status"], last.headers["retry-after"]) == (503, "unavailable", "2")
    assert last.headers["connection"] == "close"
    assert last.json()["dependencies"]["postgresql"] == "ok", "nothing is wrong with it"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{system.api_url}/health/live", trust_env=False)
    system.start("api")
    assert httpx.get(f"{system.api_url}/health/ready", trust_env=False).status_code == 200


def test_whoever_is_in_a_hurry_signals_twice(system: RunningSystem) -> None:
    """The second SIGTERM ends the grace: nobody has to wait for it at a terminal."""
    process = system._processes["api"]
    process.terminate()
    eventually(lambda: httpx.get(f"{system.api_url}/health/ready", trust_env=False).status_code == 503)
    process.terminate()
    assert process.wait(GRACE - 0.5) == 0
    system.start("api")
