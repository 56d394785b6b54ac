"""An answer that closes the way says so at the answer, in the task list and before sending, with the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.applications.eligibility.actions import override
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, answers, begin, fill, sign_up

WARNED = "Avec cette réponse, ce dossier ne peut pas être envoyé"
READY = "Tout est rempli"


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(DURING):
        intake = steps.load_mdia()
        sign_up(client)
        yield begin(client, intake)


def test_the_answer_is_told_where_it_is_given_and_going_on_is_one_press(
    client: FlaskClient, draft: str
) -> None:
    page = f"/my/applications/{draft}/form/parcours/1"
    assert WARNED not in client.get(page).text, "nothing is closed by what is not answered yet"
    answer = client.post(page, data={"licence": "droit"})
    assert answer.status_code == 302 and answer.location.endswith(f"{page}#closed")
    text = client.get(page).text
    assert WARNED in text and f"/my/applications/{draft}/question" in text and "Continuer quand même" in text
    again = client.post(page, data={"licence": "droit"})
    assert again.status_code == 302 and not again.location.endswith("#closed"), "who insists goes on"
    better = client.post(page, data={"licence": "mathematiques"})
    assert better.status_code == 302 and not better.location.endswith("#closed")
    assert WARNED not in client.get(page).text


def test_the_title_of_the_task_list_never_promises_what_the_gate_refuses(
    client: FlaskClient, draft: str
) -> None:
    tasks = f"/my/applications/{draft}"
    client.post(f"{tasks}/form/parcours/1", data={"licence": "droit"})
    begun = client.get(tasks).text
    assert "Ce dossier ne peut pas encore être envoyé" in begun and "Une condition n’est pas remplie" in begun
    fill(client, draft, answers(licence="droit"))
    full = client.get(tasks).text
    assert READY not in full and "Ce dossier ne peut pas encore être envoyé" in full
    assert f"{tasks}/form/parcours/1?to=tasks" in full, "the button leads to the answer"
    check = client.get(f"{tasks}/check").text
    assert "ce dossier ne peut pas être envoyé" in check and f"{tasks}/question" in check
    fill(client, draft, answers())
    assert READY in client.get(tasks).text


def test_whoever_may_not_apply_is_shown_where_to_ask(client: FlaskClient, draft: str) -> None:
    intake = steps.load_mdia()
    page = client.post(f"/intakes/{intake}/eligibility", data={"licence": "droit"}).text
    assert "ce programme ne vous est pas ouvert" in page and "/help/mdia" in page


def test_another_subject_with_its_name_is_sent_and_waits_for_a_person(
    client: FlaskClient, draft: str
) -> None:
    here = f"/my/applications/{draft}"
    client.post(f"{here}/form/parcours/1", data={"licence": "autre"})
    assert WARNED not in client.get(f"{here}/form/parcours/1").text, (
        "its name may still be one that is admitted"
    )
    fill(client, draft, answers(licence="autre"))
    assert "Intitulé exact" in client.get(f"{here}/check").text and READY not in client.get(here).text
    fill(client, draft, answers(licence="autre", licence_other="Ingénierie des données"))
    assert READY in client.get(here).text
    check = client.get(f"{here}/check").text
    assert "Une personne du programme examinera" in check and "Envoyer ma candidature" in check
    assert client.post(f"{here}/check").status_code == 302
    assert "Une personne du programme examine" in client.get(here).text
    row = db.session.scalars(sa.select(Application)).one()
    assert (row.state, row.eligible, row.reasons) == ("submitted", None, ["licence"])
    db.session.rollback()
    team = steps.browser(client.application)
    manager = steps.staff(team)
    intake = steps.load_mdia()
    listed = team.get(f"/staff/intakes/{intake}/applications?eligible=open").text
    assert row.number in listed
    assert row.number not in team.get(f"/staff/intakes/{intake}/applications?eligible=no").text
    shown = team.get(f"/staff/applications/{draft}/file").text
    assert "À décider" in shown and "Ingénierie des données" in shown
    with writing():
        override(manager, draft, True, "Équivalente à l’informatique")
    db.session.rollback()
    assert db.session.scalars(sa.select(Application.eligible)).one() is True
    client.post(f"{here}/change")
    client.post(f"{here}/form/contact/2", data={"city": "Rabat"})
    client.post(f"{here}/check", data={"again": "1"})
    db.session.rollback()
    assert db.session.scalars(sa.select(Application.eligible)).one() is True, "a decision is not asked again"
