"""What law 09-08 lets people ask: a question like any other, which reaches staff with the day that the law gives."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.messages.helpdesk.rules import RIGHTS, Topic
from cohortmgr.programmes.queries import intake_of
from tests.factories.lives import signed_in

pytestmark = pytest.mark.usefixtures("system_context")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
STRANGER = {"text": "Effacez tout.", "once": "A" * 26, "name": "Sara Alaoui", "email": "sara@exemple.ma"}


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


@pytest.mark.parametrize("right", sorted(RIGHTS))
def test_a_right_is_asked_for_and_reaches_staff_with_its_day(client: FlaskClient, right: Topic) -> None:
    with clock.at(MONDAY):
        listed = client.get(f"/help?topic={right}").text
        assert f'href="/help/mdia?topic={right}"' in listed, "the topic goes along"
        form = client.get(f"/help/mdia?topic={right}").text
        assert f'<option selected value="{right}">' in form and "sous sept jours ouvrés" in form
        answer = client.post(f"/help/mdia?topic={right}", data={**STRANGER, "topic": right})
        assert answer.status_code == 302
        assert "mercredi 11 mars 2026" in client.get(answer.location).text
    row = db.session.scalars(sa.select(HelpRequest)).one()
    assert (row.topic, row.answer_by) == (right, date(2026, 3, 11))
    db.session.rollback()
    with clock.at(MONDAY):
        signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake_of("mdia"))
        desk = client.get("/staff/questions").text
    assert row.number in desk and "Mes données" in desk


def test_any_other_topic_keeps_its_two_days_and_an_unknown_one_is_none(client: FlaskClient) -> None:
    with clock.at(MONDAY):
        for topic in ("dates", "<b>", ""):
            assert "sous deux jours ouvrés" in client.get("/help/mdia", query_string={"topic": topic}).text
        assert "topic=" not in client.get("/help?topic=<b>").text.partition("<main")[2].partition("</main")[0]
        answer = client.post("/help/mdia", data={**STRANGER, "topic": "dates"})
        assert "mercredi 4 mars 2026" in client.get(answer.location).text
    assert db.session.scalars(sa.select(HelpRequest)).one().answer_by == date(2026, 3, 4)
