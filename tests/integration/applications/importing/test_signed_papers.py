"""What a guardian signed on paper fills an absence: it replaces nothing that the guardian said themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.models import ConsentAnswer, Guardianship
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.sheets import words
from tests.watch import rows_of

PAPER = {"signed": "Amina Alaoui", "signed_on": "20/11/2026", "held": "1"}


@pytest.fixture
def page(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """The page of a child whom `client`, a club, enrolled, and whose guardian has not answered."""
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1))
        yield f"/staff/enrolled/{file().reference}"


def file() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def online(app: Flask, token: str, said: str) -> None:
    """The guardian answers every question online."""
    browser, place = children.enter(app, token), f"/guardian/{token}/answers"
    answer = browser.post(place, data=children.answers(browser.get(place).text, said))
    assert answer.status_code == 302, answer.text


def typed(page: str) -> dict[str, str]:
    """The paper with a yes to each question, typed into the page of a child who waits."""
    return children.answers(page) | PAPER


def standing() -> set[tuple[bool, bool]]:
    """Each answer that holds: yes or no, and whether it came on paper."""
    db.session.rollback()
    held = sa.select(ConsentAnswer).where(ConsentAnswer.withdrawn_at.is_(None))
    return {(row.answer, row.received_by is not None) for row in db.session.scalars(held)}


def test_a_refusal_and_a_consent_taken_back_stand_against_any_paper(
    app: Flask, client: FlaskClient, page: str
) -> None:
    waiting = client.get(page).text
    form = typed(waiting)
    assert 'name="signed"' in waiting and "checked" not in waiting
    online(app, children.sent("guardian_asked")[-1]["token"], "no")
    shown = client.get(page).text
    assert 'name="signed"' not in shown and "checked" not in shown, "nor is what they said shown"
    answer = client.post(page, data=form)
    assert answer.status_code == 422 and "a déjà répondu" in words(answer.text)
    assert (file().state, file().consent, standing()) == ("held", "withdrawn", {(False, False)})
    online(app, children.sent("guardian_receipt")[-1]["token"], "yes")
    assert client.post(page, data=form).status_code == 422
    online(app, children.sent("guardian_receipt")[-1]["token"], "no")
    assert client.post(page, data=form).status_code == 422
    assert (file().state, file().consent, standing()) == ("held", "withdrawn", {(False, False)})
    assert len(children.sent("guardian_receipt")) == 3


def test_a_slip_is_corrected_until_the_guardian_says_the_same_or_else_themselves(
    app: Flask, client: FlaskClient, page: str
) -> None:
    form = typed(client.get(page).text)
    refused = {key: "no" if value == "yes" else value for key, value in form.items()}
    assert client.post(page, data=refused).status_code == 302
    assert (file().state, file().consent) == ("held", "withdrawn")
    assert 'name="signed"' in client.get(page).text, "whoever typed it may type it anew"
    assert client.post(page, data=form).status_code == 302
    assert (file().state, standing()) == ("submitted", {(True, True)})
    online(app, children.sent("guardian_receipt")[-1]["token"], "yes")
    assert standing() == {(True, False)}, "it is the guardian's own word now"
    assert client.post(page, data=refused).status_code == 422
    assert (file().state, file().consent) == ("submitted", "given")


def test_nobody_answers_for_who_came_of_age(client: FlaskClient, page: str) -> None:
    form = typed(client.get(page).text)
    until = db.session.scalars(sa.select(Guardianship.until)).one()
    with writing() as session:
        session.execute(sa.update(Guardianship).values(until=clock.today()))
    assert until > date(2027, 1, 1) and 'name="signed"' not in client.get(page).text
    assert client.post(page, data=form).status_code == 404
    with writing() as session:
        session.execute(sa.update(Guardianship).values(until=clock.today() + timedelta(days=1)))
    assert client.post(page, data=form).status_code == 302


def test_a_second_click_writes_nothing_and_sends_no_second_receipt(client: FlaskClient, page: str) -> None:
    form = typed(client.get(page).text)
    for _twice in range(2):
        assert client.post(page, data=form).status_code == 302
    acts = sa.select(sa.func.count()).where(Event.action == "guardians.answer")
    assert len(children.sent("guardian_receipt")) == 1 and db.session.scalar(acts) == 1
    assert client.post(page, data=form | {"signed_on": "19/11/2026"}).status_code == 302
    days = sa.select(ConsentAnswer.signed_on).where(ConsentAnswer.withdrawn_at.is_(None))
    assert set(db.session.scalars(days)) == {date(2026, 11, 19)}, "a slip in the day is mended"
    assert len(children.sent("guardian_receipt")) == 2 and rows_of(ConsentAnswer) == 6
