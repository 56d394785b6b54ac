"""Applications on paper: keyed in by staff as such, on the day of receipt, for whom they are from and nobody twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.answers import settled
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.accounts.test_slips import QUESTION, SLIP, inputs
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.watch import rows_of


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """mdia, `client` signed in as who manages its selection; the reference of the open intake."""
    with clock.at(steps.DURING):
        reference = steps.load_mdia()
        steps.staff(client)
        yield reference


def typed(**more: Any) -> dict[str, Any]:
    """A paper as staff key it in: without what is asked online alone."""
    given = steps.answers(received="20/11/2026", **more)
    return {key: value for key, value in given.items() if not key.startswith("consent")}


def test_a_paper_is_a_file_sent_on_the_day_of_its_receipt(client: FlaskClient, intake: str) -> None:
    page = f"/staff/intakes/{intake}/paper"
    assert client.get(page).status_code == 200
    answer = client.post(page, data=steps.with_file(typed()))
    assert answer.status_code == 302, words(answer.text)
    (row,) = db.session.scalars(sa.select(Application)).all()
    assert (row.source, row.state, row.eligible) == ("paper", "submitted", True)
    assert row.sent_at is not None and clock.local(row.sent_at).isoformat().startswith("2026-11-20T00:00")
    assert rows_of(Document) == 1 and len(children.sent("claim_file")) == 1
    noted = db.session.scalars(sa.select(Event).where(Event.action == "applications.enter_paper")).one()
    assert noted is not None
    assert "Sur papier" in words(client.get(f"/staff/intakes/{intake}/applications").text)
    again = client.post(page, data=steps.with_file(typed()))
    assert again.status_code == 422 and "peut-être celle-ci" in words(again.text)
    person = db.session.scalars(sa.select(Person).where(Person.id == row.person_id)).one()
    for who, says in ((person.reference, "a déjà le dossier"), ("new", "autre personne")):
        answer = client.post(page, data=steps.with_file(typed(person=who)))
        assert answer.status_code == 422 and says in words(answer.text), who
    assert rows_of(Application) == 1


@pytest.mark.parametrize(
    ("received", "says"),
    [
        ("", "Écrivez le jour"),
        ("hier", "Écrivez le jour"),
        ("23/11/2026", "pas encore venu"),
        ("01/01/2026", "Un papier compte"),
    ],
)
def test_a_paper_counts_by_its_day(client: FlaskClient, intake: str, received: str, says: str) -> None:
    answer = client.post(f"/staff/intakes/{intake}/paper", data={**typed(), "received": received})
    assert answer.status_code == 422 and says in words(answer.text)
    assert rows_of(Application) == 0


def test_what_is_missing_or_wrong_is_said_beside_it(client: FlaskClient, intake: str) -> None:
    answer = client.post(f"/staff/intakes/{intake}/paper", data={**typed(), "s1": "99", "family_name": ""})
    text = words(answer.text)
    assert answer.status_code == 422 and "99 n'est pas entre 0 et 20" in text and "Remplissez" in text
    assert rows_of(Application) == 0


def test_a_person_known_by_their_telephone_is_taken(client: FlaskClient, intake: str, app: Flask) -> None:
    other = steps.browser(app)
    steps.sign_up(other)
    reference = steps.begin(other, intake)
    steps.fill(other, reference)
    person = db.session.scalars(sa.select(Person).where(Person.email == "zoe@exemple.ma")).one()
    client.post(f"/staff/intakes/{intake}/paper", data=typed())
    answer = client.post(f"/staff/intakes/{intake}/paper", data=typed(person=person.reference))
    assert "a déjà le dossier" in words(answer.text)
    assert rows_of(Application) == 1


def test_a_child_s_paper_asks_the_guardian(
    app: Flask, client: FlaskClient, system_context: AppContext
) -> None:
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client, Role.SELECTION_MANAGER, "office")
        given = {
            "received": "20/11/2026", "family_name": "Alaoui", "given_name": "Adam", "birth_date-day": "3",
            "birth_date-month": "4", "birth_date-year": "2014", "massar": "J123456789", "group": "Raja",
        }  # fmt: skip
        page = f"/staff/intakes/{intake}/paper"
        answer = client.post(page, data=given)
        assert answer.status_code == 422 and "tuteur légal" in words(answer.text)
        guardian = {
            "guardian_name": "Amina Alaoui", "guardian_capacity": "mother", "guardian_phone": "0612000001",
        }  # fmt: skip
        assert client.post(page, data={**given, **guardian}).status_code == 302
        (row,) = db.session.scalars(sa.select(Application)).all()
        assert (row.state, row.consent, row.sent_at) == ("held", "waiting", None)
        assert len(children.sent("guardian_asked")) == 1 and children.sent("claim_file") == []


def test_a_slip_that_stands_on_the_paper_is_not_asked_of_its_person(client: FlaskClient, intake: str) -> None:
    page = f"/staff/intakes/{intake}/paper"
    asked = client.post(page, data=steps.with_file(typed(email=SLIP)))
    assert asked.status_code == 200 and QUESTION in asked.text
    kept = {**typed(), **inputs(asked.text), "sex": "f", "kept-email": SLIP}
    answer = client.post(page, data=steps.with_file(kept))
    assert answer.status_code == 302, words(answer.text)
    (row,) = db.session.scalars(sa.select(Application)).all()
    assert settled.kept(row.answers, {"email": SLIP}) == {"email": SLIP}
