"""A reader is told how far their own marks lie from the mean, once they have handed in readings enough."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import writing
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.jury.actions import keeping
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, known, phased, readers, someone
from tests.factories.working import work
from tests.integration.reviews.jury.marked import read_by_a_jury, reader, reading_of

pytestmark = pytest.mark.usefixtures("system_context")
SAID = "que la moyenne, à dossiers égaux"


def _harmonise(intake: Intake) -> None:
    with writing():
        keeping.ask(known("selection_manager@inpt.ma"), intake)
    assert work() == 1


def test_a_reader_is_told_their_own_severity_and_nobody_else_s(app: Flask) -> None:
    intake = read_by_a_jury()
    assert SAID not in browser(app, reader(0)).get("/staff/reviews").text
    _harmonise(intake)
    page = browser(app, reader(0)).get("/staff/reviews").text
    assert f"points de plus {SAID}" in page and page.count(SAID) == 1
    assert f"de moins {SAID}" in browser(app, reader(7)).get("/staff/reviews").text
    titles = {intake.id: {"fr": "Une campagne"}}
    (found,) = own.own_severities(reader(0), titles)
    assert found.title == {"fr": "Une campagne"} and found.severity > 3000
    assert found.tenths == round(found.severity / 100)
    assert own.own_severities(reader(0), {}) == own.own_severities(reader(0), {0: {}}) == []


def test_few_readings_say_nothing_yet(app: Flask) -> None:
    _harmonise(read_by_a_jury(32))  # eight readings each
    assert SAID not in browser(app, reader(0)).get("/staff/reviews").text


def test_of_two_phases_of_an_intake_each_is_named(app: Flask) -> None:
    """Whoever reads files and hears people is told both, and of which each is."""
    intake = phased(12, goes_on=None)
    someone(intake, Role.SELECTION_MANAGER)
    people = readers(intake, 3)
    with writing() as session:
        for key in ("dossiers", "entretien"):
            phase = definition_of(intake).rubric.phase(key)
            for place, file in enumerate(
                session.scalars(sa.select(Application).order_by(Application.number))
            ):
                for which, person in enumerate(people):
                    mark = 16 - place - (4 * which if key == "dossiers" else -which)
                    session.add(reading_of(phase, file, person, mark))
    _harmonise(intake)
    page = browser(app, people[0]).get("/staff/reviews").text
    lines = [line for line in page.splitlines() if SAID in line or 'class="quiet-text">' in line]
    told = [line for line in lines if "Étude du dossier" in line or "Entretien" in line]
    assert page.count(SAID) == 2 and len([line for line in told if " · " in line]) == 2, told
