"""The progress of a large intake is summed up by the worker, at most once a minute, and its page shows what is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.queries import kept_of
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.progress import queries
from tests.factories.choices import browser, known, readers, sent, someone
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context")
MANAGER = "selection_manager@inpt.ma"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every intake is a large one."""
    monkeypatch.setattr(queries, "MOST_AT_ONCE", 0)


def given() -> Intake:
    """An intake of nine files, each with its two readers."""
    intake = sent(9)
    readers(intake, 4)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with writing():
        sharing.assign(manager, intake.reference)
    return intake


def page(app: Flask, intake: Intake, part: str = "") -> str:
    client = browser(app, known(MANAGER))
    answer = client.get(f"/staff/intakes/{intake.reference}/reviews{part}")
    assert answer.status_code == 200
    return str(answer.text)


def jobs() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == queries.KIND)) or 0


def test_what_is_kept_is_what_the_page_of_a_small_intake_sums_up(app: Flask) -> None:
    intake = given()
    page(app, intake)
    assert work() == 1
    kept = kept_of(queries.KIND, intake.reference)
    assert kept is not None and kept.made_at is not None
    assert queries.from_kept(kept.figures) == queries.progress_of(intake)
    shown = page(app, intake)
    assert "0 lecture remise sur 18" in shown and "Chiffres du" in shown and jobs() == 1


def test_the_first_page_waits_and_says_how_far_it_is(app: Flask) -> None:
    intake = given()
    waits = page(app, intake)
    assert "Les lectures se comptent" in waits and "0 lecture remise sur 18" not in waits
    assert '"done":false' in page(app, intake, "/figures")
    work()
    assert '"done":true' in page(app, intake, "/figures")


def test_however_often_the_page_is_opened_the_worker_sums_up_once_a_minute(app: Flask) -> None:
    intake, moment = given(), clock.now()
    with clock.at(moment):
        for _ in range(3):
            page(app, intake)
        work()
        page(app, intake)
        assert jobs() == 1
    with clock.at(moment + FRESH):
        again = page(app, intake)
        assert "0 lecture remise sur 18" in again and "On les recompte" in again and jobs() == 2
        page(app, intake)
        assert jobs() == 2


def test_a_job_that_waits_longer_than_a_minute_is_not_asked_for_twice(app: Flask) -> None:
    intake, moment = given(), clock.now()
    for late in range(3):
        with clock.at(moment + late * FRESH):
            page(app, intake)
    assert jobs() == 1


def test_a_worker_that_dies_leaves_nothing_half_kept(app: Flask) -> None:
    intake = given()
    page(app, intake)
    assert not killed_at(1)  # one step: it is kept whole or not at all
    db.session.rollback()
    assert work() == 1 and "0 lecture remise sur 18" in page(app, intake)


def test_readers_bear_the_names_of_today_in_what_was_kept(app: Flask) -> None:
    intake = given()
    page(app, intake)
    work()
    first = queries.progress_of(intake).readers[0]
    with writing() as session:
        renamed = sa.update(Person).where(Person.reference == first.reference)
        session.execute(renamed.values(given_name="Zineb", family_name="Zyani"))
    shown = page(app, intake)
    assert "Zineb Zyani" in shown and first.name not in shown


def test_a_small_intake_keeps_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    intake = given()
    monkeypatch.setattr(queries, "MOST_AT_ONCE", 9)
    assert "0 lecture remise sur 18" in page(app, intake) and jobs() == 0


def test_an_assignment_by_the_worker_leaves_the_figures_that_came_of_it(app: Flask) -> None:
    intake = sent(9)
    readers(intake, 4)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    page(app, intake)
    work()
    client.post(f"/staff/intakes/{intake.reference}/reviews", data={})
    work()
    assert "Chaque dossier a ses lecteurs." in page(app, intake)
