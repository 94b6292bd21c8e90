"""The command line. Each command imports what it needs when it runs, so that `mestore --help` answers at once."""
# ruff: noqa: PLC0415

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from mestore.core.settings import Settings

app = typer.Typer(
    help="MeStore: an open marketplace for Colombia. Settings come from the environment, as MESTORE_API_PORT=8000.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
admin = typer.Typer(help="Accounts that nobody can register.", no_args_is_help=True)
app.add_typer(admin, name="admin")
search = typer.Typer(help="The index of meanings that searches ask beside PostgreSQL.", no_args_is_help=True)
app.add_typer(search, name="search")

WRONG_SETTINGS = 2


def main() -> None:
    app()


@app.command()
def up() -> None:
    """Everything at once on this machine: database, cache, migrations, demo data, sandbox, worker and API."""
    from mestore.app.up.command import run

    raise typer.Exit(run(_settings()))


@app.command()
def serve() -> None:
    """The API alone, on MESTORE_API_HOST and MESTORE_API_PORT."""
    from mestore.app.serve import run

    run(_settings_with_database())


@app.command()
def worker() -> None:
    """The worker of background jobs and schedules."""
    settings = _settings_with_database()
    from mestore.app.worker import run

    run(settings)


@app.command()
def sandbox() -> None:
    """The sandbox of gateways, mail and SMS: for development and tests only."""
    settings = _settings()
    from mestore.core.settings import Environment

    if settings.environment is Environment.PRODUCTION:
        _fail("the sandbox invents payments: it does not run in production")
    from mestore.sandbox.server import run

    run(settings)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = _settings_with_database()
    from mestore.app.migrations import upgrade

    upgrade(str(settings.database.url))


@app.command()
def seed(
    *, if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing when there are products.")] = False
) -> None:
    """Fill the database with the demo catalogue and its accounts."""
    settings = _settings_with_database()
    from mestore.app.seed import run

    run(settings, if_empty=if_empty)


@app.command()
def demo(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every way to pay too, refunds, late money, and a gateway that fails.")
    ] = False,
) -> None:
    """Play the main flow against the running system, step by step, with nothing but HTTP."""
    settings = _settings()
    from mestore.app.demo import run

    raise typer.Exit(0 if run(settings, everything=everything) else 1)


@app.command()
def check() -> None:
    """Verify the invariants of the data, read-only; fails and shows the rows where one is broken."""
    settings = _settings_with_database()
    from mestore.app.check import run

    raise typer.Exit(run(settings))


@app.command()
def reconcile(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day in Colombia that is over; unsaid, the last one.", metavar="DAY"),
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="wompi, payu or efecty; unsaid, all of them.")] = None,
) -> None:
    """Hold a day against the gateways' books; fails and shows the rows where they differ."""
    settings = _settings_with_database()
    from mestore.app.reconcile import run

    raise typer.Exit(run(settings, day.date() if day else None, gateway))


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
) -> None:
    """The OpenAPI document of the API."""
    import json

    from mestore.app.api import openapi_document

    text = json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@search.command("rebuild")
def rebuild_search() -> None:
    """Make all vectors anew and change over to them; searches go on meanwhile."""
    settings = _settings_with_database()
    from mestore.app.search_index import rebuild

    raise typer.Exit(rebuild(settings))


@search.command("check")
def check_search(*, repair: Annotated[bool, typer.Option("--repair", help="Put right what is wrong.")] = False) -> None:
    """Compare every product for sale with what lies in the index; fails where they differ."""
    settings = _settings_with_database()
    from mestore.app.search_index import check

    raise typer.Exit(check(settings, repair=repair))


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(prompt=True)],
    full_name: Annotated[str, typer.Option(prompt=True)],
    phone: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[
        str,
        typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="MESTORE_ADMIN_PASSWORD"),
    ],
) -> None:
    """Make a SUPERUSER, the owner of this marketplace, who makes the administrators."""
    settings = _settings_with_database()
    from mestore.app.admin import create
    from mestore.core.errors import Refusal

    try:
        create(settings, email, full_name, phone, password)
    except Refusal as refusal:
        _fail(refusal.detail("en"))


def _settings() -> "Settings":
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from mestore.core.settings import Settings

    try:
        return Settings()
    except ValidationError as invalid:
        # The values stay out of it: one may be a secret.
        for error in invalid.errors(include_url=False, include_context=False, include_input=False):
            message = error["msg"].removeprefix("Value error, ")
            name = "_".join(["MESTORE", *(str(part).upper() for part in error["loc"])])
            typer.echo(f"mestore: {name}: {message}" if error["loc"] else f"mestore: {message}", err=True)
    except SettingsError as unreadable:
        typer.echo(f"mestore: {unreadable} (lists are written as JSON)", err=True)
    raise typer.Exit(WRONG_SETTINGS)


def _settings_with_database() -> "Settings":
    """Settings whose database and Redis are known: from the environment, else those that `mestore up` runs here.

    The addresses go into the environment too, for the processes that read their settings themselves.
    """
    settings = _settings()
    if settings.database.url and settings.redis.url:
        return settings
    from mestore.app.embedded import EmbeddedFailed, EmbeddedPostgres, EmbeddedValkey
    from mestore.app.embedded_chroma import EmbeddedChroma

    try:
        if not settings.chroma.url and (chroma := EmbeddedChroma.running(settings.data_dir)):
            os.environ["MESTORE_CHROMA_URL"] = chroma.url
        if not settings.database.url:
            postgres = EmbeddedPostgres(settings.data_dir)
            if not postgres.ready():
                _fail(
                    f"no database: MESTORE_DATABASE_URL is not set, and no `mestore up` runs in {postgres.data_dir} "
                    "(MESTORE_DATA_DIR)"
                )
            os.environ["MESTORE_DATABASE_URL"] = postgres.url
        if not settings.redis.url:
            valkey = EmbeddedValkey(settings.data_dir)
            if valkey.ready():
                os.environ["MESTORE_REDIS_URL"] = valkey.url
    except EmbeddedFailed as failed:
        _fail(str(failed))
    return _settings()


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"mestore: {sentence}", err=True)
    raise typer.Exit(1)
