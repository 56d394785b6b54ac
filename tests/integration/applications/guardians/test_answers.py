"""A child's file and its guardian: asked once for all children, answered by purpose, withdrawn, hidden meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.models import ConsentAnswer, Guardianship
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.queries import get_intake
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.watch import rows_of


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """AI Master Junior, `client` signed in as a club; the reference of the open intake."""
    with clock.at(children.NOW):
        reference = children.open_junior()
        children.club(client)
        yield reference


def files() -> list[Application]:
    """Every file, by name."""
    db.session.rollback()
    chosen = sa.select(Application).order_by(Application.name, Application.id)
    return list(db.session.scalars(chosen.execution_options(populate_existing=True)))


def seen(intake: str) -> list[str]:
    """The names that staff's list shows, whatever its filter."""
    rows = lists.every(get_intake(intake).id, ApplicationFilters(state="all"))
    return [row.name for row in rows]


def test_a_club_enrols_a_group_the_guardian_agrees_and_the_files_are_sent(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1), children.child(2))
    assert [(row.state, row.consent, row.sent_at) for row in files()] == [("held", "waiting", None)] * 2
    assert seen(intake) == [] and file.counts([get_intake(intake).id])[get_intake(intake).id]["held"] == 0
    asked = children.sent("guardian_asked")
    assert [(each["address"], each["count"]) for each in asked] == [(children.MOTHER, 2)]
    browser = children.enter(app, asked[0]["token"])
    page = browser.get(f"/guardian/{asked[0]['token']}/answers").text
    assert "Adam" in page and "Badr" in page and "checked" not in page
    answer = browser.post(f"/guardian/{asked[0]['token']}/answers", data=children.answers(page))
    assert answer.status_code == 302, answer.text
    receipt = browser.get(answer.location)
    assert receipt.status_code == 200 and "Adam" in receipt.text
    assert [(row.state, row.consent) for row in files()] == [("submitted", "given")] * 2
    assert seen(intake) == ["Adam Alaoui", "Badr Alaoui"]
    assert rows_of(ConsentAnswer) == 6 and rows_of(Guardianship) == 2
    given = db.session.scalars(sa.select(ConsentAnswer)).first()
    assert given is not None and given.capacity == "mother" and given.signed == "Amina Alaoui"
    assert len(children.sent("guardian_receipt")) == 1
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.action == "guardians.answer")) == 2


def test_a_link_serves_once_and_the_one_of_the_receipt_withdraws(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1))
    token = children.sent("guardian_asked")[0]["token"]
    browser = children.enter(app, token)
    page = browser.get(f"/guardian/{token}/answers").text
    browser.post(f"/guardian/{token}/answers", data=children.answers(page))
    with writing() as session:
        session.scalars(
            sa.select(Person).join(Guardianship, Guardianship.guardian_id == Person.id)
        ).one().language = "ar"
    for path in ("", "/answers", "/receipt"):
        closed = browser.get(f"/guardian/{token}{path}", headers={"Accept-Language": "fr"})
        assert closed.status_code == 410 and '<html lang="ar"' in closed.text, (
            "also a closed link speaks to its guardian"
        )
    assert browser.post(f"/guardian/{token}/answers", data=children.answers(page)).status_code == 410
    standing = children.sent("guardian_receipt")[0]["token"]
    with clock.at(children.NOW + timedelta(days=40)):
        again = children.enter(app, standing)
        page = again.get(f"/guardian/{standing}/answers").text
        assert page.count("checked") == 3
        answer = again.post(f"/guardian/{standing}/answers", data=children.answers(page, "no"))
        assert answer.status_code == 302
    (row,) = files()
    assert (row.state, row.consent, row.sent_at) == ("held", "withdrawn", None)
    assert seen(intake) == []
    assert file.counts([row.intake_id])[row.intake_id]["refused"] == 1
    office = steps.browser(app)
    children.club(office, Role.SELECTION_MANAGER, "office")
    page = words(office.get(f"/staff/intakes/{intake}/applications?state=all").text)
    assert "1 dossier d'enfant est caché" in page and "Adam" not in page
    assert rows_of(ConsentAnswer) == 6


def test_no_to_what_is_optional_leaves_the_file_and_every_question_is_asked(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1))
    token = children.sent("guardian_asked")[0]["token"]
    browser = children.enter(app, token)
    page = browser.get(f"/guardian/{token}/answers").text
    whole = children.answers(page, {"training": "yes", "photo": "no", "public_result": "no"})
    for left_out in whole:
        if left_out.endswith("-capacity"):
            continue
        less = {name: value for name, value in whole.items() if name != left_out}
        answer = browser.post(f"/guardian/{token}/answers", data=less)
        assert answer.status_code == 422 and "error-summary" in answer.text, left_out
    assert files()[0].state == "held" and rows_of(ConsentAnswer) == 0
    assert browser.post(f"/guardian/{token}/answers", data=whole).status_code == 302
    assert files()[0].state == "submitted"


