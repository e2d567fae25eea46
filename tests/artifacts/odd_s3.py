"""A real S3 server behind a proxy that makes it answer as some others do."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
from botocore.config import Config

from tests.s3 import ACCESS_KEY, BUCKET, SECRET_KEY

DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class Ways:
    """How the store behaves."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.ignores_range = False
        self.sends_from: int | None = None  # instead of from where it was asked
        self.may_list = True
        self.may_read = True
        self.before_probe: Callable[[], None] | None = None  # is read, once

    @property
    def client(self) -> Any:
        config = Config(s3={"addressing_style": "path"})
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        return boto3.client(
            "s3", endpoint_url=f"http://{self.endpoint}", region_name="us-east-1", config=config, **keys
        )


def handler(ways: Ways) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            if ways.before_probe and self.path.endswith(".probe"):
                meanwhile, ways.before_probe = ways.before_probe, None
                meanwhile()
            if not ways.may_read:
                return self._deny()
            if asked and (ways.ignores_range or ways.sends_from is not None):
                return self._send_otherwise()
            self._forward()

        def do_HEAD(self) -> None:
            self._forward()

        def do_PUT(self) -> None:
            self._forward()

        def do_DELETE(self) -> None:
            self._forward()

        def _send_otherwise(self) -> None:
            """The range is signed, so what is sent instead is asked for anew."""
            extra = {} if ways.sends_from is None else {"Range": f"bytes={ways.sends_from}-"}
            found = ways.client.get_object(Bucket=BUCKET, Key=self.path.removeprefix(f"/{BUCKET}/"), **extra)
            more = {} if ways.sends_from is None else {"Content-Range": found["ContentRange"]}
            self._answer(206 if more else 200, {"ETag": found["ETag"], **more}, found["Body"].read())

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with closing(HTTPConnection(ways.endpoint, timeout=60)) as connection:
                connection.request(self.command, self.path, body, dict(self.headers))
                found = connection.getresponse()
                content = found.read()
            if not ways.may_list and (found.status == 404 or self.path.rstrip("/") == f"/{BUCKET}"):
                return self._deny()
            self._answer(found.status, _headers(found), content)

        def _deny(self) -> None:
            self._answer(403, {"Content-Type": "application/xml"}, b"" if self.command == "HEAD" else DENIED)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _headers(found: HTTPResponse) -> dict[str, str]:
    return {name: value for name, value in found.getheaders() if name.lower() not in {*HOP_BY_HOP, "content-length"}}


@contextmanager
def proxy(endpoint: str) -> Iterator[tuple[str, Ways]]:
    """Its address, and the ways in which it behaves, which may be changed."""
    ways = Ways(endpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(ways))
    server.daemon_threads = True
    running = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", ways
    finally:
        server.shutdown()
        running.join()
        server.server_close()
