"""Servers of S3 for the tests: moto's, a real one where it is there, and one that answers as it is told."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from moto.server import ThreadedMotoServer

from cohortmgr.base.production.notation import read_bucket
from cohortmgr.base.stores.s3 import OF_WORKERS, S3Store
from tests.services import free_port, weed_binary

# A secret of the kind that a URL has to write otherwise.
KEY, SECRET, ESCAPED = "key", "se/cret+x", "se%2Fcret%2Bx"
KINDS = ("moto", "weed") if weed_binary() else ("moto",)


def url_of(port: int, bucket: str = "cohorts", secret: str = ESCAPED) -> str:
    """What COHORTMGR_FILES_URL says of a bucket on this machine."""
    return f"s3://{KEY}:{secret}@127.0.0.1:{port}/{bucket}?region=us-east-1&tls=no"


@contextmanager
def bucket(kind: str = "moto") -> Iterator[str]:
    """A server with an empty bucket; its URL as the settings have it."""
    with _moto() if kind == "moto" else _weed() as port:
        make_bucket(url_of(port))
        yield url_of(port)


def make_bucket(url: str) -> None:
    """Make the bucket, as an operator does before anything else, once the server answers."""
    found = read_bucket(url)
    client = S3Store(found, OF_WORKERS)._client
    until = time.monotonic() + 30
    while True:
        try:
            client.create_bucket(Bucket=found.name)
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def _moto() -> Iterator[int]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs each request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


@contextmanager
def _weed() -> Iterator[int]:
    ports = {name: free_port() for name in ("s3.port", "master.port", "volume.port", "filer.port")}
    known = {"name": "tests", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    with tempfile.TemporaryDirectory(prefix="cm-weed-") as folder:
        config = Path(folder, "s3.json")
        config.write_text(json.dumps({"identities": [known]}))
        grpc = {f"{name}.grpc": free_port() for name in ports if name != "s3.port"}
        asked = {
            "dir": folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.config": config,
            **ports,
            **grpc,
        }
        asked |= {"s3.port.grpc": free_port(), "s3.port.iceberg": 0, "s3.port.lance": 0, "s3.iam": "false"}
        asked |= {"volume.max": 20, "master.volumeSizeLimitMB": 16, "master.telemetry": "false"}
        command = [
            str(weed_binary()),
            "server",
            "-s3",
            *(f"-{name}={value}" for name, value in asked.items()),
        ]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield ports["s3.port"]
        finally:
            process.kill()  # told to end, it takes its time to tell its parts; nothing of it is kept
            process.wait()


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that answers each request so; its URL, and the methods that were asked so far."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # whoever sends a file asks first whether it may

        def _any(self) -> None:
            asked.append(self.command)
            with suppress(OSError):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer(self)

        do_GET = do_PUT = do_DELETE = do_HEAD = _any

        def log_message(self, *_given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield url_of(server.server_address[1]), asked
    finally:
        server.shutdown()
        server.server_close()


def refusing(status: int, code: str) -> Answer:
    """The answer of a server that refuses, in the words of S3."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no {SECRET}</Message></Error>".encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/xml")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def cut_off(request: BaseHTTPRequestHandler) -> None:
    """Say that ten bytes come, and hang up behind the fourth."""
    request.send_response(200)
    request.send_header("Content-Length", "10")
    request.end_headers()
    request.wfile.write(b"four")
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)


def silent(_request: BaseHTTPRequestHandler) -> None:
    """Say nothing for longer than anybody waits."""
    time.sleep(8)
