"""Reads carry an ETag, and who has the answer already gets a 304."""

from tests.api import Api
from tests.make import Make
from tests.rows import Rows


async def test_an_answer_that_is_known_is_not_sent_again(api: Api, make: Make) -> None:
    path = f"/api/v1/products/{(await make.product()).id}"
    first = await api.get(path)
    tag = first.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await api.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
        assert again.headers["X-Request-ID"]


async def test_a_change_has_another_tag(api: Api, make: Make, rows: Rows) -> None:
    path = f"/api/v1/products/{(await make.product(stock=5)).id}"
    tag = (await api.get(path)).headers["ETag"]
    await rows.execute("UPDATE products SET stock = 4")
    changed = await api.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["stock_disponible"]) == (200, 4)
    assert changed.headers["ETag"] != tag


async def test_one_persons_answer_is_not_anothers(api: Api, make: Make) -> None:
    ana, luis = await make.buyer(), await make.buyer(full_name="Luis")
    tag = (await api.get("/api/v1/auth/me", by=ana)).headers["ETag"]
    assert (await api.get("/api/v1/auth/me", by=luis, headers={"If-None-Match": tag})).status_code == 200


async def test_refusals_and_writes_have_no_tag(api: Api, make: Make) -> None:
    assert "ETag" not in (await api.get("/api/v1/auth/me")).headers
    assert "ETag" not in (await api.post("/api/v1/orders", {}, by=await make.buyer())).headers


async def test_head_says_what_get_would(api: Api, make: Make) -> None:
    path = f"/api/v1/products/{(await make.product()).id}"
    head = await api.request("HEAD", path)
    assert (head.content, head.headers["ETag"]) == (b"", (await api.get(path)).headers["ETag"])
