"""Files wait in a folder or in S3 alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from mestore.core.settings import Settings, SpreadsheetSettings
from mestore.spreadsheets.errors import SheetStorageAway
from mestore.spreadsheets.storage import SheetGone, SheetStorage
from tests.bucket import Bucket, as_s3

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture(params=["folder", "s3"])
def store(
    request: pytest.FixtureRequest, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SheetStorage]:
    if request.param == "folder":
        yield SheetStorage(Settings(spreadsheets=SpreadsheetSettings(folder=tmp_path / "imports")))
        return
    with as_s3(bucket, "sheets", monkeypatch) as url:
        yield SheetStorage(Settings(spreadsheets=SpreadsheetSettings(url=url)))


@pytest.mark.parametrize("size", [10, 4_000_000])
async def test_what_is_put_is_fetched_until_it_is_discarded(size: int, store: SheetStorage) -> None:
    content = b"sku,stock\n" * (size // 10)
    name = await store.put(BytesIO(content))
    with await store.fetch(name) as file:
        file.seek(0)
        assert file.read() == content
    assert await store.older_than(LATER) == [name]
    assert await store.older_than(LATER - timedelta(days=2)) == []
    await store.discard(name)
    await store.discard(name)
    with pytest.raises(SheetGone):
        await store.fetch(name)
    assert await store.older_than(LATER) == []


async def test_a_store_that_takes_nothing_more_is_away(store: SheetStorage, bucket: Bucket, tmp_path: Path) -> None:
    bucket.full = True
    (tmp_path / "imports").write_text("a file where the folder should be")
    with pytest.raises(SheetStorageAway):
        await store.put(BytesIO(b"sku"))
    assert bucket.objects == {}
