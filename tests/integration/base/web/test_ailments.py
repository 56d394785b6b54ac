"""A full disk, a locked database and one that is away: each is told apart, within seconds, and passes."""

from __future__ import annotations

import errno
import math
import socket
import sqlite3
import time
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import db as base
from cohortmgr.base.databases.ailing import Ailment, ailment_of
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import say
from cohortmgr.base.web import ailments, responses
from tests.databases import Database, PostgresDatabase, SqliteDatabase, application

FORM = {"email": "une@exemple.ma", "region": "", "programme": "", "spoken": "fr"}
ANSWERED_WITHIN = 5.0
Usage = namedtuple("Usage", "total used free")


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Hold what every sending of that form writes to, as a long work does."""
    if isinstance(database, SqliteDatabase):
        with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    other = psycopg.connect(database.admin.info.dsn)
    with closing(other):
        other.execute("LOCK TABLE sign_in_codes, sign_in_attempts, outbox IN ACCESS EXCLUSIVE MODE")
        yield


def sent(client: FlaskClient) -> tuple[int, float]:
    """The status of a form that writes, and how long its answer took."""
    began = time.monotonic()
    status = client.post("/tell-me", data=FORM).status_code
    return status, time.monotonic() - began


def test_a_locked_database_answers_within_seconds_and_says_what_to_do(
    database: Database, client: FlaskClient
) -> None:
    with locked(database):
        began = time.monotonic()
        page = client.post("/tell-me", data=FORM, headers={"Accept-Language": "en"})
        assert time.monotonic() - began < ANSWERED_WITHIN
    assert page.status_code == 503 and page.headers["Retry-After"] == "10"
    assert "nothing was saved" in page.text and "send it again" in page.text
    assert sent(client)[0] == 302


def test_health_tells_a_locked_database_without_waiting_for_it(
    database: Database, client: FlaskClient
) -> None:
    assert client.get("/health").json == {"status": "ok"}
    with locked(database), ThreadPoolExecutor(1) as others:
        waiting = others.submit(sent, database.app.test_client())
        time.sleep(0 if database.dialect == "sqlite" else 2.2)  # PostgreSQL says it of who waits longer
        began = time.monotonic()
        answer = client.get("/health")
        assert time.monotonic() - began < 1.5
        assert (answer.status_code, answer.json) == (503, {"status": "locked"})
        assert waiting.result()[0] == 503
    assert client.get("/health").json == {"status": "ok"}


@pytest.mark.postgres_only
def test_who_only_reads_waits_for_no_lock_either(database: PostgresDatabase, token: str) -> None:
    client = holding(database.app, token)
    with closing(psycopg.connect(database.admin.info.dsn)) as other:
        other.execute("LOCK TABLE sessions, programmes, accounts IN ACCESS EXCLUSIVE MODE")
        for path in ("/my", "/"):
            began = time.monotonic()
            assert client.get(path).status_code == 503
            assert time.monotonic() - began < ANSWERED_WITHIN
    assert client.get("/my").status_code == 200


@contextmanager
def hanging() -> Iterator[int]:
    """A server that accepts connections and says nothing, as a stopped PostgreSQL does; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.mark.postgres_only
def test_health_says_within_seconds_that_the_database_hangs(database: Database) -> None:
    with hanging() as port:
        url = sa.make_url(database.settings.database_url).set(host="127.0.0.1", port=port, query={})
        text = url.render_as_string(hide_password=False)
        away = application(database.settings.model_copy(update={"database_url": text}), "web")
        began = time.monotonic()
        answer = away.test_client().get("/health")
        assert time.monotonic() - began < ANSWERED_WITHIN
    assert (answer.status_code, answer.json) == (503, {"status": "away"})


@pytest.mark.postgres_only
def test_health_does_not_take_another_database_of_the_server_for_this_one(
    database: PostgresDatabase, client: FlaskClient
) -> None:
    address = {"host": str(database.server.query["host"]), "user": "postgres", "dbname": "postgres"}
    with psycopg.connect(**address) as holder, psycopg.connect(**address) as waiter:
        holder.execute("SELECT pg_advisory_lock(12)")
        with ThreadPoolExecutor(1) as others:
            waiting = others.submit(waiter.execute, "SELECT pg_advisory_lock(12)")
            time.sleep(2.2)
            answer = client.get("/health").json
            holder.execute("SELECT pg_advisory_unlock(12)")
            waiting.result()
    assert answer == {"status": "ok"}


