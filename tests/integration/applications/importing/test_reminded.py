"""A reminder is of the guardian who reads it: one a day whichever way, each in turn, and none in preparation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions import asking_again
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from tests.integration.applications.guardians import children
from tests.integration.applications.journey import steps


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """AI Master Junior, `client` signed in as a club; the reference of the open intake."""
    with clock.at(children.NOW):
        reference = children.open_junior()
        children.club(client)
        yield reference


def references() -> list[str]:
    """The children's files, the first enrolled first."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Application.reference).order_by(Application.id)))


def test_siblings_share_one_reminder_a_day_whichever_way_it_is_asked(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    father = {"Tuteur": "Omar Alaoui", "Qualité": "Père", "Téléphone du tuteur": "0612000002"}
    children.enrol(client, intake, children.child(1), children.child(2), children.child(3, **father))
    adam, badr, chaima = references()
    first = len(children.sent("guardian_asked"))
    assert client.post(f"/staff/enrolled/{adam}/remind").status_code == 302
    assert client.post(f"/staff/enrolled/{badr}/remind").status_code == 422, "their mother was just reminded"
    assert client.post(f"/staff/intakes/{intake}/enrolled/remind").status_code == 302
    letters = children.sent("guardian_asked")[first:]
    assert [each["address"] for each in letters] == [children.MOTHER, children.FATHER]
    assert client.post(f"/staff/enrolled/{chaima}/remind").status_code == 422
    assert client.post(f"/staff/intakes/{intake}/enrolled/remind").status_code == 409
    other = steps.browser(app)
    children.club(other, name="autre")
    children.enrol(other, intake, children.child(1, **{"Code Massar": "J000000009", "Prénom": "Driss"}))
    before = len(children.sent("guardian_asked"))
    assert other.post(f"/staff/intakes/{intake}/enrolled/remind").status_code == 409, "nor by another club"
    assert len(children.sent("guardian_asked")) == before


def test_each_click_goes_on_where_the_last_one_ended(
    client: FlaskClient, intake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_again, "MOST_REMINDED", 2)
    rows = [
        children.child(1, **{"Code Massar": f"J{n:09d}", "Téléphone du tuteur": f"06120000{n:02d}"})
        for n in range(5)
    ]
    children.enrol(client, intake, *rows)
    first, place = len(children.sent("guardian_asked")), f"/staff/intakes/{intake}/enrolled/remind"
    for _click in range(3):
        assert client.post(place).status_code == 302
    reached = [each["address"] for each in children.sent("guardian_asked")[first:]]
    assert len(reached) == len(set(reached)) == 5, "and nobody is never reached"
    assert client.post(place).status_code == 409
    with writing() as session:
        many = session.scalars(sa.select(Message.bundle).order_by(Message.id.desc()).limit(5)).all()
    assert many[0] is None and None not in many[1:], "what goes to many leaves room for codes"


def test_nothing_leaves_in_preparation(client: FlaskClient, intake: str) -> None:
    children.enrol(client, intake, children.child(1))
    (adam,) = references()
    places = (f"/staff/intakes/{intake}/enrolled", f"/staff/enrolled/{adam}")
    for place in places:
        assert f"{place}/remind" in client.get(place).text
    with writing() as session:
        session.execute(sa.update(Intake).values(state="draft"))
    before = len(children.sent("guardian_asked"))
    for place in places:
        assert f"{place}/remind" not in client.get(place).text
        assert client.post(f"{place}/remind").status_code in (409, 422), place
    assert len(children.sent("guardian_asked")) == before
