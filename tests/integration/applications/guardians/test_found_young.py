"""An answer by which a sent file becomes a child's: staff ask for it, and what follows from it follows at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.applications.guardians import children
from tests.integration.applications.guardians.test_child_online import CHILD, GUARDIAN, draft
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps

__all__ = ["draft"]
YOUNG = {"birth_date-day": "3", "birth_date-month": "4", "birth_date-year": "2014"}
OLD = {**YOUNG, "birth_date-year": "2008"}
BORN = {"fix-birth_date": "incorrect", "message": "Votre pièce dit une autre date."}


def row() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


@pytest.fixture
def sent(draft: str, client: FlaskClient) -> str:
    """The file of an adult, sent; its address."""
    assert client.post(f"{draft}/form", data={**CHILD, **OLD}).status_code == 302
    assert client.post(f"{draft}/check").status_code == 302
    assert (row().state, row().consent) == ("submitted", "none")
    return draft


@pytest.fixture
def office(sent: str, app: Flask) -> FlaskClient:
    """The browser of who manages its selection."""
    found = steps.browser(app)
    children.club(found, Role.SELECTION_MANAGER, "office")
    return found


def test_staff_make_a_child_of_nobody(office: FlaskClient) -> None:
    page = f"/staff/applications/{row().reference}/answers/birth_date"
    given = {**YOUNG, "_reason": "Vous nous l’avez dit au téléphone."}
    answer = office.post(page, data=given)
    assert answer.status_code == 422 and "devient mineure" in words(answer.text)
    assert (row().state, row().consent, children.sent("guardian_asked")) == ("submitted", "none", [])
    assert office.get(page).status_code == 200, "the file is not lost to them"
    assert office.post(page, data={**given, "birth_date-year": "2007"}).status_code == 302


def test_the_person_s_own_correction_is_followed_by_all_that_follows(
    sent: str, client: FlaskClient, office: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = list[str]()
    acts = [lambda viewer, application: hidden.append(application.number), *consents.on_hidden.acts]
    monkeypatch.setattr(consents.on_hidden, "acts", acts)
    place = f"/staff/applications/{row().reference}/correction"
    until = {"until": clock.local(children.NOW + timedelta(days=9)).date().isoformat()}
    assert office.post(place, data={**BORN, **until}).status_code == 302
    client.post(f"{sent}/correction", data=YOUNG)
    assert (row().state, hidden) == ("submitted", []), "nobody could be asked: nothing is written"
    (asked,) = db.session.scalars(sa.text("SELECT reference FROM corrections"))
    assert office.post(f"/staff/corrections/{asked}/call-off").status_code == 302
    named = {f"fix-{key}": "incomplete" for key in GUARDIAN}
    assert office.post(place, data={**BORN, **named, **until}).status_code == 302
    answer = client.post(f"{sent}/correction", data={**YOUNG, **GUARDIAN})
    assert answer.status_code == 302, answer.text
    assert (row().state, row().consent, row().sent_at) == ("held", "waiting", None)
    assert hidden == [row().number], "seats and offers are given back"
    assert [each["address"] for each in children.sent("guardian_asked")] == [children.MOTHER]
