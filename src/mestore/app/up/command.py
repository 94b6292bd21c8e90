"""`mestore up`: the whole marketplace on this machine, from an empty folder to a block that says where it all is."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mestore.app.embedded import EmbeddedFailed, EmbeddedPostgres, EmbeddedServer, EmbeddedValkey
from mestore.app.embedded_chroma import EmbeddedChroma
from mestore.app.log_follower import LogFollower
from mestore.app.serve import DRAIN_SECONDS
from mestore.app.supervisor import Child, StopRequested, Supervisor, SupervisorFailed
from mestore.app.up.addresses import Addresses, answers
from mestore.app.up.announcement import announcement
from mestore.app.up.only_one import AlreadyRunning, DataFolderTaken, only_one
from mestore.app.up.ports import PortInUse, check_port_is_free
from mestore.core.settings import Environment, Settings


def run(settings: Settings) -> int:
    """Returns the exit code when somebody has ended it, or when it could not start."""
    if settings.environment is Environment.PRODUCTION:
        return _cannot("`mestore up` is for a laptop; in production run `mestore serve` and `mestore worker`")
    data_dir = settings.data_dir.resolve()
    try:
        with only_one(data_dir, Addresses.of(settings)):
            _supervise(settings, data_dir)
    except AlreadyRunning as running:
        sys.stdout.write(f"{running}\n")
    except (DataFolderTaken, EmbeddedFailed, PortInUse, SupervisorFailed, OSError) as failed:
        return _cannot(str(failed))
    return 0


def _cannot(sentence: str) -> int:
    sys.stderr.write(f"mestore: {sentence}\n")
    return 1


def _supervise(settings: Settings, data_dir: Path) -> None:
    begin = time.monotonic()
    check_port_is_free(settings.api.host, settings.api.port, "MESTORE_API_PORT")
    check_port_is_free(settings.sandbox.host, settings.sandbox.port, "MESTORE_SANDBOX_PORT")
    check_port_is_free(settings.sandbox.host, settings.sandbox.smtp_port, "MESTORE_SANDBOX_SMTP_PORT")
    if not settings.chroma.url:
        check_port_is_free("127.0.0.1", settings.chroma.port, "MESTORE_CHROMA_PORT")
    logs = LogFollower(data_dir / "logs")
    logs.truncate_large()
    supervisor = Supervisor(logs)
    supervisor.catch_signals()
    servers: list[EmbeddedServer] = []
    addresses = Addresses.of(settings)
    environment = {"MESTORE_DATA_DIR": str(data_dir), **addresses.sandbox_environment(settings)}
    database = settings.database.url
    if not database:
        servers.append(postgres := EmbeddedPostgres(data_dir))
        database = environment["MESTORE_DATABASE_URL"] = postgres.url
    if not settings.redis.url:
        servers.append(valkey := EmbeddedValkey(data_dir))
        environment["MESTORE_REDIS_URL"] = valkey.url
    if not settings.chroma.url:
        servers.append(chroma := EmbeddedChroma(data_dir, settings.chroma.port))
        environment["MESTORE_CHROMA_URL"] = chroma.url
    try:
        if servers:
            logs.say(f"starting {', '.join(server.name for server in servers)} in {data_dir}")
            supervisor.start(*map(_embedded, servers))
        logs.say("bringing the database to the newest schema")
        supervisor.run_once("migrate", _program("migrate"), environment, draws=False)
        logs.say("filling the database with the demo catalogue, if it is empty")
        supervisor.run_once("seed", _program("seed", "--if-empty"), environment, draws=sys.stdout.isatty())
        logs.say("starting sandbox, worker and api")
        supervisor.start(*_programs(addresses, data_dir, environment))
        logs.show_block(announcement(addresses, database, data_dir, time.monotonic() - begin))
        supervisor.follow()
    except StopRequested:
        pass
    finally:
        supervisor.stop()
        for server in servers:
            server.tidy()
    logs.say(f"stopped; the data stays in {data_dir}")


def _program(*arguments: str) -> list[str]:
    """A command of this program, in the same interpreter."""
    return [sys.executable, "-m", "mestore", *arguments]


def _embedded(server: EmbeddedServer) -> Child:
    return Child(
        name=server.name,
        command=server.command(),
        healthy=server.ready,
        prepare=server.prepare,
        stop_signal=server.stop_signal,
        stop_seconds=20,
        death_signal=server.stop_signal,
    )


def _programs(addresses: Addresses, data_dir: Path, environment: dict[str, str]) -> Sequence[Child]:
    """Those that are stopped first come last."""
    worker_ready = data_dir / "worker.ready"
    return (
        Child("sandbox", _program("sandbox"), answers(f"{addresses.sandbox}/health"), environment=environment),
        Child(
            "worker",
            _program("worker"),
            worker_ready.exists,
            prepare=lambda: worker_ready.unlink(missing_ok=True),
            environment=environment,
            stop_seconds=20,
        ),
        Child(
            "api",
            _program("serve"),
            answers(f"{addresses.api}/health/ready", addresses.host),
            environment=environment,
            stop_seconds=DRAIN_SECONDS + 5,
        ),
    )
