"""More time for one person who has begun nothing: given to an address or number, used by whoever proves it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.deadlines.actions import late_starts, reminders
from cohortmgr.applications.deadlines.forms import until_of
from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.queries import intake_of
from tests.integration.accounts.entering import last_code, sign_in_anew
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, fill, sign_up

EMAIL, PHONE = "retard@exemple.ma", "06 12 34 56 78"


@pytest.fixture
def desk(intake: str, app: Flask, client: FlaskClient) -> FlaskClient:
    found = browser(app)
    steps.staff(found)
    return found


def closes() -> datetime:
    db.session.rollback()
    return intake_of("mdia", "2027").closes_at


def day_after(days: int) -> str:
    return (clock.local(closes()) + timedelta(days=days)).date().isoformat()


def allow(desk: FlaskClient, intake: str, contact: str = EMAIL, **fields: str) -> int:
    sent = {"email": contact, "until": day_after(3), "reason": "Panne du réseau.", **fields}
    return desk.post(f"/staff/intakes/{intake}/late", data=sent).status_code


def enter(client: FlaskClient, system_app: Flask, contact: str, onward: str) -> str:
    """Come in by a code; returns where that leads."""
    assert client.post(f"/sign-in?next={onward}", data={"email": contact}).status_code == 302
    return client.post(f"/code?next={onward}", data={"code": last_code(system_app)}).location


def recall_all() -> None:
    for due in deadlines.due_reminders():
        db.session.rollback()
        with writing():
            reminders.remind_drafts(SYSTEM, due)


def letter() -> dict[str, object]:
    db.session.rollback()
    (message,) = db.session.scalars(sa.select(Message).where(Message.key == "late_start"))
    return content_of(message) or {}


@pytest.mark.parametrize("contact", [EMAIL, PHONE])
def test_whoever_proves_the_address_or_number_begins_and_sends_after_the_close(
    app: Flask, system_app: Flask, intake: str, desk: FlaskClient, contact: str
) -> None:
    assert allow(desk, intake, contact) == allow(desk, intake, contact) == 302
    assert len(all_of(LateStart)) == 1 and acts().count("applications.allow_late") == 1
    assert contact not in str(all_of(LateStart)[0].sealed)
    late, start = browser(app), f"/intakes/{intake}/apply"
    letter()
    with clock.at(closes() + timedelta(hours=5)):
        assert enter(late, system_app, contact, start) == start
        page = words(late.get(start).text)
        assert "Commencer" in page and "3 juillet 2027" in page
        reference = begin(late, intake)
        assert "3 juillet 2027" in words(late.get("/my").text)
        fill(late, reference)
        assert late.post(f"/my/applications/{reference}/check").status_code == 302
    (row,) = all_of(Application)
    assert row.state == "submitted" and all_of(Extension)[0].application_id == row.id
    assert all_of(LateStart)[0].application_id == row.id
    assert "Commencée" in desk.get(f"/staff/intakes/{intake}/late").text


def test_it_opens_to_nobody_else_and_not_beyond_its_time(
    app: Flask, system_app: Flask, intake: str, desk: FlaskClient
) -> None:
    allow(desk, intake)
    start = f"/intakes/{intake}/apply"
    squatter = browser(app)
    sign_in_anew(squatter, EMAIL, steps.PASSWORD, proved=False)  # the address is theirs in words alone
    with clock.at(closes() + timedelta(hours=1)):
        other = browser(app)
        assert enter(other, system_app, "autre@exemple.ma", start) == start
        for visitor in (squatter, other):
            if visitor is squatter:
                visitor.post("/sign-in", data={"email": EMAIL, "password": steps.PASSWORD})
            assert "closes depuis" in words(visitor.get(start).text)
            assert visitor.post(start).status_code == 409
    db.session.rollback()
    other_year = f"/intakes/{intake_of('mdia', '2025').reference}/apply"
    with clock.at(closes() + timedelta(hours=2)):
        late = browser(app)
        assert enter(late, system_app, EMAIL, other_year) == other_year
        assert late.post(other_year).status_code == 409
    with clock.at(closes() + timedelta(days=5)):
        late = browser(app)
        assert enter(late, system_app, EMAIL, start) == start
        assert late.post(start).status_code == 409
    assert all_of(Application) == []


def test_it_is_used_once_and_given_anew_to_who_has_the_number_now(
    app: Flask, system_app: Flask, intake: str, desk: FlaskClient
) -> None:
    allow(desk, intake, PHONE)
    start = f"/intakes/{intake}/apply"
    with clock.at(closes() + timedelta(hours=1)):
        first = browser(app)
        enter(first, system_app, PHONE, start)
        begin(first, intake)
        with writing() as session:  # the number changes hands
            session.execute(
                sa.update(Account).values(phone_blind=None).where(Account.phone_blind.is_not(None))
            )
    with clock.at(closes() + timedelta(hours=2)):
        second = browser(app)
        # The first holder's file bears the number still: whoever has it now says that it is not theirs.
        asked = enter(second, system_app, PHONE, start)
        assert asked.startswith("/code/which") and second.post(asked, data={"without": "1"}).location == start
        assert second.post(start).status_code == 409 and len(all_of(Application)) == 1
        address = "selection_manager-ma-inpt-mdia-@exemple.ma"
        desk.post("/sign-in", data={"email": address, "password": steps.PASSWORD})
        assert allow(desk, intake, PHONE) == 302
        begin(second, intake)
    assert len(all_of(Application)) == 2 and len(all_of(LateStart)) == 1


def test_whoever_has_a_draft_gets_the_time_for_it_and_a_sent_file_none(
    client: FlaskClient, intake: str, desk: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    assert allow(desk, intake, "zoe@exemple.ma") == 302
    assert all_of(LateStart) == [] and len(all_of(Extension)) == 1
    with clock.at(closes() + timedelta(days=1)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        home = words(client.get("/my").text)
        assert "C’est à vous" in home.replace("'", "’") and "3 juillet 2027" in home
        fill(client, reference)
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
    assert allow(desk, intake, "zoe@exemple.ma") == 200, "a sent file needs no time"


def test_what_is_wrong_is_said_and_what_was_not_used_is_taken_back(
    app: Flask, system_app: Flask, intake: str, desk: FlaskClient
) -> None:
    for wrong in (
        {"until": "2027-01-01"},
        {"until": "demain"},
        {"reason": " "},
        {"email": "x" * 300},
        {"email": ""},
    ):
        assert allow(desk, intake, **{"contact": wrong.pop("email", EMAIL), **wrong}) == 200, wrong
    assert all_of(LateStart) == []
    allow(desk, intake)
    place = f"/staff/intakes/{intake}/late/{all_of(LateStart)[0].reference}/take-back"
    assert desk.post(place).status_code == 302 and desk.post(place).status_code == 404
    assert acts().count("applications.take_back_late") == 1
    with clock.at(closes() + timedelta(hours=1)):
        late = browser(app)
        enter(late, system_app, EMAIL, f"/intakes/{intake}/apply")
        assert late.post(f"/intakes/{intake}/apply").status_code == 409


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_campaign_is_archived_once_the_time_that_was_given_is_over_and_gives_none_afterwards(
    client: FlaskClient, intake: str, desk: FlaskClient, has_begun: bool
) -> None:
    if has_begun:
        sign_up(client)
        begin(client, intake)
    assert allow(desk, intake, "zoe@exemple.ma") == 302
    assert len(all_of(Extension if has_begun else LateStart)) == 1
    end = closes()
    with clock.at(end + timedelta(hours=1)):
        with pytest.raises(Refused, match="court jusqu’au"), writing():
            programmes.archive(SYSTEM, intake, "Fini.")
        db.session.rollback()
    with clock.at(end + timedelta(days=5)):
        with writing():
            programmes.archive(SYSTEM, intake, "Fini.")
        with pytest.raises(Refused, match="archivée"), writing():
            late_starts.allow(
                SYSTEM, intake, Contact("email", EMAIL), end + timedelta(days=6), "Panne du réseau."
            )
        db.session.rollback()


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        ("2026-02-14", "2026-02-14T22:59"),  # an hour ahead of UTC
        ("2026-02-15", "2026-02-15T23:59"),  # clocks are set back for Ramadan, in the night
        ("2026-03-21", "2026-03-21T23:59"),
        ("2026-03-22", "2026-03-22T22:59"),  # and forward again
        ("2026-09-19", "2026-09-19T22:59"),
        ("2026-09-20", "2026-09-20T23:59"),  # UTC for good
        ("2027-02-10", "2027-02-10T23:59"),  # Ramadan changes nothing any more
        ("2027-06-30", "2027-06-30T23:59"),
    ],
)
def test_a_last_day_ends_at_its_last_minute_in_casablanca(day: str, instant: str) -> None:
    until = until_of(day)
    assert until is not None and until.isoformat()[:16] == instant and until.utcoffset() == timedelta(0)
    assert clock.local(until).isoformat()[:16] == f"{day}T23:59"


def test_the_reminder_tells_the_time_that_was_given(
    client: FlaskClient, intake: str, desk: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    until = day_after(3)
    desk.post(f"/staff/applications/{reference}/extension", data={"until": until, "reason": "Panne."})
    with clock.at(closes() - timedelta(hours=20)):
        recall_all()
    with clock.at(until_of(until) - timedelta(hours=20)):
        recall_all()
    db.session.rollback()
    told = [
        content_of(row) or {} for row in db.session.scalars(sa.select(Message)) if row.key == "draft_reminder"
    ]
    assert told and {each["variables"]["deadline"] for each in told} == {until_of(until)}


def test_who_begins_twice_at_once_has_the_time_once(
    app: Flask, system_app: Flask, intake: str, desk: FlaskClient
) -> None:
    allow(desk, intake)
    late, start = browser(app), f"/intakes/{intake}/apply"
    with clock.at(closes() + timedelta(hours=1)):
        enter(late, system_app, EMAIL, start)
        begin(late, intake)
        (given,), (row,) = all_of(LateStart), all_of(Application)
        db.session.rollback()
        with writing():  # the other window, which read that nothing was begun yet
            late_starts.take_up(SYSTEM, given, row)
    assert len(all_of(Extension)) == 1
