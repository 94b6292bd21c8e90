"""`/metrics`: what Prometheus reads is what happened, over all worker processes and in all states."""

import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mestore.app import serve
from mestore.core.settings import Settings
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.make import Make
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox, eventually

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(answer: httpx.Response) -> Series:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(series: Series, name: str, **labels: str) -> float:
    """The sum over all series with these labels among theirs; not a number when there is none."""
    found = [value for (known, theirs), value in series.items() if known == name and labels.items() <= set(theirs)]
    return sum(found) if found else math.nan


async def known(api: Api) -> Series:
    return read(await api.get("/metrics"))


async def test_what_the_database_knows_is_told_by_state(
    api: Api, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    bank = Bank(api, make, rows, sandbox)
    before = await known(api)
    assert figure(before, "mestore_holds_open") == figure(before, "mestore_units_held") == 0
    assert figure(before, "mestore_payments_unknown") == 0
    product = await make.product()
    await bank.begun(await make.order(units={product.id: 2}))
    unknown = await bank.begun(await make.order(units={product.id: 3}))
    await rows.execute("UPDATE payments SET status = 'PROCESSING' WHERE id = :id", id=unknown.id)
    await rows.execute(
        """INSERT INTO payment_cases (kind, gateway, gateway_transaction_id, detail, closed_at, resolution) VALUES
        ('LATE', 'wompi', '1', '{}', NULL, NULL), ('LATE', 'wompi', '2', '{}', now(), 'APPROVED'),
        ('MISMATCH', 'wompi', '3', '{}', NULL, NULL)
        """
    )
    await rows.execute(
        """INSERT INTO pgqueuer (priority, status, entrypoint, execute_after) VALUES
        (0, 'queued', 'one', now() - interval '90 seconds'), (0, 'queued', 'one', now() + interval '1 hour'),
        (0, 'failed', 'two', now() - interval '1 day')"""
    )
    series = await known(api)
    assert figure(series, "mestore_database_up") == 1
    assert figure(series, "mestore_holds_open") == 2
    assert figure(series, "mestore_units_held") == 5
    assert figure(series, "mestore_payments", gateway="wompi", state="PENDING") == 1
    assert figure(series, "mestore_payments", gateway="wompi", state="PROCESSING") == 1
    assert figure(series, "mestore_payments_unknown") == 1
    assert figure(series, "mestore_payment_cases_open", kind="LATE") == 1
    assert figure(series, "mestore_payment_cases_open") == 2
    assert figure(series, "mestore_jobs", job="one", state="queued") == 2
    assert figure(series, "mestore_jobs", job="two", state="failed") == 1
    assert 90 <= figure(series, "mestore_job_oldest_seconds", job="one", state="queued") < 150
    assert figure(series, "mestore_job_oldest_seconds", job="two", state="failed") >= 86_400


async def test_labels_may_say_anything(api: Api, rows: Rows) -> None:
    strange = 'a "quoted" \\ and\nbroken {line="x"} 7'
    await rows.execute("INSERT INTO pgqueuer (priority, status, entrypoint) VALUES (0, 'queued', :job)", job=strange)
    series = await known(api)
    assert figure(series, "mestore_jobs", job=strange, state="queued") == 1


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    # Ready answers have a counter of their own: here each request goes the whole way.
    unkept = {"MESTORE_CACHE_SECONDS": "0"}
    system = RunningSystem(tmp_path_factory.mktemp("system"), durable=False, api_workers=2, environment=unkept)
    try:
        yield system.start("postgres", "valkey", "api")
    finally:
        system.__exit__()


def get(system: RunningSystem, path: str, times: int = 1) -> httpx.Response:
    """Over a connection for each, so that every worker gets some."""
    for _ in range(times):
        answer = httpx.get(f"{system.api_url}{path}", timeout=30, trust_env=False)
    return answer


def files(system: RunningSystem) -> set[Path]:
    return set((system.folder / "metrics").rglob("counter_*.db"))


def test_counts_of_all_workers_add_up_and_outlive_a_killed_one(system: RunningSystem) -> None:
    counted = 0

    def request_until_workers(count: int) -> None:
        nonlocal counted

        def asked() -> bool:
            nonlocal counted
            get(system, "/api/v1/products", 10)
            counted += 10
            return len(files(system)) >= count

        eventually(asked, 30)

    def assert_all_counted() -> None:
        for _ in range(6):
            series = read(get(system, "/metrics"))
            answered = {"method": "GET", "route": "/products", "status": "200"}
            assert figure(series, "mestore_requests_total", **answered) == counted
            assert figure(series, "mestore_request_seconds_count", method="GET", route="/products") == counted

    request_until_workers(2)
    assert_all_counted()
    worker = psutil.Process(system._processes["api"].pid).children()[0]
    worker.kill()
    worker.wait(10)  # while it dies, it may still take a connection, only to reset it
    request_until_workers(3)
    assert_all_counted()


def test_a_route_is_its_template_and_what_no_route_answers_is_one(system: RunningSystem) -> None:
    ids = [uuid4() for _ in range(3)]
    for each in ids:
        assert get(system, f"/api/v1/products/{each}").status_code == 404
        assert get(system, f"/no/such/{each}").status_code == 404
    answer = get(system, "/metrics")
    series = read(answer)
    assert figure(series, "mestore_requests_total", route="/products/{product_id}", status="404") == 3
    assert figure(series, "mestore_requests_total", route="unmatched", status="404") == 3
    assert not any(str(each) in answer.text for each in ids)


def test_methods_that_somebody_invents_are_one_series(system: RunningSystem) -> None:
    for number in range(3):
        assert httpx.request(f"BREW{number}", f"{system.api_url}/api/v1/products", trust_env=False).status_code == 405
    answer = get(system, "/metrics")
    assert figure(read(answer), "mestore_requests_total", method="OTHER", route="/products", status="405") == 3
    assert "BREW" not in answer.text


def test_a_new_run_begins_with_nothing_and_leaves_what_others_count(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "of another run")
    with subprocess.Popen(["sleep", "60"]) as other:
        other_files, own_files = (tmp_path / "metrics" / str(pid) / "counter_1.db" for pid in (other.pid, os.getpid()))
        ended = tmp_path / "metrics" / str(2**22 + 1) / "counter_1.db"  # no kernel gives such a number to a process
        for file in (other_files, own_files, ended):
            file.parent.mkdir(parents=True)
            file.touch()
        serve.count_in_files(settings.model_copy(update={"data_dir": tmp_path}))
        other.kill()
    assert [file.exists() for file in (other_files, own_files, ended)] == [True, False, False]
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(own_files.parent)
    assert own_files.parent.is_dir()
