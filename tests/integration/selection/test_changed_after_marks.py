"""Rules that were changed once marks were known say so to everybody: nobody reads that no mark was older."""

from __future__ import annotations

import html

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.selection import tasks
from cohortmgr.selection.actions import decisions, publishing
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Decision
from tests.factories.choices import (
    ADMINISTRATOR,
    MANAGER,
    SEASON,
    browser,
    known,
    read,
    readers,
    seal,
    sent,
    someone,
)
from tests.integration.selection.sealing import acts

pytestmark = pytest.mark.usefixtures("system_context")
BEFORE = "Aucune note n’avait été remise avant."
AFTER = "Des notes avaient été remises avant le sceau, ou calculées des réponses."


@pytest.mark.parametrize("changed", [False, True])
def test_everybody_reads_whether_marks_are_older_than_the_rules_that_chose(app: Flask, changed: bool) -> None:
    intake = sent(5, seats=2)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    seal(intake, Bound({"region": "MA-08"}, None, 1))
    read(intake, readers(intake))
    if changed:
        acts.save(intake, acts.bounded(intake, Bound({"sex": "f"}, None, 2)))
        acts.propose(intake, acts.WHY)
        staff = browser(app, known(ADMINISTRATOR)).get(f"/staff/intakes/{intake.reference}/rules").text
        assert "Des notes ont déjà été remises" in staff
        acts.seal(intake)
    with clock.at(SEASON):
        with writing():
            batch = decisions.propose(known(MANAGER), intake.reference)
        with writing():
            decisions.approve(known(ADMINISTRATOR), batch.reference, str(batch.summary["offer"]))
        tasks.call(lambda: False)
        with writing():
            publishing.publish(known(ADMINISTRATOR), batch.reference)
    assert batch.certificate["rules"]["older_marks"] is changed

    sheet = app.test_client().get(f"/intakes/{intake.reference}/sheets/{batch.reference}").text
    assert (AFTER in sheet, BEFORE in sheet) == (changed, not changed)
    wanted = sa.select(Decision.reference).join(Application, Application.id == Decision.application_id)
    decision = db.session.scalar(wanted.where(Application.number == "MDIA-000003"))
    own = html.unescape(browser(app, known("c3@exemple.ma")).get(f"/my/offers/{decision}/check").text)
    assert ("règles scellées après les premières notes" in own) is changed
    assert ("d’après les règles scellées avant" in own) is not changed
    rules = browser(app, known(MANAGER)).get(f"/staff/intakes/{intake.reference}/rules").text
    assert ("les règles datent d’avant les notes" in rules) is not changed
