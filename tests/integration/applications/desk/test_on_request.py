"""Staff correct an answer or withdraw a file on its person's word: with a reason, a line of the trail and a notice."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from tests.factories.choices import SEASON, decided, known
from tests.factories.choices import browser as signed_in
from tests.integration.applications.desk.seen import acts
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, browser

REASON = {"_reason": "Vous nous l’avez dit au téléphone."}


def file() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def letters(key: str) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id)))


def text(answer: Any) -> str:
    return " ".join(html.unescape(answer.text).split())


def correct(desk: FlaskClient, sent: str, question: str, **given: str) -> Any:
    return desk.post(f"/staff/applications/{sent}/answers/{question}", data={**REASON, **given})


def test_an_answer_is_corrected_with_a_reason_and_its_person_is_told(sent: str, desk: FlaskClient) -> None:
    page = desk.get(f"/staff/applications/{sent}/answers")
    assert f"/staff/applications/{sent}/answers/family_name" in page.text
    assert desk.get(f"/staff/applications/{sent}/answers/family_name").status_code == 200
    before = dict(file().answers)
    answer = correct(desk, sent, "family_name", family_name="Benjelloun")
    assert answer.status_code == 302, text(answer)
    assert answer.location == f"/staff/applications/{sent}/file", "back to what one came from"
    row = file()
    assert row.answers["family_name"] == "Benjelloun" and "Benjelloun" in row.name
    assert {**row.answers, "family_name": before["family_name"]} == before, "and no other answer"
    person = db.session.scalars(sa.select(Person).where(Person.id == row.person_id)).one()
    assert person.family_name == "Benjelloun"
    (told,) = letters("answer_corrected")
    assert told.person_id == row.person_id
    assert acts().count("applications.correct_for") == 1


def test_a_sealed_answer_is_written_anew_and_neither_shown_nor_compared(sent: str, desk: FlaskClient) -> None:
    assert correct(desk, sent, "access_needs", access_needs="mobility").status_code == 302
    assert sealed_answers(file())["access_needs"] == ["mobility"]
    page = desk.get(f"/staff/applications/{sent}/answers/access_needs")
    assert page.status_code == 200 and "checked" not in page.text
    told = desk.get(f"/staff/applications/{sent}/answers").text
    assert "/answers/access_needs" in told and "/answers/access_detail" not in told, "nor told by another"
    refused = {
        text(correct(desk, sent, "access_needs", access_needs=guess, _reason=" ")).replace(guess, "")
        for guess in ("mobility", "remote")
    }
    assert all("La réponse est déjà celle-ci" not in each for each in refused)
    assert acts().count("applications.correct_for") == 1, "without a reason nothing is read"
    assert correct(desk, sent, "access_needs", access_needs="mobility").status_code == 302
    assert acts().count("applications.correct_for") == 2, "who guesses leaves a line, right or wrong"


def test_a_correction_that_is_sent_twice_is_told_once(sent: str, desk: FlaskClient) -> None:
    page = desk.get(f"/staff/applications/{sent}/answers/access_needs").text
    once = re.search(r'name="_once" value="(\w{26})"', page)
    assert once is not None
    for _twice in range(2):
        answer = correct(desk, sent, "access_needs", access_needs="mobility", _once=once[1])
        assert answer.status_code == 302
    assert len(letters("answer_corrected")) == 1
    assert correct(desk, sent, "access_needs", access_needs="remote", _once=once[1]).status_code == 302
    assert len(letters("answer_corrected")) == 2, "that is another answer"


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("family_name", {"family_name": "Benjelloun", "_reason": " "}),
        ("family_name", {"family_name": ""}),
        ("s1", {"s1": "vingt-deux"}),
        ("birth_date", {"birth_date-day": "31", "birth_date-month": "02", "birth_date-year": "2004"}),
    ],
)
def test_a_wrong_or_empty_answer_and_one_without_a_reason_change_nothing(
    sent: str, desk: FlaskClient, question: str, given: dict[str, str]
) -> None:
    before = dict(file().answers)
    answer = correct(desk, sent, question, **given)
    assert answer.status_code == 422 and "field-error" in answer.text
    assert "data-error-summary" in answer.text, "the first of the page, which takes the focus"
    assert ('href="#_reason"' in answer.text) == (given.get("_reason") == " ")
    assert file().answers == before and not letters("answer_corrected")


def test_the_same_answer_is_no_correction(sent: str, desk: FlaskClient) -> None:
    same = str(file().answers["family_name"])
    assert correct(desk, sent, "family_name", family_name=same).status_code == 422
    assert not letters("answer_corrected")


@pytest.mark.parametrize(
    "question", ["transcripts", "rib", "unknown", "consent", "email", "phone", "cin", "massar"]
)
def test_papers_consents_and_what_opens_an_account_are_asked_for_again(
    sent: str, desk: FlaskClient, question: str
) -> None:
    assert correct(desk, sent, question, **{question: "1"}).status_code == 404
    assert f'/answers/{question}"' not in desk.get(f"/staff/applications/{sent}/answers").text


def test_nothing_is_corrected_while_the_person_is_asked_to(sent: str, desk: FlaskClient) -> None:
    asked = {
        "fix-s1": "incorrect",
        "message": "",
        "until": clock.local(DURING).date().replace(day=28).isoformat(),
    }
    assert f"/staff/applications/{sent}/answers/" in desk.get(f"/staff/applications/{sent}/answers").text
    assert desk.post(f"/staff/applications/{sent}/correction", data=asked).status_code == 302
    assert f"/staff/applications/{sent}/answers/" not in desk.get(f"/staff/applications/{sent}/answers").text
    assert correct(desk, sent, "family_name", family_name="Benjelloun").status_code == 422
    assert not letters("answer_corrected")


def test_who_only_reads_neither_corrects_nor_withdraws(sent: str, app: Flask) -> None:
    reader = browser(app)
    steps.staff(reader, Role.OBSERVER)
    for path in ("answers", "answers/family_name", "withdrawal"):
        assert reader.get(f"/staff/applications/{sent}/{path}").status_code == 404
        assert reader.post(f"/staff/applications/{sent}/{path}", data=REASON).status_code in (404, 405)
    assert file().state == "submitted"


def test_a_file_is_withdrawn_on_a_dated_request_and_its_person_is_told(
    sent: str, desk: FlaskClient, client: FlaskClient
) -> None:
    path, day = f"/staff/applications/{sent}/withdrawal", clock.local(DURING).date().isoformat()
    page = desk.get(path)
    assert f"Retirer la candidature de {file().name}" in re.sub("<[^>]*>", "", text(page))
    assert "tant que la campagne est ouverte" in text(page)
    assert f'href="/staff/applications/{sent}/file"' in page.text
    with clock.at(SEASON + timedelta(3650)):
        assert "tant que la campagne est ouverte" not in text(desk.get(path))
    for wrong in (
        {"reason": "Lettre."},
        {"requested_on": day},
        {"reason": "Lettre.", "requested_on": "2020-01-01"},
    ):
        assert desk.post(path, data=wrong).status_code == 422
    assert file().state == "submitted"
    assert desk.post(path, data={"reason": "Lettre du jour.", "requested_on": day}).status_code == 302
    row = file()
    assert row.state == "withdrawn" and row.withdrawn_at is not None
    (told,) = letters("application_withdrawn")
    assert told.person_id == row.person_id
    assert acts().count("applications.withdraw_on_request") == 1
    assert desk.get(path).status_code == 404, "it is withdrawn"
    assert desk.post(path, data={"reason": "Lettre.", "requested_on": day}).status_code == 404
    assert client.get(f"/my/applications/{sent}").status_code == 200


@pytest.mark.usefixtures("system_context")
def test_a_withdrawal_on_request_gives_the_seat_to_the_next(app: Flask) -> None:
    intake, _batch = decided(40, 30)
    with clock.at(SEASON):
        manager = signed_in(app, known("selection_manager@inpt.ma"))
        first = db.session.scalars(
            sa.select(Application).where(Application.intake_id == intake.id).order_by(Application.number)
        ).first()
        assert first is not None
        offers = len(letters("offer_made"))
        day = clock.today().isoformat()
        answer = manager.post(
            f"/staff/applications/{first.reference}/withdrawal",
            data={"reason": "Courriel du jour, joint au dossier.", "requested_on": day},
        )
        assert answer.status_code == 302
        assert len(letters("offer_made")) == offers + 1
