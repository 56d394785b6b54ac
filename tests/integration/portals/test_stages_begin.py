"""Today's page says of each stage that is to begin who begins it: readings to give, decisions to propose, a cohort."""

from __future__ import annotations

import html

from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.programmes.models import Intake
from tests.factories import choices, promotions

ASSIGN, PROPOSE, OPEN = "sont à confier", "Toutes les lectures sont remises", "promotion n’est pas ouverte"


def waits(desk: FlaskClient, intake: Intake) -> str:
    """What waits, on today's page; the intake's overview says the same."""
    said = []
    for page in ("/staff", f"/staff/intakes/{intake.reference}"):
        desk.get("/language/fr")
        main = html.unescape(desk.get(page).text).partition("<main")[2].partition("Ce qui vous attend")[2]
        said.append([each for each in (ASSIGN, PROPOSE, OPEN) if each in main])
    assert said[0] == said[1], said
    return said[0][0] if said[0] else ""


def test_readings_and_decisions_wait_for_who_begins_them(app: Flask, system_context: AppContext) -> None:
    intake = choices.sent(3, seats=2)
    manager = choices.browser(app, choices.someone(intake, Role.SELECTION_MANAGER))
    aside = choices.browser(app, choices.someone(intake, Role.FINANCE))
    assert waits(manager, intake) == ASSIGN
    assert f'href="/staff/intakes/{intake.reference}/reviews"' in manager.get("/staff").text
    choices.read(intake, choices.readers(intake))
    assert waits(manager, intake) == PROPOSE
    assert "En retard" in manager.get("/staff").text, "the answers were promised for a day that is over"
    assert waits(aside, intake) == ""
    assert manager.post(f"/staff/intakes/{intake.reference}/ranking", data={"note": ""}).status_code == 302
    assert waits(manager, intake) == ""


def test_a_cohort_waits_as_soon_as_somebody_accepted(app: Flask, system_context: AppContext) -> None:
    intake = promotions.accepted(2)
    desk = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER, "une"))
    assert waits(desk, intake) == OPEN
    assert "2 personnes ont accepté leur place" in html.unescape(desk.get("/staff").text)
    assert desk.post(f"/staff/intakes/{intake.reference}/cohort").status_code == 302
    assert waits(desk, intake) == ""
