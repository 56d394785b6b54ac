"""Staff ask for corrections; the person mends these answers and no others, even after the close."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.eligibility import actions as overrides
from cohortmgr.applications.file.models import Application, Correction, Document
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.outbox.models import Message
from tests.integration.accounts.test_slips import QUESTION, SLIP, inputs
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import AFTER, DURING, PDF, begin, browser, fill, sign_up

UNTIL = AFTER + timedelta(days=3)
ASKED = {"fix-s1": "incorrect", "fix-transcripts": "incomplete", "message": "Le relevé est coupé."}


@pytest.fixture
def sent(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """A sent application of `client`'s, seen a day after the close."""
    with clock.at(DURING):
        intake = steps.load_mdia()
        sign_up(client)
        reference = begin(client, intake)
        fill(client, reference)
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
    with clock.at(AFTER):
        answer = client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        assert answer.status_code == 302
        yield reference


@pytest.fixture
def desk(sent: str, app: Flask) -> FlaskClient:
    found = browser(app)
    steps.staff(found)
    return found


def ask(desk: FlaskClient, sent: str, **more: str) -> Any:
    day = clock.local(UNTIL).date().isoformat()
    return desk.post(f"/staff/applications/{sent}/correction", data={**ASKED, "until": day, **more})


def row() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def keys() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Message.key).order_by(Message.id)))


def test_only_what_was_asked_is_reopened_and_then_mended(
    sent: str, client: FlaskClient, desk: FlaskClient
) -> None:
    assert ask(desk, sent).status_code == 302
    assert "correction_asked" in keys()
    own = client.get(f"/my/applications/{sent}").text
    assert "C’est à vous" in own and "Le relevé est coupé." in own
    page = client.get(f"/my/applications/{sent}/correction").text
    assert 'name="s1"' in page and 'name="transcripts"' in page and 'name="s2"' not in page
    given = {"s1": "16,5", "transcripts": (io.BytesIO(PDF + b"%2"), "complet.pdf")}
    answer = client.post(f"/my/applications/{sent}/correction", data=given)
    assert answer.status_code == 302, answer.text
    assert row().answers["s1"] == "16.5" and row().answers["s2"] == "12.5"
    names = set(db.session.scalars(sa.select(Document.filename).where(Document.replaced_at.is_(None))))
    assert names == {"complet.pdf"}
    assert "correction_done" in keys()
    told = desk.get(f"/staff/applications/{sent}/file").text
    assert "Correction reçue" in told and "16,5" in told and "complet.pdf" in told and "Zoé" in told
    assert client.get(f"/my/applications/{sent}/correction").status_code == 302
    assert (
        row().resent_at is not None and "Candidature corrigée" in client.get(f"/my/applications/{sent}").text
    )


def test_an_answer_to_a_question_that_was_not_reopened_is_refused_and_nothing_is_written(
    sent: str, client: FlaskClient, desk: FlaskClient
) -> None:
    ask(desk, sent, **{"fix-transcripts": ""})
    before = row().answers
    answer = client.post(f"/my/applications/{sent}/correction", data={"s1": "19", "s2": "20"})
    assert answer.status_code == 200 and "n’est pas à corriger" in answer.text
    paper = {"s1": "19", "transcripts": (io.BytesIO(PDF), "autre.pdf")}
    client.post(f"/my/applications/{sent}/correction", data=paper)
    assert "autre.pdf" not in set(db.session.scalars(sa.select(Document.filename)))
    answer = client.post(f"/my/applications/{sent}/form", data={"s1": "19"})
    assert answer.status_code == 302
    assert row().answers["s2"] == before["s2"]


def test_a_wrong_or_empty_answer_is_told_at_its_question(
    sent: str, client: FlaskClient, desk: FlaskClient
) -> None:
    ask(desk, sent, **{"fix-transcripts": ""})
    for typed in ("beaucoup", "", "99", "\x00", "x" * 100_000):
        answer = client.post(f"/my/applications/{sent}/correction", data={"s1": typed})
        assert answer.status_code == 200 and "Il y a quelque chose à corriger" in answer.text, typed[:20]
    assert row().answers["s1"] == "12" and db.session.scalars(sa.select(Correction.state)).one() == "asked"


def test_it_closes_at_its_moment_and_what_began_before_is_in(
    sent: str, client: FlaskClient, desk: FlaskClient, app: Flask
) -> None:
    ask(desk, sent, **{"fix-transcripts": ""})
    db.session.rollback()
    until = db.session.scalars(sa.select(Correction.until)).one()
    with clock.at(until + timedelta(seconds=1)):
        assert client.get(f"/my/applications/{sent}/correction").status_code == 302
        assert client.post(f"/my/applications/{sent}/correction", data={"s1": "19"}).status_code == 302
        assert row().answers["s1"] == "12"
        viewer = Viewer("v", person_id=row().person_id, person_reference="p")
        with pytest.raises(Refused), writing():
            corrections.answer(viewer, sent, {"s1": "19"}, [])
        clock.note_arrival(until - timedelta(seconds=1))
        viewer = Viewer("v", person_id=row().person_id, person_reference=_person())
        try:
            with writing():
                corrections.answer(viewer, sent, {"s1": "19"}, [])
        finally:
            clock.note_arrival(None)
    assert row().answers["s1"] == "19"


