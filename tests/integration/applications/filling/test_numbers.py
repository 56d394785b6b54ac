"""No identity number replaces another without a word, whoever types it: a draft, a change, a correction, staff."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import numbers, people
from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File, own
from cohortmgr.applications.filling import queries
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.messages.helpdesk.models import HelpRequest
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, begin, browser, fill, sign_up

FIRST, SECOND = "AB123456", "CD654321"


@pytest.fixture(autouse=True)
def _during(system_context: AppContext) -> Iterator[None]:
    with clock.at(DURING):
        yield


@pytest.fixture
def draft(client: FlaskClient) -> str:
    """A draft of `client`'s, filled in."""
    intake = steps.load_mdia()
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    return reference


@pytest.fixture
def sent(client: FlaskClient, draft: str) -> str:
    """The same, sent."""
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    return draft


def bearer(number: str) -> Person | None:
    db.session.rollback()
    return accounts.persons_by_identifiers("cin", [number]).get(number)


def told() -> int:
    """How many tasks the desk has."""
    db.session.rollback()
    return len(db.session.scalars(sa.select(HelpRequest.id)).all())


def stranger(number: str) -> None:
    with writing():
        numbers.set_identifiers(people.new_person({"given_name": "Nour"}), {"cin": number})


def earlier_file(name: str = "Zoé Ancienne") -> None:
    """Another file of the same person, sent in an earlier intake of the institution."""
    with writing():
        row = db.session.scalars(sa.select(Application)).one()
        db.session.expunge(row)
        values = {
            column.name: getattr(row, column.name)
            for column in Application.__table__.columns
            if column.computed is None
        }
        del values["id"]
        values |= {"reference": new_reference(), "number": "MDIA-ANCIEN", "name": name, "state": "withdrawn"}
        other = sa.text("SELECT id FROM intakes WHERE id <> :at ORDER BY id LIMIT 1")
        values["intake_id"] = db.session.scalar(other, {"at": values["intake_id"]})
        db.session.execute(sa.insert(Application.__table__).values(values))


def test_in_a_draft_one_corrects_what_one_typed_there(client: FlaskClient, draft: str) -> None:
    mine = bearer(FIRST)
    fill(client, draft, steps.answers(cin=SECOND))
    assert mine is not None and bearer(FIRST) is None
    found = bearer(SECOND)
    assert found is not None and found.id == mine.id
    client.post(f"/my/applications/{draft}/check")
    assert told() == 0


def test_somebody_else_s_number_is_refused_at_its_question(client: FlaskClient, draft: str) -> None:
    stranger(SECOND)
    page = client.post(f"/my/applications/{draft}/form", data=steps.with_file(steps.answers(cin=SECOND)))
    assert page.status_code == 200 and "autre dossier" in page.text
    found = bearer(SECOND)
    assert found is not None and found.given_name == "Nour" and bearer(FIRST) is not None


def test_a_known_person_s_other_number_waits_for_staff_with_both_names(
    client: FlaskClient, app: Flask, draft: str
) -> None:
    earlier_file()
    known = bearer(FIRST)
    fill(client, draft, steps.answers(cin=SECOND))
    assert bearer(SECOND) is None and bearer(FIRST) == known, "it replaces nothing"
    assert told() == 0, "a draft is for its person alone"
    assert client.post(f"/my/applications/{draft}/check").status_code == 302
    assert told() == 1
    desk = browser(app)
    steps.staff(desk)
    task = re.search(r"/staff/questions/[0-9A-Z]{26}", desk.get("/staff/questions").text)
    assert task is not None
    page = words(desk.get(task[0]).text)
    assert "Zoé El Idrissi" in page and "Zoé Ancienne" in page and SECOND not in page


def test_what_another_institution_calls_them_is_not_told(client: FlaskClient, draft: str) -> None:
    earlier_file()
    with writing():
        row = db.session.scalars(sa.select(Application).where(Application.number == "MDIA-ANCIEN")).one()
        row.institution_id += 1
    file = _file(draft)
    assert queries.name_before(file) == "" and queries.has_sent_another(file)


def _file(reference: str) -> File:
    viewer = accounts.viewer_of_email("zoe@exemple.ma")
    assert viewer is not None
    return own(viewer, reference)


def test_a_sent_file_that_is_changed_replaces_nothing_and_tells_once(client: FlaskClient, sent: str) -> None:
    client.post(f"/my/applications/{sent}/change")
    for _again in range(2):
        client.post(f"/my/applications/{sent}/form", data=steps.with_file(steps.answers(cin=SECOND)))
        client.post(f"/my/applications/{sent}/check", data={"again": "1"})
        client.post(f"/my/applications/{sent}/change")
    assert bearer(FIRST) is not None and bearer(SECOND) is None and told() == 1
    row = db.session.scalars(sa.select(Application)).one()
    assert row.state == "submitted"


def test_a_correction_replaces_nothing_before_staff_take_it(
    client: FlaskClient, app: Flask, sent: str
) -> None:
    desk = browser(app)
    steps.staff(desk)
    asked = {"fix-cin": "incorrect", "message": "Relisez la carte.", "until": "2027-01-10"}
    assert desk.post(f"/staff/applications/{sent}/correction", data=asked).status_code == 302
    answer = client.post(f"/my/applications/{sent}/correction", data={"cin": SECOND})
    assert answer.status_code == 302, words(answer.text)
    assert bearer(FIRST) is not None and bearer(SECOND) is None and told() == 1
    page = words(desk.get(f"/staff/applications/{sent}/file").text)
    assert "contredit le numéro d'identité connu : CIN" in page and "Prendre le numéro du dossier" in page
    stranger(SECOND)
    taken = desk.post(f"/staff/applications/{sent}/number", data={"kind": "cin"}, follow_redirects=True)
    assert "autre dossier" in words(taken.text)
    other = bearer(SECOND)
    assert other is not None
    with writing():
        db.session.execute(sa.delete(Identifier).where(Identifier.person_id == other.id))
    for _twice in range(2):
        assert desk.post(f"/staff/applications/{sent}/number", data={"kind": "cin"}).status_code == 302
    found = bearer(SECOND)
    assert found is not None and found.given_name == "Zoé" and bearer(FIRST) is None
    assert "contredit" not in desk.get(f"/staff/applications/{sent}/file").text
    acts = sa.select(Event).where(Event.action == "applications.take_number")
    assert len(db.session.scalars(acts).all()) == 1


def test_no_other_kind_is_taken_and_none_by_a_stranger(client: FlaskClient, app: Flask, sent: str) -> None:
    desk = browser(app)
    steps.staff(desk)
    for kind in ("", "massar", "rib"):
        assert desk.post(f"/staff/applications/{sent}/number", data={"kind": kind}).status_code == 302
    assert client.post(f"/staff/applications/{sent}/number", data={"kind": "cin"}).status_code == 404
    acts = sa.select(Event).where(Event.action == "applications.take_number")
    assert db.session.scalars(acts).all() == []
