"""Each stage of an intake is said to wait for whoever begins it, and for nobody else, from the close to placement."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import actions as cohorts
from cohortmgr.placements.actions import positions
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import tasks as progress
from cohortmgr.selection.actions import decisions
from tests.factories import choices, promotions
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
BEFORE, CLOSED = datetime(2025, 7, 1, 9, tzinfo=UTC), datetime(2025, 7, 20, 9, tzinfo=UTC)
ASSIGN, PROPOSE, OPEN, MATCH = (
    "à confier",
    "les décisions restent à proposer",
    "la promotion reste à ouvrir",
    "Personne n’a encore d’entreprise",
)


def told(app: Flask, viewer: Viewer) -> set[str]:
    """Which stages wait to be begun, by the first page of somebody and by the page of the only intake."""
    desk, intake = browser(app, viewer), queries.intake_of("mdia", "2025")
    pages = [desk.get(place).text for place in ("/staff", f"/staff/intakes/{intake.reference}")]
    first, second = ({each for each in (ASSIGN, PROPOSE, OPEN, MATCH) if each in page} for page in pages)
    assert first == second
    return first


def test_readings_wait_from_the_close_and_decisions_from_the_last_reading(app: Flask) -> None:
    with clock.at(BEFORE):
        intake = sent(3)
        manager, administrator = (
            someone(intake, role) for role in (Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR)
        )
        auditor, people = someone(intake, Role.AUDITOR), readers(intake)
        assert told(app, manager) == set(), "people still apply"
    with clock.at(CLOSED):
        assert told(app, manager) == {ASSIGN} == told(app, administrator)
        assert told(app, auditor) == set() == told(app, people[0])
        assert "6 lectures à confier" in browser(app, manager).get("/staff").text
        choices.read(intake, people[:2])
        assert told(app, manager) == set(), "the third reader is awaited, and that is theirs to do"
        choices.read(intake, people[2:])
        assert told(app, manager) == {PROPOSE}
        assert told(app, administrator) == set() == told(app, auditor), "who may not propose is not asked"
        with (
            writing() as session
        ):  # a file whose guardian, or whose subject, was settled after the others were given
            kept = session.scalars(sa.select(Application.id).order_by(Application.id)).first()
            session.execute(
                sa.update(Application).where(Application.id == kept).values(eligible=False, reasons=["x"])
            )
        assert told(app, manager) == {PROPOSE}
        late = sa.select(Application).order_by(Application.id.desc())
        with writing() as session:
            found = session.scalars(late).first()
            assert found is not None
            session.execute(sa.delete(Review).where(Review.application_id == found.id))
        assert told(app, manager) == {ASSIGN}, "decisions wait for the readings that nobody was given"
        assert "2 lectures à confier" in browser(app, manager).get("/staff").text
        choices.read(intake, people)
        assert told(app, manager) == {PROPOSE}
        with writing():
            decisions.propose(manager, intake.reference)
        assert told(app, manager) == set()


def test_an_intake_off_the_pages_still_waits_and_one_that_is_history_does_not(app: Flask) -> None:
    with clock.at(CLOSED):
        intake = sent(1)
        manager = someone(intake, Role.SELECTION_MANAGER)
        with writing():
            intake.state = IntakeState.ARCHIVED.value
        assert told(app, manager) == {ASSIGN}
    with clock.at(CLOSED.replace(month=10)):
        assert told(app, manager) == set()


def test_a_large_intake_waits_as_it_was_last_summed_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmgr.reviews.progress.queries.MOST_AT_ONCE", 0)
    with clock.at(CLOSED):
        intake = sent(3)
        manager = someone(intake, Role.SELECTION_MANAGER)
        assert (
            told(app, manager) == {ASSIGN}
            and "6 lectures à confier" in browser(app, manager).get("/staff").text
        )
        choices.read(intake, readers(intake))
        assert told(app, manager) == {ASSIGN}, "nobody has summed up yet"
        progress.keep_anew(intake.reference)
        assert told(app, manager) == {PROPOSE}


def test_an_intake_without_a_file_to_read_waits_for_nobody(app: Flask) -> None:
    with clock.at(CLOSED):
        intake = sent(2)
        manager = someone(intake, Role.SELECTION_MANAGER)
        assert told(app, manager) == {ASSIGN}
        with writing() as session:
            session.execute(sa.update(Application).values(eligible=False, reasons=["licence"]))
        assert told(app, manager) == set()


def test_what_is_late_is_said_to_be(app: Flask) -> None:
    with clock.at(CLOSED):
        intake = sent(1)
        manager = someone(intake, Role.SELECTION_MANAGER)
        assert "En retard" not in browser(app, manager).get("/staff").text
        with writing():
            intake.decision_by = clock.today().replace(day=1)
        assert "En retard" in browser(app, manager).get("/staff").text


def test_a_cohort_waits_from_the_first_acceptance_and_placement_from_its_positions(app: Flask) -> None:
    intake = promotions.accepted(2)
    administrator = promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR)
    trainer = promotions.staff(intake, Role.TRAINER)
    assert told(app, administrator) == {OPEN} and told(app, trainer) == set()
    with writing():
        cohort = cohorts.open_cohort(SYSTEM, intake.reference)
    assert told(app, administrator) == set(), "two places wait to be confirmed, which is said elsewhere"
    with writing():
        cohorts.confirm(SYSTEM, cohort.reference)
    assert told(app, administrator) == set(), "no company has a position"
    with writing():
        positions.open_positions(SYSTEM, cohort.reference)
    assert told(app, administrator) == {MATCH} and told(app, trainer) == set()
    db.session.rollback()


def test_the_stages_that_a_role_does_not_follow_are_not_said_to_come(app: Flask) -> None:
    intake, _batch = choices.decided(2, seats=1)
    reviewer, manager = choices.known("r0@inpt.ma"), choices.known("selection_manager@inpt.ma")
    page = f"/staff/intakes/{intake.reference}"
    assert browser(app, reviewer).get(page).text.count("suivie par d’autres") >= 3
    seen = browser(app, manager).get(page).text
    assert "suivie par d’autres" in seen and "lectures rendues" in seen


def test_the_figures_of_an_overview_lead_to_the_files_that_they_count(app: Flask) -> None:
    intake = sent(3, ineligible=1)
    place = f"/staff/intakes/{intake.reference}"
    manager, trainer = (someone(intake, role) for role in (Role.SELECTION_MANAGER, Role.TRAINER))
    figures = browser(app, manager).get(place).text.partition('class="figures"')[2]
    for chosen, number in (("", 4), ("?eligible=yes", 3), ("?eligible=no", 1)):
        assert f'href="{place}/applications{chosen}"' in figures
        rows = browser(app, manager).get(f"{place}/applications{chosen}").text
        assert len(set(re.findall(r"MDIA-\d{6}", rows))) == number
    assert "/applications" not in browser(app, trainer).get(place).text.partition('class="figures"')[2]