def _person() -> str:
    return person_reference(row())


def test_eligibility_follows_a_correction(sent: str, client: FlaskClient, desk: FlaskClient) -> None:
    ask(desk, sent, **{"fix-transcripts": "", "fix-licence": "incorrect"})
    answer = client.post(f"/my/applications/{sent}/correction", data={"s1": "12", "licence": "autre"})
    assert answer.status_code == 302, answer.text
    assert row().eligible is False and row().reasons


@pytest.mark.parametrize("eligible", [True, False])
def test_staff_s_word_on_eligibility_survives_a_correction(
    sent: str, client: FlaskClient, desk: FlaskClient, eligible: bool
) -> None:
    with writing():
        overrides.override(SYSTEM, sent, eligible, "Vu avec le jury.")
    ask(desk, sent, **{"fix-transcripts": "", "fix-licence": "incorrect"})
    licence = "autre" if eligible else "mathematiques"  # what the answers say is the contrary of staff's word
    answer = client.post(f"/my/applications/{sent}/correction", data={"s1": "12", "licence": licence})
    assert answer.status_code == 302, answer.text
    assert row().answers["licence"] == licence and row().eligible is eligible
    with writing():
        overrides.lift(SYSTEM, sent)
    assert row().eligible is not eligible


def test_one_request_at_a_time_and_it_is_called_off(
    sent: str, client: FlaskClient, desk: FlaskClient
) -> None:
    ask(desk, sent)
    again = ask(desk, sent)
    assert again.status_code == 200 and "déjà demandée" in again.text
    db.session.rollback()
    reference = db.session.scalars(sa.select(Correction.reference)).one()
    assert desk.post(f"/staff/corrections/{reference}/call-off").status_code == 302
    assert desk.post(f"/staff/corrections/{reference}/call-off").status_code == 302
    assert client.get(f"/my/applications/{sent}/correction").status_code == 302
    assert ask(desk, sent).status_code == 302


@pytest.mark.parametrize(
    "given",
    [{"until": "2020-01-01"}, {"until": "jamais"}, {"fix-s1": "", "fix-transcripts": ""}, {"fix-s1": "laid"},
     {"fix-unknown": "incorrect"}, {"message": "x" * 2000}],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_told(sent: str, desk: FlaskClient, given: dict[str, str]) -> None:
    answer = ask(desk, sent, **given)
    assert answer.status_code == 200 and "Il y a quelque chose à corriger" in answer.text
    db.session.rollback()
    assert db.session.scalar(sa.select(Correction.id)) is None


def test_another_s_file_is_not_found(sent: str, desk: FlaskClient, app: Flask) -> None:
    ask(desk, sent)
    db.session.rollback()
    reference = db.session.scalars(sa.select(Correction.reference)).one()
    stranger, elsewhere, reader = browser(app), browser(app), browser(app)
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.get(f"/my/applications/{sent}/correction").status_code == 404
    assert stranger.post(f"/my/applications/{sent}/correction", data={"s1": "19"}).status_code == 404
    steps.staff(elsewhere, Role.SELECTION_MANAGER, "ma.inpt.autre.")
    viewer = steps.staff(reader, Role.AUDITOR)
    for who in (elsewhere, reader, stranger):
        assert who.get(f"/staff/applications/{sent}/correction").status_code == 404
        assert ask(who, sent).status_code == 404
        assert who.post(f"/staff/corrections/{reference}/call-off").status_code == 404
    with pytest.raises(NotPermitted), writing():
        corrections.ask(viewer, sent, {"s1": "incorrect"}, "", UNTIL)


def test_what_was_asked_about_and_kept_is_asked_about_no_more(
    sent: str, client: FlaskClient, desk: FlaskClient
) -> None:
    only = {"fix-s1": "", "fix-transcripts": "", "fix-email": "incorrect"}
    place = f"/my/applications/{sent}/correction"
    ask(desk, sent, **only)
    page = client.post(place, data={"email": SLIP})
    assert page.status_code == 200 and QUESTION in page.text
    assert client.post(place, data={**inputs(page.text), "kept-email": SLIP}).status_code == 302
    assert row().answers["email"] == SLIP
    ask(desk, sent, **only)
    again = client.post(place, data={"email": SLIP})
    assert again.status_code == 302, "the answer to this question was given"
    ask(desk, sent, **only)
    assert QUESTION in client.post(place, data={"email": "zoe@hotmial.com"}).text, "another text is"
