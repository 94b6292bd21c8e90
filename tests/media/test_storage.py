"""The one interface to a folder and to S3: both keep, give, list and remove alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mestore.core.settings import MediaSettings, Settings
from mestore.media.errors import PictureNotFound, StorageAway
from mestore.media.storage import Storage, new_folder
from tests.bucket import Bucket, as_s3

FILES = {"1200.webp": b"large", "preview.jpg": b"card"}
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture(params=["folder", "s3"])
def store(
    request: pytest.FixtureRequest, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Storage]:
    if request.param == "folder":
        yield Storage(Settings(media=MediaSettings(folder=tmp_path / "media")))
        return
    with as_s3(bucket, "pictures", monkeypatch) as url:
        yield Storage(Settings(media=MediaSettings(url=url)))


async def listed(store: Storage, moment: datetime = LATER) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async for folders in store.older_than(moment):
        found |= {folder: sorted(paths) for folder, paths in folders.items()}
    return found


async def test_what_was_kept_is_given_listed_and_removed(store: Storage) -> None:
    folder = new_folder()
    await store.put(folder, FILES)
    assert await store.get(folder, "1200.webp") == b"large"
    assert await listed(store) == {folder: [f"{folder}/{name}" for name in sorted(FILES)]}
    assert await listed(store, LATER - timedelta(days=2)) == {}
    await store.remove([f"{folder}/1200.webp", f"{folder}/1200.webp"])
    with pytest.raises(PictureNotFound):
        await store.get(folder, "1200.webp")
    await store.discard(folder, FILES)
    assert await listed(store) == {}


async def test_s3_knows_what_a_file_is_and_that_it_never_changes(
    request: pytest.FixtureRequest, store: Storage, bucket: Bucket
) -> None:
    await store.put("0" * 32, FILES)
    for key, (_, headers) in bucket.objects.items():
        assert headers["content-type"] == ("image/jpeg" if key.endswith("jpg") else "image/webp")
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert set(bucket.objects) in (set(), {f"shop/{'0' * 32}/{name}" for name in FILES})


async def test_a_service_that_takes_nothing_more_is_away(store: Storage, bucket: Bucket, tmp_path: Path) -> None:
    bucket.full = True
    if store._url is None:
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / ("0" * 32)).write_text("in the way")
    with pytest.raises(StorageAway):
        await store.put("0" * 32, FILES)
    assert bucket.objects == {}