def test_a_visit_opens_one_guardian_s_children_and_no_other_s(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    father = {"Tuteur": "Omar Tazi", "Qualité": "Père", "Téléphone du tuteur": "0612000002", "Nom": "Tazi"}
    children.enrol(client, intake, children.child(1), children.child(2, **father))
    tokens = {each["address"]: each["token"] for each in children.sent("guardian_asked")}
    mother = children.enter(app, tokens[children.MOTHER])
    theirs = f"/guardian/{tokens[children.FATHER]}"
    assert mother.get(f"{theirs}/answers").location == theirs
    assert mother.get(f"{theirs}/receipt").location == theirs
    assert mother.post(f"{theirs}/answers").location == theirs
    page = mother.get(f"/guardian/{tokens[children.MOTHER]}/answers").text
    assert "Tazi" not in page
    other = next(row for row in files() if "Tazi" in row.name)
    sent = {**children.answers(page), f"{other.reference}-training": "yes"}
    assert mother.post(f"/guardian/{tokens[children.MOTHER]}/answers", data=sent).status_code == 302
    assert {row.name: row.state for row in files()} == {"Adam Alaoui": "submitted", "Badr Tazi": "held"}


def test_a_code_is_tried_five_times(app: Flask, client: FlaskClient, intake: str) -> None:
    children.enrol(client, intake, children.child(1))
    token = children.sent("guardian_asked")[0]["token"]
    browser = steps.browser(app)
    browser.post(f"/guardian/{token}")
    right = children.sent("sign_in_code")[-1]["code"].replace(" ", "")
    wrong = "000000" if right != "000000" else "111111"
    for _try in range(5):
        assert browser.post("/guardian/code", data={"code": wrong}).status_code == 422
    assert browser.post("/guardian/code", data={"code": right}).status_code == 422
    assert browser.get(f"/guardian/{token}/answers").location == f"/guardian/{token}"


def test_what_is_no_code_is_no_try_at_the_guardian_s_door(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    children.enrol(client, intake, children.child(1))
    token = children.sent("guardian_asked")[0]["token"]
    browser = steps.browser(app)
    browser.post(f"/guardian/{token}")
    right = children.sent("sign_in_code")[-1]["code"]
    for typed in ("", "12345", "bonjour", "", "06 12 34 56 78", ""):
        assert browser.post("/guardian/code", data={"code": typed}).status_code == 422
    pasted = f"{right}, votre code. Il vaut dix minutes."
    assert browser.post("/guardian/code", data={"code": pasted}).location == f"/guardian/{token}/answers"


def test_a_lost_link_is_had_again_by_telephone_and_code(app: Flask, client: FlaskClient, intake: str) -> None:
    children.enrol(client, intake, children.child(1))
    lost = children.sent("guardian_asked")[0]["token"]
    browser = steps.browser(app)
    for typed in ("06 12 00 00 01", "06 12 00 00 09"):
        answer = browser.post("/guardian", data={"contact": typed})
        assert answer.location == "/guardian/code"  # the same for a guardian and for nobody
        answer = browser.post("/guardian/code", data={"code": children.sent("sign_in_code")[-1]["code"]})
        if typed.endswith("09"):
            assert "Aucun enfant" in words(answer.text)
        else:
            assert answer.location.endswith("/answers") and browser.get(answer.location).status_code == 200
    assert browser.get(f"/guardian/{lost}").status_code == 410
    assert browser.post("/guardian", data={"contact": "12"}).status_code == 422


def test_a_child_online_waits_may_correct_the_number_and_leaves_when_the_guardian_agrees(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    child = steps.browser(app)
    steps.sign_up(child, "adam@exemple.ma")
    reference = steps.begin(child, intake)
    typed = {
        "family_name": "Alaoui", "given_name": "Adam", "birth_date-day": "3", "birth_date-month": "4",
        "birth_date-year": "2014", "massar": "J123456789", "group": "Raja",
    }  # fmt: skip
    guardian = {"guardian_name": "Amina", "guardian_capacity": "mother", "guardian_phone": "0612000009"}
    page = f"/my/applications/{reference}"
    child.post(f"{page}/form", data=typed)
    assert child.post(f"{page}/check").status_code == 200 and children.sent("guardian_asked") == []
    assert seen(intake) == []  # not even its draft
    child.post(f"{page}/form", data={**typed, **guardian})
    assert child.post(f"{page}/check").status_code == 302
    assert "En attente de l'accord" in words(child.get(page).text)
    assert "Amina" in child.get(f"{page}/guardian").text
    assert child.post(f"{page}/guardian").status_code == 302 and files()[0].state == "draft"
    with clock.at(children.NOW + timedelta(minutes=5)):
        child.post(f"{page}/form", data={**typed, **guardian, "guardian_phone": "0612000001"})
        child.post(f"{page}/check")
        first, last = children.sent("guardian_asked")
        stale = children.enter(app, first["token"])
        assert "Adam" not in stale.get(f"/guardian/{first['token']}/answers").text
        browser = children.enter(app, last["token"])
        sent = children.answers(browser.get(f"/guardian/{last['token']}/answers").text)
        assert browser.post(f"/guardian/{last['token']}/answers", data=sent).status_code == 302
    assert (files()[0].state, files()[0].consent) == ("submitted", "given")
    assert child.get(page).status_code == 200


def test_a_file_is_no_way_to_write_to_numbers_without_end(
    app: Flask, intake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an account can name any number, take it back and name another."""
    child = steps.browser(app)
    steps.sign_up(child, "adam@exemple.ma")
    page = f"/my/applications/{steps.begin(child, intake)}"
    typed = {
        "family_name": "Alaoui", "given_name": "Adam", "birth_date-day": "3", "birth_date-month": "4",
        "birth_date-year": "2014", "massar": "J123456789", "group": "Raja", "guardian_name": "Amina",
        "guardian_capacity": "mother",
    }  # fmt: skip

    def named(number: str) -> str:
        child.post(f"{page}/form", data={**typed, "guardian_phone": number})
        answer = child.post(f"{page}/check")
        child.post(f"{page}/guardian")
        return answer.text

    assert "portables en +212" in named("+33 6 12 34 56 78")
    said = [named(f"06120000{number:02d}") for number in range(consents.ASKED_AN_HOUR + 1)]
    assert ["Trop de SMS" in each for each in said] == [False] * consents.ASKED_AN_HOUR + [True]
    assert len(children.sent("guardian_asked")) == consents.ASKED_AN_HOUR
    with clock.at(children.NOW + timedelta(hours=2)):
        monkeypatch.setattr(app.extensions["cohortmgr-settings"], "sms_codes_a_day", 0)
        assert "SMS prévus" in named("0612000099")


def test_no_letter_leaves_for_a_child(app: Flask, client: FlaskClient, intake: str) -> None:
    children.enrol(client, intake, children.child(1))
    token = children.sent("guardian_asked")[0]["token"]
    browser = children.enter(app, token)
    page = browser.get(f"/guardian/{token}/answers").text
    browser.post(f"/guardian/{token}/answers", data=children.answers(page))
    (row,) = files()
    manager = steps.browser(app)
    children.club(manager, Role.SELECTION_MANAGER, "office")
    answer = manager.post(
        f"/staff/applications/{row.reference}/correction",
        data={"group": "incorrect", "until": "30/11/2026", "message": "Quel club ?"},
    )
    assert answer.status_code in (302, 422, 200), answer.text
    with writing():
        person = db.session.get_one(Person, row.person_id)
        send_all(
            [Letter("correction_done", person.reference, "", "fr", {}, row.institution_id, row.person_id)]
        )
    to = db.session.scalars(sa.select(Message).where(Message.key == "correction_done")).one()
    guardian = db.session.scalars(sa.select(Guardianship)).one()
    assert to.subject == db.session.get_one(Person, guardian.guardian_id).reference and to.language == "ar"
    assert db.session.scalars(sa.select(Message.id).where(Message.person_id == row.person_id)).all() == []
    assert db.session.scalars(sa.select(Message.id).where(Message.subject == person.reference)).all() == []


def test_a_child_s_row_without_a_guardian_waits_in_the_tray_of_who_sent_it(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    rows = (
        children.child(1, **{"Téléphone du tuteur": ""}),
        children.child(2, **{"Date de naissance": "03/04/2008"}),
        children.child(3, Tuteur=""),
    )
    children.enrol(client, intake, *rows)
    assert [(row.name, row.state, row.consent) for row in files()] == [("Badr Alaoui", "submitted", "none")]
    assert rows_of(TrayRow) == 2
    listed = f"/staff/intakes/{intake}/tray"
    assert "Adam" in client.get(listed).text
    other = steps.browser(app)
    children.club(other, name="autre")
    assert "Adam" not in other.get(listed).text
    row = db.session.scalars(sa.select(TrayRow)).first()
    assert row is not None
    for method, path in (("get", ""), ("post", ""), ("post", "/ask"), ("post", "/discard")):
        answer = getattr(other, method)(f"/staff/tray/{row.reference}{path}")
        assert answer.status_code == 404, path
    office = steps.browser(app)
    children.club(office, Role.SELECTION_MANAGER, "office")
    assert "Adam" in office.get(listed).text
