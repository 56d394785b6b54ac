"""The demonstration is the same at every load: who is chosen hangs on no reference that is drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock, text
from cohortmgr.base.db import db
from cohortmgr.demo.commands import choice, setting
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews.models import Review
from cohortmgr.selection import queries as selection
from cohortmgr.selection.scenarios import queries as trials
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from tests.databases import Database
from tests.factories.working import work

pytestmark = pytest.mark.usefixtures("system_context")
FILES = 60
STEPS: tuple[tuple[date, Callable[[], object]], ...] = (
    (date(2025, 5, 20), setting.put_programme),
    (date(2025, 5, 21), setting.put_people),
    (date(2025, 7, 16), setting.import_applications),
    (date(2025, 7, 17), choice.read_files),
    (date(2025, 7, 29), choice.decide),
    (date(2025, 7, 30), choice.keep_scenarios),
)
Loaded = tuple[list[tuple[str | None, str | None, str, int | None]], list[tuple[str, str, int | None]]]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The institution's file has its first lines alone."""
    short = tmp_path / "mdia-2025.csv"
    short.write_text(
        "".join(setting.SHEET.read_text("utf-8-sig").splitlines(keepends=True)[: FILES + 1]), "utf-8"
    )
    monkeypatch.setattr(setting, "SHEET", short)


def _load(beside: Callable[[], object]) -> Loaded:
    """Load the demonstration up to its choice, and return who gave what to whom, and what became of each."""
    for day, act in STEPS:
        with clock.at(clock.instant(day, 10)):
            result = act()
            if isinstance(result, Iterator):
                for _part in result:
                    pass
        beside()
    db.session.rollback()
    read = sa.select(Application.email, Person.email, Review.reference, Review.total_thousandths)
    read = read.join(Review, Review.application_id == Application.id)
    read = read.join(Person, Person.id == Review.reviewer_id).order_by(Application.email, Person.email)
    readings = [(row[0], row[1], row[2], row[3]) for row in db.session.execute(read)]
    batch = selection.batches_of(programmes.intake_of(setting.PROGRAMME, setting.INTAKE))[0]
    rows = selection.decisions_of(batch)
    known = db.session.execute(sa.select(Application.reference, Application.email))
    emails = {row.reference: row.email for row in known}
    chosen = sorted((emails[row.application_reference] or "", row.outcome, row.rank) for row in rows)
    return readings, chosen


def test_the_same_people_are_chosen_at_every_load_and_beside_a_worker(database: Database) -> None:
    alone = _load(lambda: None)
    references = db.session.scalars(sa.select(Person.reference)).all()
    db.session.close()
    database.reset()
    beside = _load(lambda: (text.new_reference(), work()))
    assert len(alone[0]) > FILES and {outcome for _file, outcome, _rank in alone[1]} >= {"offer"}
    assert alone == beside
    kept = db.session.scalars(sa.select(Scenario).order_by(Scenario.id)).all()
    assert [each.name for each in kept] == list(choice.SCENARIOS)
    intake = programmes.intake_of(setting.PROGRAMME, setting.INTAKE)
    board = trials.trials_of(intake, selection.offering_of(intake))
    tried = [board.tried(ScenarioChanges.of_json(each.changes)) for each in kept]
    assert all(each.bounded is not None and not each.bounded.conflict for each in tried)
    assert len({str(each.outcomes) for each in (board.board, *tried)}) == 3, "each changes who is chosen"
    assert sorted(references) == sorted(db.session.scalars(sa.select(Person.reference)).all())
