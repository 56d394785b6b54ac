"""Where a programme has one training in several towns, letters, pages and limits of readers say which."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.selection.actions import letters
from tests.factories.choices import browser, someone

pytestmark = pytest.mark.usefixtures("system_context")


def test_offerings_of_one_title_are_named_with_their_town(app: Flask) -> None:
    with writing():
        programmes.load_definition(SYSTEM, read_known("jobintech"))
    db.session.rollback()
    intake = queries.intake_of("jobintech", "2027-1")
    rabat = next(each for each in queries.offerings_of(intake) if each.key == "fullstack-rabat")
    said = letters.shared_by(intake, rabat)["offering"]
    assert said == {
        "fr": "Full-stack, Rabat",
        "ar": "تطوير متكامل Full-stack، الرباط",
        "en": "Full-stack, Rabat",
    }
    assert bars.fields_of(intake)["fullstack-fes"]["fr"] == "Full-stack, Fès"
    page = browser(app, someone(intake, Role.SELECTION_MANAGER))
    home = f"/staff/intakes/{intake.reference}"
    shown = page.get(f"{home}/ranking?offering={rabat.reference}").text
    assert "25 places · Full-stack, Rabat" in shown and ">Full-stack, Casablanca</a>" in shown
    assert "Full-stack, Rabat" in page.get(f"{home}/phases").text
