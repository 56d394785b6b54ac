"""Whoever enrols a group: their own children by name and consent, one import taken back within a day."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application, Note
from cohortmgr.applications.guardians.models import ConsentAnswer, Guardianship
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Bundle
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.sheets import as_csv, words
from tests.integration.applications.journey import steps
from tests.watch import rows_of


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """AI Master Junior, `client` signed in as a club; the reference of the open intake."""
    with clock.at(children.NOW):
        reference = children.open_junior()
        children.club(client)
        yield reference


def test_a_club_sees_its_own_children_and_whether_their_guardians_agreed(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    result = children.enrol(client, intake, children.child(1))
    page = client.get(f"/staff/intakes/{intake}/enrolled").text
    assert "Adam Alaoui" in page and "Attendu" in page and "2014" not in page and "+212" not in page
    other = steps.browser(app)
    children.club(other, name="autre")
    assert "Adam" not in other.get(f"/staff/intakes/{intake}/enrolled").text
    for path in ("", "/undo"):
        assert other.get(f"{result}{path}").status_code == 404
        assert other.post(f"{result}{path}").status_code == 404
    (row,) = db.session.scalars(sa.select(Application)).all()
    assert client.get(f"/staff/applications/{row.reference}").status_code == 404
    assert client.get(f"/staff/intakes/{intake}/applications").status_code == 404
    office = steps.browser(app)
    children.club(office, Role.SELECTION_MANAGER, "office")
    assert office.get(f"/staff/applications/{row.reference}").status_code == 404


def test_a_club_replaces_no_other_s_child(app: Flask, client: FlaskClient, intake: str) -> None:
    children.enrol(client, intake, children.child(1))
    other = steps.browser(app)
    children.club(other, name="autre")
    children.enrol(other, intake, children.child(1, **{"Téléphone du tuteur": "0612000009"}))
    assert rows_of(Application) == 1 and rows_of(Guardianship) == 1 and rows_of(TrayRow) == 1
    children.enrol(client, intake, children.child(1, **{"Téléphone du tuteur": "0612000002"}))
    live = db.session.scalars(sa.select(Guardianship).where(Guardianship.ended_at.is_(None))).all()
    assert rows_of(Guardianship) == 2 and len(live) == 1


def test_a_club_s_tray_holds_the_rows_that_it_brought_itself(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1))
    other = steps.browser(app)
    children.club(other, name="autre")
    children.enrol(other, intake, children.child(1, **{"Téléphone du tuteur": "0612000009"}))
    row = db.session.scalars(sa.select(TrayRow)).one().reference
    tray = f"/staff/intakes/{intake}/tray"
    assert row in other.get(tray).text and other.get(f"/staff/tray/{row}").status_code == 200
    assert row not in client.get(tray).text and "Rien à réparer" in client.get(tray).text
    assert client.get(f"/staff/tray/{row}").status_code == 404
    for act in ("", "/ask", "/discard"):
        given = {"version": "1", "reason": "x"}
        assert client.post(f"/staff/tray/{row}{act}", data=given).status_code == 404, act
    other.post(f"/staff/tray/{row}/discard", data={"reason": "Doublon"})
    assert row in other.get(f"{tray}?settled=1").text and row not in client.get(f"{tray}?settled=1").text


def test_an_import_is_taken_back_whole_within_a_day(client: FlaskClient, intake: str) -> None:
    before = rows_of(Person), rows_of(Identifier)
    result = children.enrol(
        client, intake, children.child(1), children.child(2), children.child(3, Tuteur="")
    )
    assert rows_of(Person) > before[0]
    page = words(client.get(f"{result}/undo").text)
    assert "2 dossiers que personne n'a touchés" in page and "1 ligne à réparer" in page
    for _twice in range(2):
        assert client.post(f"{result}/undo").location == result
    for model in (Application, Guardianship, TrayRow):
        assert rows_of(model) == 0
    assert (rows_of(Person), rows_of(Identifier)) == before
    assert db.session.scalars(sa.select(Bundle.state)).all() == ["called_off"]
    assert client.get(f"/guardian/{children.sent('guardian_asked')[0]['token']}").status_code in (404, 410)
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.action == "imports.undo")) == 1
    assert "défait" in words(client.get(result).text)
    children.enrol(client, intake, children.child(1))
    assert rows_of(Application) == 1


def test_what_somebody_touched_stays_and_is_named(client: FlaskClient, intake: str) -> None:
    result = children.enrol(client, intake, children.child(1), children.child(2))
    adam = db.session.scalars(sa.select(Application).where(Application.name.startswith("Adam"))).one()
    with writing():
        note = Note(
            institution_id=adam.institution_id, application_id=adam.id, sealed=b"x", author="A" * 26,
            author_name="N", written_at=clock.now(),
        )  # fmt: skip
        db.session.add(note)
    page = words(client.get(f"{result}/undo").text)
    assert "Adam Alaoui" in page and "Badr" not in page
    client.post(f"{result}/undo")
    assert [row.name for row in db.session.scalars(sa.select(Application))] == ["Adam Alaoui"]
    assert rows_of(Guardianship) == 1


def test_what_nobody_confirmed_yet_has_nothing_to_take_back(client: FlaskClient, intake: str) -> None:
    data = {"file": (io.BytesIO(as_csv(children.child(1))), "club.csv")}
    preview = client.post(f"/staff/intakes/{intake}/imports", data=data).location
    assert client.get(preview).status_code == 200
    assert client.get(f"{preview}/undo").status_code == client.post(f"{preview}/undo").status_code == 404
    assert client.post(preview).status_code == 302
    assert client.get(f"{preview}/undo").status_code == 200


def test_after_a_day_it_is_too_late(client: FlaskClient, intake: str) -> None:
    result = children.enrol(client, intake, children.child(1))
    with clock.at(children.NOW + timedelta(days=1)):
        assert "Un jour est passé" in words(client.get(f"{result}/undo").text)
        assert client.post(f"{result}/undo").status_code == 409
    assert rows_of(Application) == 1 and rows_of(ImportRun) == 1


def test_statements_do_not_follow_the_number_of_children(
    client: FlaskClient, intake: str, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    def rows(first: int, count: int) -> list[dict[str, str]]:
        return [
            children.child(1, **{"Code Massar": f"K{n:09d}", "Téléphone du tuteur": f"06120{n:05d}"})
            for n in range(first, first + count)
        ]

    counted = []
    for first, count in ((100, 5), (200, 50)):
        with statements() as loading:
            result = children.enrol(client, intake, *rows(first, count))
        with statements() as listing:
            client.get(f"/staff/intakes/{intake}/enrolled")
        with statements() as looking:
            client.get(f"{result}/undo")
        counted.append((len(loading), len(listing), len(looking)))
    assert counted[0] == counted[1], counted


def test_a_club_sees_who_is_still_waited_for_and_reminds_them_once_a_day(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, *(children.child(number) for number in (1, 2, 3)))
    place = f"/staff/intakes/{intake}/enrolled"
    guardian = children.enter(app, children.sent("guardian_asked")[-1]["token"])
    answers = guardian.get(f"/guardian/{children.sent('guardian_asked')[-1]['token']}/answers").text
    adam = db.session.scalars(sa.select(Application.reference).where(Application.name.like("Adam%"))).one()
    with writing() as session:  # only Adam's guardian said yes
        session.execute(
            sa.update(Application)
            .where(Application.reference == adam)
            .values(consent="given", state="submitted")
        )
    assert "Adam" in answers
    page = client.get(place).text
    assert "3 personnes inscrites" in page.replace("\xa0", " ") and "Relancer pour 2 enfants" in page.replace(
        "\xa0", " "
    )
    assert f"/staff/intakes/{intake}/enrolled?consent=waiting" in client.get("/staff").text, (
        "their home says it"
    )
    waiting = client.get(f"{place}?consent=waiting").text
    assert "Adam" not in waiting and "Badr" in waiting and "Chaima" in waiting
    before = len(children.sent("guardian_asked"))
    assert client.post(f"{place}/remind").status_code == 302
    letters = children.sent("guardian_asked")[before:]
    assert [letter["count"] for letter in letters] == [2], "one letter for both, as they have one guardian"
    assert client.post(f"{place}/remind").status_code == 409
    assert len(children.sent("guardian_asked")) == before + 1
    other = steps.browser(app)
    children.club(other, name="autre")
    assert other.post(f"{place}/remind").status_code == 302
    assert len(children.sent("guardian_asked")) == before + 1, (
        "another club's children are not theirs to remind of"
    )


def test_what_a_guardian_signed_on_paper_is_recorded_by_whoever_enrolled_the_child(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1))
    row = db.session.scalars(sa.select(Application)).one()
    page = f"/staff/enrolled/{row.reference}"
    shown = client.get(page).text
    assert "•••• 01" in shown and "0612" not in shown and "2014" not in shown
    sent = children.answers(shown) | {"signed_on": "20/11/2026", "held": "1"}
    wrong_days = [{"signed_on": day} for day in ("demain", "23/11/2026", "01/01/1900", "01/11/2025")]
    for change in ({"signed": ""}, *wrong_days, {"held": None}):
        given = {key: value for key, value in (sent | change).items() if value is not None}
        assert client.post(page, data=given).status_code == 422, change
    assert db.session.scalars(sa.select(Application.consent)).one() == "waiting"
    other = steps.browser(app)
    children.club(other, name="autre")
    office = steps.browser(app)
    children.club(office, Role.SELECTION_MANAGER, "office")
    for browser in (other, office):
        assert browser.get(page).status_code == 404 and browser.post(page, data=sent).status_code == 404
    assert client.post(page, data=sent).status_code == 302
    db.session.expire_all()
    row = db.session.scalars(sa.select(Application)).one()
    assert (row.consent, row.state) == ("given", "submitted")
    answers = db.session.scalars(sa.select(ConsentAnswer)).all()
    assert answers and {(each.signed_on, each.signed) for each in answers} == {
        (date(2026, 11, 20), "Amina Alaoui")
    }
    assert all(each.received_by for each in answers)
    assert len(children.sent("guardian_receipt")) == 1, "the guardian is told, and may change their mind"
    event = db.session.scalars(sa.select(Event).where(Event.action == "guardians.answer")).one()
    assert event.actor is not None
    assert client.post(f"{page}/remind").status_code == 422, "who answered is not reminded"
