"""Being told when an intake opens: asked for by whoever reads the address, said once, stopped by one click."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from itsdangerous import URLSafeSerializer

from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import LANGUAGES, speaking
from cohortmgr.messages.preferences.actions import unsubscribe_links
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.texts.display.rendering import render_own
from cohortmgr.programmes.models import IntakeWatch
from cohortmgr.programmes.watches import actions as watches
from tests.integration.accounts.entering import last_code, letters, wrong
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
Statements = Callable[[], AbstractContextManager[list[str]]]
OPEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
EMAIL = "salma@exemple.ma"
WANTED = {"email": EMAIL, "region": "MA-04", "programme": "mdia", "spoken": "ar"}


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def watch(number: int, region: str | None = None, scope: str = "") -> None:
    watches.keep(contact_of(f"w{number}@exemple.ma"), "fr", region, scope)


def announce() -> list[int]:
    """All that is due, as the worker does it; how many were looked at each time."""
    counts = []
    for intake in watches.due():
        db.session.rollback()
        while True:
            with writing():
                counts.append(watches.announce(SYSTEM, intake))
            if counts[-1] < watches.CHUNK:
                break
    db.session.rollback()
    return counts


def told() -> list[str]:
    chosen = sa.select(Message).where(Message.key == watches.LETTER).order_by(Message.id)
    messages = list(db.session.scalars(chosen))
    found = [content["address"] for content in opened(messages) if content is not None]
    db.session.rollback()
    return found


def test_nothing_is_kept_before_the_code_and_the_address_is_sealed(
    client: FlaskClient, system_app: Flask
) -> None:
    assert client.post("/tell-me", data=WANTED).location == "/tell-me/code"
    code = last_code(system_app)
    assert client.post("/tell-me/code", data={"code": wrong(code)}).status_code == 200
    with system_app.app_context():
        assert rows_of(IntakeWatch) == 0
    done = client.post("/tell-me/code", data={"code": code})
    assert done.location == "/" and "C’est noté" in client.get("/").text
    with system_app.app_context():
        row = db.session.scalars(sa.select(IntakeWatch)).one()
        assert (row.scope, row.region, row.language, row.channel) == ("mdia", "MA-04", "ar", "email")
        assert EMAIL.encode() not in row.sealed
    assert client.get("/tell-me/code").location == "/tell-me", "used up"


def test_a_code_for_watching_does_not_sign_in(client: FlaskClient, system_app: Flask) -> None:
    client.post("/tell-me", data=WANTED)
    assert client.post("/code", data={"code": last_code(system_app)}).location == "/sign-in"
    assert client.get("/my").status_code == 302


def test_asking_again_changes_region_and_language(system_app: Flask, app: Flask) -> None:
    with system_app.app_context():
        for region in ("MA-04", "MA-09"):
            with writing():
                watch(1, region)
        assert [row.region for row in db.session.scalars(sa.select(IntakeWatch))] == ["MA-09"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("region", "MA-99"), ("programme", "nothing"), ("spoken", "xx"), ("email", "personne"), ("email", "")],
)
def test_what_cannot_be_asked_for_is_said(
    client: FlaskClient, system_app: Flask, field: str, value: str
) -> None:
    page = client.post("/tell-me", data={**WANTED, field: value})
    assert page.status_code == 200 and f'id="{field}-error"' in page.text
    assert letters(system_app) == []


def test_an_opening_is_told_once_to_those_near_and_of_that_programme(system_app: Flask, at: At) -> None:
    with system_app.app_context():
        with at(OPEN - timedelta(days=30)), writing():
            for number, (region, scope) in enumerate(
                [("MA-04", "mdia"), ("MA-09", ""), (None, ""), ("MA-04", "other"), (None, "mdia")]
            ):
                watch(number, region, scope)
            watches.keep(contact_of("w2@exemple.ma"), "fr", None, "mdia")  # waits for both
        with at(OPEN):
            assert announce()
            assert sorted(told()) == ["w0@exemple.ma", "w2@exemple.ma", "w4@exemple.ma"]
            assert announce() == []
            assert len(told()) == 3


def test_a_worker_that_died_in_the_middle_tells_nobody_twice(
    system_app: Flask, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "CHUNK", 2)
    with system_app.app_context():
        with at(OPEN - timedelta(days=30)), writing():
            for number in range(5):
                watch(number)
        with at(OPEN):
            intake = watches.due()[0]
            db.session.rollback()
            with writing():
                assert watches.announce(SYSTEM, intake) == 2
            assert announce() == [2, 1]
            assert sorted(told()) == [f"w{number}@exemple.ma" for number in range(5)]


def test_a_chunk_makes_as_many_statements_for_fifty_as_for_five(
    system_app: Flask, at: At, statements: Statements
) -> None:
    counts = []
    with system_app.app_context(), at(OPEN):
        intake = watches.due()[0]
        db.session.rollback()
        with writing():
            watch(999)
        with writing():
            watches.announce(SYSTEM, intake)
        for start, number in ((0, 5), (100, 50)):
            with writing() as session:
                for each in range(start, start + number):
                    watch(each)
                session.execute(sa.update(watches._TOLD).values(done_at=None))
            with statements() as seen, writing():
                assert watches.announce(SYSTEM, intake) == number
            counts.append(len(seen))
    assert counts[0] == counts[1]


def test_one_click_of_a_provider_forgets_the_address_and_the_letter_on_its_way(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = True
    with system_app.app_context():
        with writing():
            watch(1)
            watches.keep(contact_of("w1@exemple.ma"), "fr", None, "mdia")
        with at(OPEN):
            announce()
        message, content = letters(system_app, watches.LETTER)[0]
        headers = watches.headers(message, content)
        path = headers["List-Unsubscribe"].strip("<>").partition("/tell-me")[2]
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = f"/tell-me{path}"
    assert "Ne plus me prévenir" in client.get(url).text
    with system_app.app_context():
        assert rows_of(IntakeWatch) == 2, "a scanner that opens the link stops nothing"
    for _ in range(2):
        answer = client.post(url, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and "est effacée" in answer.text
    with system_app.app_context():
        assert rows_of(IntakeWatch) == 0 and told() == []


@pytest.mark.parametrize("token", ["x", "IjdLM1FYUEIyTTQi.bad", "a" * 5000, "%00"])
def test_a_link_that_is_not_ours_says_so(client: FlaskClient, token: str) -> None:
    assert client.get(f"/tell-me/stop/{token}").status_code in (404, 410)
    assert client.post(f"/tell-me/stop/{token}").status_code in (404, 410)


def test_what_was_signed_for_something_else_stops_nothing(client: FlaskClient, system_app: Flask) -> None:
    with system_app.app_context():
        with writing():
            watch(1)
        reference = str(db.session.scalar(sa.select(IntakeWatch.reference)))
        unsalted = str(URLSafeSerializer(system_app.secret_key or "").dumps(reference))
        assert watches.watch_of(watches.token_for(reference)) == reference
        for token in (unsalted, unsubscribe_links.token_for(reference)):
            assert client.post(f"/tell-me/stop/{token}").status_code == 410
        assert rows_of(IntakeWatch) == 1


def test_after_a_year_an_address_is_told_nothing_and_forgotten(system_app: Flask, at: At) -> None:
    with system_app.app_context():
        with at(OPEN - watches.LIFETIME - timedelta(seconds=1)), writing():
            watch(1)
        with at(OPEN):
            announce()
            assert told() == []
            with writing():
                assert watches.sweep() == 1
            assert rows_of(IntakeWatch) == 0
        db.session.rollback()


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_letter_reads_in_each_language_and_short(system_app: Flask, spoken: str) -> None:
    said = {
        "programme": dict.fromkeys(LANGUAGES, "MDIA"),
        "intake": dict.fromkeys(LANGUAGES, "2027"),
        "deadline": clock.now(),
        "page": "P" * 26,
        "stop": "https://x.ma/tell-me/stop/t",
    }
    with system_app.app_context(), speaking(spoken):
        for channel in ("email", "sms", "inbox"):
            text = render_own(watches.LETTER, channel, said).text
            assert "/intakes/PPP" in text and "https://x.ma/tell-me/stop/t" in text


def test_pages_lead_to_it_where_nothing_is_open(client: FlaskClient, at: At) -> None:
    with at(OPEN):
        assert "/tell-me" in client.get("/").text
        assert "/tell-me?programme=mdia" not in client.get("/programmes/mdia").text
    with at(datetime(2030, 1, 1, tzinfo=UTC)):
        assert "/tell-me?programme=mdia" in client.get("/programmes/mdia").text
    page = client.get("/tell-me?programme=mdia").text
    assert '<option selected value="mdia">' in page
