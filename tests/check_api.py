"""`python -m tests.check_api`: the running API keeps to its document, whatever schemathesis sends it.

Everything runs as real processes; the calls are made as nobody, as a buyer, as a vendor and as an administrator, each
with a share of the time. A failing call is printed as a line for curl. `--seconds 300 --seed 7` looks elsewhere.
"""
# ruff: noqa: T201

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.world import open_world
from mestore.users.models import UserType
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.document import EXAMPLE_ID, EXAMPLE_ORDER
from tests.make import Make
from tests.rows import Rows

EXAMPLES_PER_OPERATION = 25
BROKEN = re.compile(r"request_failed|answer_broken")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


async def tokens_of_roles(system: RunningSystem) -> dict[str, str | None]:
    """Somebody of each role, and what the document's examples speak of: a product and the buyer's order."""
    async with open_world(system.settings, utc_now, TASKS, name="check") as world, httpx.AsyncClient() as http:
        make, rows, api = Make(world), Rows(world), Api(http, world)
        buyer, vendor = await make.buyer(), await make.vendor()
        await make.category(id=EXAMPLE_ID)
        product = await make.product(id=EXAMPLE_ID, vendor=vendor, stock=1_000)
        await rows.execute(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
        await make.order(buyer=buyer, units={product.id: 1})
        return {
            "nobody": None,
            "buyer": await api.token(buyer),
            "vendor": await api.token(await make.owner(vendor)),
            "administrator": await api.token(await make.user(UserType.ADMIN)),
        }


def keeps_to_its_document(url: str, token: str | None, folder: Path, options: argparse.Namespace) -> bool:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{url}/openapi.json"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", str(EXAMPLES_PER_OPERATION)),
        *("--max-time", str(options.seconds)),
        *("--seed", str(options.seed)),
        *("--workers", "1"),  # with more, hypothesis sometimes fails in reading its own source
        *("--request-timeout", "15"),
        *("--warnings", "off"),
        "--continue-on-failure",
        "--no-shrink",
    ]
    if token is not None:
        command += ["--header", f"Authorization: Bearer {token}"]
    return subprocess.run(command, cwd=folder, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the running API to its OpenAPI document.")
    parser.add_argument("--seconds", type=int, default=18, help="for each role")
    parser.add_argument("--seed", type=int, default=20261124)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mestore-check-api-") as name:
        folder = Path(name)
        (folder / "schemathesis.toml").write_text("[auth]\nauto-signup = false\n")  # nobody is to stay nobody
        print("starting the marketplace", flush=True)
        with RunningSystem(folder / "data", durable=False) as system:
            system.sandbox.control("settle_delay", min=0, max=0)
            failed = []
            for role, token in asyncio.run(tokens_of_roles(system)).items():
                print(f"\n=== as {role} ===", flush=True)
                if not keeps_to_its_document(system.api_url, token, folder, options):
                    failed.append(role)
            broken = [line for line in system.log("api").splitlines() if BROKEN.search(line)]
    took = f"{time.monotonic() - started:.0f} s"
    if broken:
        print("\nThe API's log has failures:", *broken[:20], sep="\n")
    if failed:
        print(f"\nThe API breaks its document as {', '.join(failed)}: the failing calls are above ({took}).")
    if failed or broken:
        return 1
    print(f"\nThe API keeps to its document as nobody, buyer, vendor and administrator ({took}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
