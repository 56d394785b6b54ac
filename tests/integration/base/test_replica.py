"""Lists are read from a replica that has what the person wrote, else from the database itself; on two clusters."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from cohortmgr.accounts.actions import access
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.databases import replica
from cohortmgr.base.databases.replica import ENGINE, place_of
from cohortmgr.base.db import db
from tests import services
from tests.databases import PostgresDatabase, application, dispose
from tests.integration.applications.journey import steps
from tests.watch import test_context

# One process runs them all: two clusters are enough.
pytestmark = pytest.mark.postgres_only
WITHIN = 5.0


@dataclass
class Pair:
    """A database and its replica, with the superuser's connection to the latter, and the process that serves it."""

    database: PostgresDatabase
    url: str
    behind: psycopg.Connection[Any]
    process: subprocess.Popen[bytes]

    def catch_up(self) -> None:
        """Return when the replica has all that was written."""
        (end,) = self.database.admin.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or (
            "0/0",
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            (applied,) = self.behind.execute("SELECT pg_last_wal_replay_lsn()::text").fetchone() or ("0/0",)
            if place_of(applied) >= place_of(end):
                return
            time.sleep(0.02)
        raise AssertionError("the replica does not follow")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the replica's server, and to each process that serves a connection."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (self.process.pid, *map(int, children)):
            os.kill(pid, number)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the replica apply nothing."""
        self.behind.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.behind.execute("SELECT pg_wal_replay_resume()")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[Pair]:
    running = services.start_pair()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(services.POSTGRES, running.environment[services.POSTGRES])
        made = PostgresDatabase(tmp_path_factory.mktemp("pair"), "followed", redis_server)
    sockets = running.environment[services.REPLICA].rpartition("=")[2]
    application_url = sa.make_url(made.settings.database_url).update_query_dict({"host": sockets})
    behind = psycopg.connect(host=sockets, user="postgres", dbname=made.name, autocommit=True)
    process = dict(running.processes)["replica"]
    yield Pair(made, application_url.render_as_string(hide_password=False), behind, process)
    behind.close()
    made.close()
    for _name, server in running.processes:  # at once: nothing of it is kept
        server.send_signal(signal.SIGQUIT)
    running.stop()


@pytest.fixture(scope="module")
def redis_server() -> str:
    return f"{os.environ[services.REDIS]}/15"


def served(pair: Pair, url: str = "") -> Flask:
    settings = pair.database.settings.model_copy(update={"replica_database_url": url or pair.url})
    app = application(settings, "web")
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["tests-states"] = pair.database.states
    return app


@pytest.fixture
def app(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with the replica, and a file in an intake of its database."""
    monkeypatch.setattr(replica, "MOST_BEHIND", 60.0)  # the tests' machine may be busy
    monkeypatch.setattr(replica, "_STEP", 0.0)
    pair.database.reset()
    made = served(pair)
    with test_context(pair.database.system_app), clock.at(steps.DURING):
        reference = steps.load_mdia()
        candidate = steps.browser(made)
        steps.sign_up(candidate)
        steps.begin(candidate, reference)
        made.extensions["intake"] = reference
        db.session.rollback()
        yield made
    dispose(made)


@pytest.fixture
def staff(app: Flask, pair: Pair) -> FlaskClient:
    """Somebody whose sign-in the replica knows, and whose browser wrote nothing of late."""
    client = steps.browser(app)
    steps.staff(client)
    forget(client)
    pair.catch_up()
    return client


def forget(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session.pop("wrote", None)


@contextmanager
def counted(app: Flask, said: dict[str, list[str]] | None = None) -> Iterator[Counter[str]]:
    """Count the statements of each engine, and keep their texts in `said` if it is given."""
    seen: Counter[str] = Counter()
    with app.app_context():
        engines = dict(db.engines)
    listeners = []
    for name, engine in engines.items():

        def count(_connection: Any, _cursor: Any, text: str, *_given: Any, name: str = name) -> None:
            seen[name] += 1
            if said is not None:
                said.setdefault(name, []).append(text)

        event.listen(engine, "before_cursor_execute", count)
        listeners.append((engine, count))
    yield seen
    for engine, count in listeners:
        event.remove(engine, "before_cursor_execute", count)


def read_there(app: Flask, client: FlaskClient) -> Counter[str]:
    """Open the list until the replica answers: what has just been written takes a moment until it is applied."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with counted(app) as seen:
            assert client.get(address(app)).status_code == 200
        if seen[ENGINE]:
            return seen
        time.sleep(0.05)
    raise AssertionError("the replica is not read")


def address(app: Flask) -> str:
    return f"/staff/intakes/{app.extensions['intake']}/applications?state=all"


def test_a_list_comes_from_the_replica_and_who_asks_from_the_database(
    app: Flask, staff: FlaskClient, pair: Pair
) -> None:
    seen = read_there(app, staff)
    assert seen[ENGINE] >= 3
    assert seen["default"] <= 3, "whose session it is, for whom is read, and where the journal ends"
    with counted(app) as seen:
        assert staff.get("/staff/messages").status_code in (200, 404)
        assert staff.get("/staff").status_code == 200
    assert seen["default"] > 3, "a page that is not marked reads the database itself"
    # The walls stand there too: a connection that says nothing sees nobody's file.
    with app.app_context(), db.engines[ENGINE].connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Application)) == 0
    assert app.test_client().get("/health").json == {"status": "ok"}


def test_what_somebody_wrote_is_read_back_by_them_at_once(app: Flask, staff: FlaskClient, pair: Pair) -> None:
    other = steps.browser(app)
    steps.enter_anew(other)
    forget(other)
    pair.catch_up()
    views = f"/staff/intakes/{app.extensions['intake']}/views"
    read_there(app, other)
    with pair.paused():
        assert staff.post(views, data={"name": "Les miennes"}).status_code == 302
        with counted(app) as seen:
            assert "Les miennes" in staff.get(address(app)).text
        assert seen[ENGINE] == 0
        # Whoever did not write reads what the replica has.
        with counted(app) as seen:
            assert "Les miennes" not in other.get(address(app)).text
        assert seen[ENGINE] >= 3
    pair.catch_up()
    assert read_there(app, staff)[ENGINE] >= 3
    assert "Les miennes" in staff.get(address(app)).text
    # The note ends by itself.
    with staff.session_transaction() as session:
        end, until = session["wrote"]
        assert place_of("0/1") < int(end, 16) and 0 < until - time.time() <= 60 * 4


def test_a_page_that_reads_and_then_writes_a_line_writes_it_in_the_database(
    app: Flask, staff: FlaskClient
) -> None:
    read_there(app, staff)
    said: dict[str, list[str]] = {}
    with counted(app, said) as seen:
        sent = staff.post(address(app).replace("applications?", "applications/export?"), data={"kind": "csv"})
        assert sent.data  # it is read as it is sent
    assert sent.status_code == 200 and sent.mimetype == "text/csv"
    # It begins there, and goes on in the database once it writes. Whose rows are seen is said to the driver, uncounted.
    assert [text for text in said[ENGINE] if "FROM intakes" in text] and seen["default"] > 3
    assert all(text.startswith("SELECT") for text in said[ENGINE])
    line = next(place for place, text in enumerate(said["default"]) if "INSERT INTO audit_events" in text)
    assert [text for text in said["default"][line:] if "applications.name" in text]
    with staff.session_transaction() as session:
        assert "wrote" in session


def test_a_request_that_wrote_before_its_page_began_reads_the_database(
    app: Flask, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_there(app, staff)
    monkeypatch.setattr(access, "is_to_renew", lambda *_given: True)
    with counted(app) as seen:
        assert staff.get(address(app)).status_code == 200
    assert seen[ENGINE] == 0 and seen["default"] > 3


def test_a_replica_that_stays_behind_is_not_read_and_says_so(
    app: Flask, staff: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.paused():
        monkeypatch.setattr(replica, "MOST_BEHIND", 0.5)
        monkeypatch.setattr(replica, "_STEP", 0.2)
        pair.database.admin.execute("SELECT pg_logical_emit_message(true, 'tests', 'a commit')")
        until = time.monotonic() + 10
        health: dict[str, str] = {}
        while "replica" not in health and time.monotonic() < until:
            assert staff.get(address(app)).status_code == 200
            health = app.test_client().get("/health").json
            time.sleep(0.05)
        assert health["status"] == "ok" and "behind" in health["replica"]
        with counted(app) as seen:
            assert staff.get(address(app)).status_code == 200
        assert seen[ENGINE] == 0
    pair.catch_up()
    monkeypatch.setattr(replica, "MOST_BEHIND", 60.0)
    read_there(app, staff)
    assert app.test_client().get("/health").json == {"status": "ok"}


def test_a_replica_that_hangs_holds_a_page_for_a_second_and_the_next_not_at_all(
    app: Flask, staff: FlaskClient, pair: Pair
) -> None:
    read_there(app, staff)
    pair.signal(signal.SIGSTOP)
    try:
        for longest in (WITHIN, 1.0 + WITHIN / 5):
            began = time.monotonic()
            assert staff.get(address(app)).status_code == 200
            assert time.monotonic() - began < longest
    finally:
        pair.signal(signal.SIGCONT)
    assert "does not answer" in app.test_client().get("/health").json["replica"]


def test_a_server_that_lets_in_and_says_nothing_is_left_too(
    app: Flask, staff: FlaskClient, pair: Pair
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = sa.make_url(pair.url).set(host="127.0.0.1", port=server.getsockname()[1], query={})
        other = served(pair, url.render_as_string(hide_password=False))
        client = steps.browser(other)
        steps.enter_anew(client)
        began = time.monotonic()
        assert client.get(address(app)).status_code == 200
        assert time.monotonic() - began < WITHIN
        dispose(other)


def test_a_server_that_follows_nobody_is_no_replica(app: Flask, staff: FlaskClient, pair: Pair) -> None:
    other = served(pair, pair.database.settings.database_url)
    client = steps.browser(other)
    steps.enter_anew(client)
    with counted(other) as seen:
        assert client.get(address(app)).status_code == 200
    assert seen[ENGINE] == 0 and "is no replica" in other.test_client().get("/health").json["replica"]
    dispose(other)


def test_a_replica_that_dies_in_the_middle_of_a_page_is_left_and_the_page_answered(
    app: Flask, staff: FlaskClient, pair: Pair
) -> None:
    read_there(app, staff)
    with app.app_context():
        engine = db.engines[ENGINE]
    asked = []

    def dies(*_given: Any) -> None:
        asked.append(1)
        if len(asked) == 3:
            pair.process.send_signal(signal.SIGQUIT)
            pair.process.wait(10)

    event.listen(engine, "before_cursor_execute", dies)
    with counted(app) as seen:
        page = staff.get(address(app))
    assert page.status_code == 200 and len(asked) == 3 and seen["default"] >= 4
    with counted(app) as seen:
        assert staff.get(address(app)).status_code == 200
    assert seen[ENGINE] == 0
    answer = app.test_client().get("/health")
    assert answer.status_code == 200 and "does not answer" in answer.json["replica"]
