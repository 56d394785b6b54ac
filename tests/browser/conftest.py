"""A served application and a real Chromium. Nothing but the loopback is reached; a script's error fails the test."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_current_url

from tests import services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

    from tests.databases import Database, SqliteDatabase
    from tests.factories.year import Year

# Several times what the longest test takes on a busy machine.
MOST_SECONDS = 300
# What a page leaves behind is answered long before.
MOST_SECONDS_LEFT = 30
# A test that looks before its page is there fails on a slow line, not once in a hundred runs: `make soak` has one.
LAG = float(os.environ.get("COHORTMGR_TEST_LAG", "0"))
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    # Nothing leaves the machine; a route that looks at each request would do it at several times the cost.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


class Answering:
    """How many requests are being answered: a database is not laid anew beneath one, whose connection, closed late,
    would take the new database's journal away. One that comes late waits until it is laid."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._now = 0
        self._pauses = False

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._pauses, MOST_SECONDS_LEFT)
            self._now += 1

    def __exit__(self, *_raised: object) -> None:
        with self._changed:
            self._now -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when none is; TimeoutError after a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._now, MOST_SECONDS_LEFT):
                raise TimeoutError(f"{self._now} requests are still being answered, which no page awaits")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Answer none while the block runs."""
        with self._changed:
            self.wait()
            self._pauses = True
        try:
            yield
        finally:
            with self._changed:
                self._pauses = False
                self._changed.notify_all()


class _Silent(WSGIRequestHandler):
    """Serves without a line for each request; keeps connections, as a real server does."""

    protocol_version = "HTTP/1.1"
    answering: Answering

    def run_wsgi(self) -> None:
        """Answer, and be counted until all of it is sent."""
        with self.answering:
            super().run_wsgi()

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


class Weighed:
    """An application, and what its last answer at each address weighs: bytes as they travel behind a proxy."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.bytes: dict[str, int] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """The application's own answer, whole."""
        answer = run_wsgi_app(self.app, environ, buffered=True)
        body = b"".join(answer[0])
        packed = body if "Content-Encoding" in answer[2] else gzip.compress(body)
        self.bytes[get_current_url(environ)] = len(packed)
        start(answer[1], list(answer[2]))
        return [body]


def late(app: WSGIApplication, seconds: float) -> WSGIApplication:
    """As over a slow line: a while before an answer, and again after its first byte, when a page has nothing yet."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        time.sleep(seconds)
        body = iter(app(environ, start))
        first = next(body, b"")
        yield first[:1]
        time.sleep(seconds)
        yield first[1:]
        yield from body

    return answer


@contextmanager
def served(app: Flask, weighed: Weighed | None = None) -> Iterator[tuple[str, Answering]]:
    """The address of an application served by threads of this process on a free port, and what these answer."""
    app.config["WTF_CSRF_ENABLED"] = True
    seen = late(weighed or app, LAG) if LAG else weighed or app
    answering = Answering()
    handler = type("Counted", (_Silent,), {"answering": answering})
    server = make_server("127.0.0.1", 0, seen, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answering
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
        answering.wait()


@pytest.fixture(autouse=True)
def _answers_in_time() -> Iterator[None]:
    """Playwright waits without end for a script that never returns: the test fails, and the run goes on."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the browser did not answer in {MOST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Lived:
    """A small year that was lived, on a database of its own: each test begins where it ended."""

    database: SqliteDatabase
    year: Year
    address: str
    weighed: Weighed
    answering: Answering


@pytest.fixture(scope="session")
def lived_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Built once for each process of the test run."""
    from tests import databases
    from tests.factories.year import PASSWORD, lived
    from tests.watch import test_context

    with databases.opened(databases.SqliteDatabase(tmp_path_factory.mktemp("year"))) as database:
        assert isinstance(database, databases.SqliteDatabase)
        with test_context(database.system_app):
            year = lived(PASSWORD)
        databases.dispose(database.system_app)
        databases._settle(database.file)
        shutil.copyfile(database.file, database.template)
        weighed = Weighed(database.app)
        with served(database.app, weighed) as (address, answering):
            yield Lived(database, year, address, weighed, answering)


@pytest.fixture
def place(lived_once: Lived) -> Iterator[Lived]:
    """The year as it was lived, whatever the last test did."""
    from tests.letterheads import lay_letterheads
    from tests.watch import watched

    with lived_once.answering.paused():
        lived_once.database.reset()
        lay_letterheads(lived_once.database.app, lived_once.database.system_app)
    with watched(lived_once.database.app):
        yield lived_once


@pytest.fixture
def live(database: Database) -> Iterator[str]:
    """The address of the application, served by threads of this process on a free port."""
    with served(database.app) as (address, _answering):
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this process; its absence is a failure."""
    binary = services.chromium_binary()
    assert binary is not None, "Chromium is not there: `make test` installs it on Debian"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(binary), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser, live: str) -> Iterator[Page]:
    """A page of a new visitor (French, 1280 wide); relative addresses go to the application."""
    context = chromium.new_context(base_url=live, locale="fr-MA", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    faults: list[str] = []

    def stay_here(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            faults.append(f"asked for {request.url}")

    def note(message: ConsoleMessage) -> None:
        # A page of status 404 or 422 is an answer, not a fault; a blocked style or a script's error is one.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(message.text)

    context.on("request", stay_here)
    page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults, "The browser complained: " + "; ".join(faults)
