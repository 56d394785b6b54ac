"""The worker harmonises the phases of an intake and keeps what it finds; what changes since makes it old."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.harmonising.rules import MarkFormula
from cohortmgr.reviews.jury import computing
from cohortmgr.reviews.jury.actions import keeping
from cohortmgr.reviews.jury.queries import kept
from cohortmgr.reviews.jury.queries.marks import readings_in, stamp_of
from cohortmgr.reviews.jury.rules import HarmonisedPhase, PhaseWork
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.marks import tie_order
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.rules import ReviewState
from cohortmgr.selection import queries
from tests.factories.choices import known, someone
from tests.factories.working import killed_at, work
from tests.integration.reviews.jury.marked import read_by_a_jury, reader, reading_of

pytestmark = pytest.mark.usefixtures("system_context")
PHASE = "dossiers"


def _harmonised(files: int = 60, seats: int = 15) -> Intake:
    intake = read_by_a_jury(files, seats)
    with writing():
        keeping.ask(_manager(), intake)
    assert work() == 1
    return intake


def _manager() -> Viewer:
    return known("selection_manager@inpt.ma")


def _found(intake: Intake) -> Harmonisation:
    db.session.expire_all()
    found = harmonisation_of(intake.id, PHASE)
    assert found is not None
    return found


def _rows(found: Harmonisation) -> dict[str, HarmonisedFile]:
    rows = sa.select(Application.number, HarmonisedFile)
    rows = rows.join(Application, Application.id == HarmonisedFile.application_id)
    mine = rows.where(HarmonisedFile.harmonisation_id == found.id)
    return {row[0]: row[1] for row in db.session.execute(mine)}


def test_the_job_keeps_formulas_that_a_calculator_redoes_and_a_row_of_each_file() -> None:
    intake = _harmonised()
    found = _found(intake)
    assert found.seats == 15 and found.figures["readings"] == 120
    formula = MarkFormula.of_json(found.formulas["harmonised"])
    weighted = MarkFormula.of_json(found.formulas["weighted"])
    by_file: dict[str, list[tuple[str, int]]] = {}
    for each in readings_in(intake)[PHASE]:
        by_file.setdefault(each.file, []).append((each.reader, each.standing))
    rows = _rows(found)
    assert rows.keys() == by_file.keys() and len(rows) == 60
    for number, readings in by_file.items():
        row = rows[number]
        assert row.harmonised == formula.mark(readings) and row.weighted == weighted.mark(readings)
        assert row.raw == round(sum(mark for _reader, mark in readings) / 2)
        assert 0 < row.error < 5000 and 0 <= row.chance <= 10_000
    for name in ("chance", "weighted_chance"):
        assert sum(getattr(row, name) for row in rows.values()) == pytest.approx(150_000, abs=60)


def test_the_generous_reader_is_found_and_the_chosen_are_doubted_less() -> None:
    found = _found(_harmonised())
    by_reader = {each["reference"]: each for each in found.figures["readers"]}
    generous, severe = (by_reader[_reference(place)] for place in (0, 7))
    assert generous["severity"] - severe["severity"] == pytest.approx(10_500, abs=2000)
    assert generous["readings"] == 15 and 0 < generous["error"] < 1500
    assert set(found.formulas["letters"].values()) == set("ABCDEFGH")
    doubtful = found.figures["doubtful"]
    assert doubtful["harmonised"] < doubtful["raw"] and doubtful["weighted"] < doubtful["raw"]
    words = found.figures["words"]["harmonised"]
    assert sum(words.values()) == 60 and words["sure"] and words["out"]


def _reference(place: int) -> str:
    return str(db.session.scalar(sa.select(Person.reference).where(Person.id == reader(place).person_id)))


def test_a_second_run_replaces_the_rows_and_a_lost_worker_loses_nothing() -> None:
    intake = _harmonised()
    first = _found(intake)
    reference, digest = first.reference, first.digest
    marks = {number: row.harmonised for number, row in _rows(first).items()}
    with writing() as session:
        session.execute(sa.update(Review).values(version=Review.version + 1))
    with clock.at(clock.now() + FRESH), writing():
        keeping.ask(_manager(), intake)
    with clock.at(clock.now() + FRESH):
        assert killed_at(1) and work() == 1
    again = _found(intake)
    assert (again.reference, again.digest) == (reference, digest)
    assert {number: row.harmonised for number, row in _rows(again).items()} == marks
    counted = sa.select(sa.func.count()).select_from(HarmonisedFile)
    assert db.session.scalar(counted) == 60


def test_what_still_holds_is_not_found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = _harmonised()
    made = _found(intake).made_at
    monkeypatch.setattr("cohortmgr.reviews.jury.computing.harmonised", None)  # a call would fail the job
    with clock.at(clock.now() + FRESH):
        with writing():
            keeping.ask(_manager(), intake)
        assert work() == 1
    assert _found(intake).made_at == made
    assert [job.state for job in db.session.scalars(sa.select(Job).order_by(Job.id))] == ["done", "done"]


def test_of_a_large_intake_the_worker_looks_once_a_minute_and_no_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake = _harmonised()
    monkeypatch.setattr("cohortmgr.reviews.queries.MOST_AT_ONCE", 0)
    monkeypatch.setattr(kept, "stamp_of", None)
    state = kept.kept_marks(intake, PHASE)
    assert not state.is_stale and not state.is_due
    with clock.at(clock.now() + FRESH):
        assert kept.kept_marks(intake, PHASE).is_due


def test_two_who_ask_make_one_job() -> None:
    intake = read_by_a_jury()
    for _ in range(2):
        with writing():
            keeping.ask(_manager(), intake)
    assert len(db.session.scalars(sa.select(Job)).all()) == 1


def test_what_rests_on_older_marks_is_old_and_the_first_marks_stay_the_first() -> None:
    intake = _harmonised()
    digest = _found(intake).digest
    assert not kept.kept_marks(intake, PHASE).is_stale
    row = db.session.scalars(sa.select(Review).order_by(Review.application_id, Review.id)).first()
    assert row is not None
    who, total = row.reviewer_id, row.total_thousandths
    viewer = next(each for each in map(reader, range(8)) if each.person_id == who)
    with writing():
        reading.reopen(_manager(), row.reference, "Une erreur de saisie.")
    later = kept.kept_marks(intake, PHASE)
    assert later.is_stale and not later.is_due  # it was asked for a moment ago
    with writing():
        reading.score(viewer, row.reference, dict.fromkeys(row.scores, 5))
    first = next(
        each for each in readings_in(intake)[PHASE] if each.standing == 20_000 and each.first == total
    )
    with clock.at(clock.now() + FRESH):
        assert kept.kept_marks(intake, PHASE).is_due
        with writing():
            keeping.ask(_manager(), intake)
        assert work() == 1
    again = _found(intake)
    assert again.digest == digest and not kept.kept_marks(intake, PHASE).is_stale
    formula = MarkFormula.of_json(again.formulas["harmonised"])
    own = [(each.reader, each.standing) for each in readings_in(intake)[PHASE] if each.file == first.file]
    assert _rows(again)[first.file].harmonised == formula.mark(own)


def test_without_readings_nothing_is_kept_and_nothing_is_asked_again() -> None:
    intake = _harmonised()
    with writing() as session:
        session.execute(sa.delete(Review))
    with clock.at(clock.now() + FRESH):
        with writing():
            keeping.ask(_manager(), intake)
        assert work() == 1
        assert harmonisation_of(intake.id, PHASE) is None
        assert db.session.scalar(sa.select(sa.func.count()).select_from(HarmonisedFile)) == 0
        state = kept.kept_marks(intake, PHASE)
        assert not state.is_stale and not state.is_due


@pytest.mark.parametrize("files", [1, 2, 3])
def test_a_few_files_are_harmonised_too(files: int) -> None:
    intake = _harmonised(files, seats=2)
    found = _found(intake)
    assert found.seats == min(2, files) and len(_rows(found)) == files


def test_more_seats_make_it_old() -> None:
    intake = _harmonised()
    before = stamp_of(intake)
    with writing() as session:
        session.execute(sa.update(Offering).values(seats=20))
    assert stamp_of(intake) != before and kept.kept_marks(intake, PHASE).is_stale
    with clock.at(clock.now() + FRESH):
        with writing():
            keeping.ask(SYSTEM, intake)
        assert work() == 1
    assert _found(intake).seats == 20


def test_seats_that_go_from_one_offering_to_another_make_it_old() -> None:
    intake = _harmonised(20, seats=4)
    with writing() as session:
        other = Offering(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            key="soir",
            title={"fr": "Cours du soir", "ar": "دروس مسائية", "en": "Evening classes"},
            seats=2,
        )
        session.add(other)
    before = stamp_of(intake)
    with writing():
        first, other = offerings_of(intake)[0], offerings_of(intake)[-1]
        assert first.seats != other.seats
        first.seats, other.seats = other.seats, first.seats
    assert stamp_of(intake) != before


def test_a_reading_in_the_place_of_one_like_it_makes_it_old() -> None:
    intake = _harmonised()
    before, of_phases = stamp_of(intake), phases.stamp_of(intake)
    with writing() as session:
        one = session.scalars(sa.select(Review).order_by(Review.id)).first()
        assert one is not None
        taken = sa.select(Review.reviewer_id).where(Review.application_id == one.application_id)
        free = next(
            each for each in map(reader, range(8)) if each.person_id not in set(session.scalars(taken))
        )
        columns = {each.key: getattr(one, each.key) for each in sa.inspect(Review).column_attrs}
        like = {**columns, "id": None, "reference": new_reference(), "reviewer_id": free.person_id}
        session.add(Review(**like))
        one.state, one.total_thousandths = ReviewState.RECALLED.value, None
    assert stamp_of(intake) != before and phases.stamp_of(intake) != of_phases


def test_a_reader_is_called_the_same_once_others_have_read() -> None:
    """The letters are spoken of in the commission: one that went over to somebody else would mislead it."""
    intake = _harmonised()
    before = _found(intake).formulas["letters"]
    new = someone(intake, Role.REVIEWER, "late")
    with writing() as session:
        files = session.scalars(sa.select(Application).order_by(Application.id)).all()
        gone = session.scalars(sa.select(Review).where(Review.application_id == files[0].id)).all()
        for row in gone:
            session.delete(row)
        session.flush()
        session.add(reading_of(definition_of(intake).rubric.files, files[0], new, 12.0))
    with clock.at(clock.now() + FRESH):
        with writing():
            keeping.ask(SYSTEM, intake)
        assert work() == 1
    after = _found(intake).formulas["letters"]
    assert after == {**before, new.person_reference: "I"}


def test_it_is_of_the_moment_at_which_marks_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed in while the worker reckons is not in what it keeps, and is not taken for it."""
    begun, found_by = list[datetime](), computing.harmonised

    def noted(given: PhaseWork) -> HarmonisedPhase:
        begun.append(clock.now())
        return found_by(given)

    monkeypatch.setattr(computing, "harmonised", noted)
    assert _found(_harmonised()).made_at <= begun[0]


@pytest.mark.parametrize("criterion", [None, "first", "last"])
def test_equals_stand_as_the_ranking_tells_them_apart(criterion: str | None) -> None:
    """Marks of whole points are often equal at the cut: a page that drew other lots would name others as chosen."""
    intake = read_by_a_jury(30, seats=7)
    order = tie_order(definition_of(intake).rubric)
    with writing() as session:
        for row in session.scalars(sa.select(Review)):
            even = {each.key: 3 for each in order}
            if criterion is not None:
                # Two criteria exchange a point: the total is given as it was, and they tell who comes first.
                more = row.application_id % 3 - 1
                tells = order[0] if criterion == "first" else order[-1]
                even[tells.key] = 3 + more
            row.scores, row.total_thousandths = even, 12_000
    with writing():
        keeping.ask(_manager(), intake)
    assert work() == 1
    board = queries.ranking_of(intake)
    ribbon = _found(intake).figures["ribbons"][offerings_of(intake)[0].reference]
    inside = {row[0] for row in ribbon["harmonised"] if row[4]}
    assert inside == {row.reference for row in board.cut.chosen} and len(inside) == 7
    assert ribbon["harmonised_crossing"] == 0
