"""The embedded servers with real processes: killed, half made, and with strangers where a leftover was."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest
from redis import Redis

from mestore.app.embedded import EmbeddedFailed, EmbeddedPostgres, EmbeddedServer, EmbeddedValkey

START_AND_WAIT = """
import signal, sys
from pathlib import Path
from mestore.app.embedded import EmbeddedPostgres, EmbeddedValkey
servers = [EmbeddedPostgres(Path(sys.argv[1]), durable=False), EmbeddedValkey(Path(sys.argv[1]))]
for server in servers:
    server.start()
print(*(server._process.pid for server in servers), flush=True)
signal.pause()
"""


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def pid_of(server: EmbeddedServer) -> int:
    assert server._process is not None
    return server._process.pid


@pytest.fixture(name="postgres")
def _postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path, durable=False)
    postgres.start()
    yield postgres
    postgres.stop()


def read(postgres: EmbeddedPostgres, query: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(postgres.url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_what_was_written_is_there_after_a_stop_and_a_kill(postgres: EmbeddedPostgres) -> None:
    read(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    postgres.stop()
    postgres.start()
    assert read(postgres, "SELECT number FROM kept") == 7

    os.kill(pid_of(postgres), signal.SIGKILL)
    assert postgres._process is not None
    postgres._process.wait(5)
    postgres.start()
    assert read(postgres, "SELECT number FROM kept") == 7


def test_it_speaks_utf8_and_keeps_checksums(postgres: EmbeddedPostgres) -> None:
    assert read(postgres, "SELECT lower('ÑANDÚ')") == "ñandú"
    assert read(postgres, "SHOW server_encoding") == "UTF8"
    assert read(postgres, "SHOW data_checksums") == "on"
    assert read(postgres, "SHOW listen_addresses") == ""
    assert postgres.socket_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", ["", "not a number\n", "{stranger}\n"])
def test_a_lock_file_that_means_nothing_does_not_stop_it(postgres: EmbeddedPostgres, content: str) -> None:
    """The number in it may belong to another process by now, and that one must be left alone."""
    postgres.stop()
    postgres.socket_dir.mkdir(mode=0o700)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        for lock in (postgres.pgdata / "postmaster.pid", postgres.socket_dir / ".s.PGSQL.5432.lock"):
            lock.write_text(content.format(stranger=stranger.pid))
        postgres.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert read(postgres, "SELECT 1") == 1


def test_a_server_that_still_runs_from_before_is_replaced(postgres: EmbeddedPostgres) -> None:
    before = pid_of(postgres)
    again = EmbeddedPostgres(postgres.data_dir, durable=False)
    again.start()
    try:
        wait_until(lambda: gone(before))
        assert read(again, "SELECT 1") == 1
    finally:
        again.stop()


def test_a_half_made_data_folder_is_thrown_away(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new-1"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    postgres = EmbeddedPostgres(tmp_path, durable=False)
    postgres.start()
    postgres.stop()
    assert not half.exists()


def test_a_start_that_fails_says_why(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    (postgres.pgdata / "PG_VERSION").write_text("11\n")
    with pytest.raises(EmbeddedFailed, match="incompatible with server"):
        postgres.start()


def test_the_socket_path_stays_short_below_a_deep_folder(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-quite-a-long-name"] * 5)
    assert len(os.fsencode(EmbeddedPostgres(deep).socket_path)) < 100
    assert EmbeddedPostgres(deep).url == EmbeddedPostgres(deep / "." / "x" / "..").url


def test_both_end_with_the_process_that_started_them_and_start_again(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        servers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(servers) == 2
        parent.kill()
    wait_until(lambda: all(gone(pid) for pid in servers))

    valkey = EmbeddedValkey(tmp_path)
    valkey.start()
    with Redis.from_url(valkey.url) as client:
        assert client.set("key", "value")
    valkey.stop()
    assert not valkey.ready()