@pytest.mark.sqlite_only
def test_many_who_wait_are_all_answered_in_time_by_few_threads(
    database: Database, client: FlaskClient
) -> None:
    began = time.monotonic()
    with locked(database), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _n: sent(database.app.test_client())[0], range(24)))
    assert set(found) == {503} and time.monotonic() - began < ANSWERED_WITHIN


def failing(app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception) -> FlaskClient:
    """A client to whose requests the sign-in page answers with an error of the machine."""

    def fails(*_arguments: object, **_values: object) -> None:
        raise error

    monkeypatch.setitem(app.view_functions, "accounts.sign_in", fails)
    return app.test_client()


def test_a_full_disk_says_so_on_the_page_and_at_health(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = failing(app, monkeypatch, OSError(errno.ENOSPC, "no room")).get("/sign-in")
    assert page.status_code == 503 and page.headers["Retry-After"] == "600"
    assert "n’a plus de place" in page.text
    assert (client.get("/health").status_code, client.get("/health").json) == (503, {"status": "full"})
    app.extensions.pop(ailments._FULL_SINCE)
    assert client.get("/health").json == {"status": "ok"}
    monkeypatch.setattr(ailments.shutil, "disk_usage", lambda _path: Usage(1, 1, 4096))
    assert client.get("/health").json == {"status": "full"}


@pytest.mark.sqlite_only
def test_a_database_that_finds_no_room_says_so(database: Database, client: FlaskClient) -> None:
    with database.app.app_context():
        limit = int(db.session.scalar(sa.text("PRAGMA page_count")) or 0)
        driver = db.session.connection().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        with pytest.raises(sqlite3.OperationalError) as caught:
            driver.execute(f"PRAGMA max_page_count={limit}")
            driver.execute("CREATE TABLE filling AS SELECT randomblob(100000) AS much")
        db.session.rollback()
        driver.execute("PRAGMA max_page_count=1073741823")
    error = sa.exc.OperationalError("INSERT", {}, caught.value)
    assert ailment_of(error) is Ailment.FULL


@pytest.mark.postgres_only
def test_a_database_that_is_away_says_so_without_being_asked(database: Database, client: FlaskClient) -> None:
    url = sa.make_url(database.settings.database_url).update_query_dict({"host": "/nowhere"})
    with pytest.raises(sa.exc.OperationalError) as caught, sa.create_engine(url).connect():
        pass
    assert ailment_of(caught.value) is Ailment.AWAY


@pytest.mark.postgres_only
@pytest.mark.parametrize("known", [False, True], ids=["cut", "known to be cut"])
def test_a_server_that_was_started_again_is_away_for_whoever_writes_first_too(
    database: PostgresDatabase, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Before its first statement a transaction that writes says how long it waits, past SQLAlchemy."""
    # As of a connection that was used a moment ago, and even of one that the pool knows to be gone.
    monkeypatch.setattr(base, "RESTS", math.inf)
    password = {"email": "une@exemple.ma", "password": "trois mots au hasard"}
    assert client.post("/sign-in", data=password).status_code == 200
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND datname = %s"
    database.admin.execute(ours, ["cohortmgr_application", database.name])
    if known:
        with database.app.app_context(), closing(db.engine.raw_connection()) as held:
            driver = held.driver_connection
            assert isinstance(driver, psycopg.Connection)
            with pytest.raises(psycopg.OperationalError):
                driver.execute("SELECT 1")
            monkeypatch.setattr(held, "_reset", lambda *_given, **_more: None, raising=False)
    page = client.post("/sign-in", data=password, headers={"Accept-Language": "en"})
    assert page.status_code == 503 and "cannot be reached" in page.text
    assert client.post("/sign-in", data=password).status_code == 200


def test_a_fault_that_is_logged_repeats_nothing_that_was_sent(database: Database) -> None:
    with database.app.app_context(), pytest.raises(sa.exc.DBAPIError) as caught:
        db.session.execute(sa.text("SELECT nothing FROM nowhere WHERE a = :a"), {"a": "salma@exemple.ma"})
    assert "nowhere" in str(caught.value) and "salma" not in str(caught.value)


@pytest.fixture
def token(system_app: Flask) -> str:
    """The session of somebody who is signed in."""
    with system_app.app_context(), writing():
        account = people.new_account(SYSTEM, "une@exemple.ma", "no hash", {"given_name": "Une"})
        return people.open_session(account.id)


def holding(app: Flask, token: str) -> FlaskClient:
    """A browser that holds this session."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client


def nowhere(database: Database) -> Flask:
    """The application as it is when the database is away, with not one connection made."""
    url = sa.make_url(database.settings.database_url)
    if database.dialect == "sqlite":
        gone = url.set(database="/nowhere/at/all.sqlite3")
    else:
        gone = url.update_query_dict({"host": "/nowhere"})
    text = gone.render_as_string(hide_password=False)
    return application(database.settings.model_copy(update={"database_url": text}), "web")


def test_who_is_signed_in_is_told_too_that_the_database_is_away(database: Database, token: str) -> None:
    away = nowhere(database)
    away.config["WTF_CSRF_ENABLED"] = False
    client = holding(away, token)
    for path in ("/my", "/", "/sign-in", "/tell-me", "/no/such/page", f"/my/applications/{'0' * 26}"):
        for method in ("GET", "POST"):
            page = client.open(path, method=method, headers={"Accept-Language": "en"})
            assert page.status_code == 503 and page.headers["Retry-After"] == "60", (method, path)
            assert "cannot be reached" in page.text


def test_who_is_signed_in_is_told_too_that_the_database_is_locked(database: Database, token: str) -> None:
    database.app.config["WTF_CSRF_ENABLED"] = False
    client = holding(database.app, token)
    with locked(database):
        assert sent(client)[0] == 503


def test_who_is_signed_in_is_told_too_that_the_disk_is_full(
    app: Flask, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(app, monkeypatch, OSError(errno.ENOSPC, "no room"))
    page = holding(app, token).get("/sign-in")
    app.extensions.pop(ailments._FULL_SINCE)
    assert page.status_code == 503 and "n’a plus de place" in page.text


def test_a_database_that_goes_away_while_a_page_of_a_fault_is_drawn_is_away(
    database: Database, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, client = nowhere(database), holding(database.app, token)

    def fails() -> str | None:
        with away.app_context():
            db.session.connection()
        return None

    monkeypatch.setattr(responses, "way_to_missing", fails)
    assert client.get("/no/such/page").status_code == 503


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.ENOENT, "x"), KeyError("x")])
def test_a_fault_of_ours_is_no_ailment_of_the_machine(error: Exception) -> None:
    assert ailment_of(error) is None


def test_every_ailment_has_its_words_and_its_time() -> None:
    assert set(ailments.SAID) == set(ailments.RETRY) == set(Ailment)


def test_a_pause_offers_the_way_back_and_sends_nothing_again(database: Database, client: FlaskClient) -> None:
    """It says to go back: a link leads to the page of the form, and to no page of another site."""
    here = {"Referer": "http://localhost/tell-me?region=1"}
    with locked(database):
        page = client.post("/tell-me", data=FORM, headers=here)
        strange = client.post("/tell-me", data=FORM, headers={"Referer": "http://other.example/tell-me"})
    assert page.status_code == strange.status_code == 503
    assert 'href="/tell-me?region=1"' in page.text and 'href="/"' in page.text
    assert "other.example" not in strange.text and 'href="/tell-me"' not in main_of(strange.text)
    assert "<form" not in main_of(page.text)


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main")[0]


def test_in_arabic_a_pause_speaks_as_courteously_as_every_page(app: Flask) -> None:
    singular = {"انتظر", "ارجع", "وأرسل", "أعد", "وأعد", "احتفظ", "فأخبر", "برنامجك", "أرسلته"}
    with app.test_request_context(headers={"Accept-Language": "ar"}):
        for ailment, said in ailments.SAID.items():
            words = say(said).replace("،", " ").replace("؛", " ").replace(".", " ").replace(":", " ").split()
            assert words and not singular & set(words), ailment
            assert any("\u0600" < letter < "\u06ff" for letter in words[0])
