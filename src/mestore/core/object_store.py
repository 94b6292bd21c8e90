"""Where files lie: a folder of this machine, or an S3-compatible service, behind one interface (obstore).

S3's keys, region and endpoint are read by the library from its own variables (`AWS_ACCESS_KEY_ID` …).
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

log = structlog.get_logger(__name__)
_WAIT = timedelta(seconds=20)
"""For one answer, and for all tries: the library's own patience would have a client wait for three minutes."""


@functools.cache
def opened(url: str | None, folder: Path) -> ObjectStore:
    """The store at `url` (`s3://bucket/prefix`), else in the folder. It keeps connections, so a process has one."""
    if url is None:
        return LocalStore(folder, automatic_cleanup=True, mkdir=True)
    # Whether the endpoint is `http` or `https` is for its own setting to say.
    return S3Store.from_url(
        url,
        client_options={"timeout": _WAIT, "allow_http": True},
        retry_config={"max_retries": 2, "retry_timeout": _WAIT},
    )


@contextmanager
def in_our_words(*, gone: type[Exception], away: type[Exception]) -> Iterator[None]:
    """Raises `gone` where there is no such file, and `away` where the disk is full or the service does not answer."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise gone from error
    except (BaseError, OSError) as error:
        log.warning("object_store_away", error=str(error)[:300])
        raise away from error
