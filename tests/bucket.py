"""As much of S3 as files of ours need: a bucket in memory that speaks its protocol on a port of its own."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mestore.core.object_store import opened

Objects = dict[str, tuple[bytes, dict[str, str]]]


class Bucket:
    def __init__(self) -> None:
        self.objects: Objects = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        """Of files that are still coming, by their keys."""
        self.full = False


class _Server(ThreadingHTTPServer):
    def __init__(self, bucket: Bucket, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket = bucket
        self.name = name


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.bucket.full:
            self._answer(507, b"<Error><Code>InsufficientStorage</Code></Error>")
            return
        query = parse_qs(urlsplit(self.path).query)
        if "partNumber" in query:
            self.server.bucket.parts[self._key()][int(query["partNumber"][0])] = body
            self._answer(200)
            return
        headers = {each.lower(): self.headers[each] for each in self.headers}
        self.server.bucket.objects[self._key()] = (body, headers)
        self._answer(200)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._answer(200, self._listed(query.get("prefix", [""])[0]))
        elif (found := self.server.bucket.objects.get(self._key())) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, found[0])

    def do_POST(self) -> None:
        """Removes many at once; begins or ends a file that comes in parts."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in query:
            self.server.bucket.parts[self._key()] = {}
            self._answer(200, b"<Upload><UploadId>1</UploadId></Upload>")
            return
        if "uploadId" in query:
            parts = self.server.bucket.parts.pop(self._key())
            self.server.bucket.objects[self._key()] = (b"".join(parts[number] for number in sorted(parts)), {})
            self._answer(200, b"<Completed><ETag>x</ETag></Completed>")
            return
        keys = re.findall("<Key>(.*?)</Key>", body)
        for key in keys:
            self.server.bucket.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def do_DELETE(self) -> None:
        """Gives a file up that comes in parts."""
        self.server.bucket.parts.pop(self._key(), None)
        self._answer(204)

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{self.server.name}/")

    def _listed(self, prefix: str) -> bytes:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        contents = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{now}</LastModified><ETag>x</ETag>"
            f"<Size>{len(body)}</Size></Contents>"
            for key, (body, _) in sorted(self.server.bucket.objects.items())
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", format_datetime(datetime.now(UTC), usegmt=True))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def running(bucket: Bucket, name: str) -> Iterator[str]:
    """The address of a service that has this one bucket."""
    with _Server(bucket, name) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def as_s3(bucket: Bucket, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the bucket, and gives the URL of a prefix in it; keys and address are where the library looks for them."""
    opened.cache_clear()
    with running(bucket, name) as address:
        for variable, value in {
            "AWS_ENDPOINT": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }.items():
            monkeypatch.setenv(variable, value)
        yield f"s3://{name}/shop"
        opened.cache_clear()
