"""The commission chooses once by which marks a phase is ranked; while anything rests on them, nothing changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Withheld
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.models import Harmonisation, MarkChoice
from cohortmgr.reviews.harmonising.queries import (
    choice_of,
    choices_in,
    first_marks,
    formulas_in,
    is_fresh,
    stamp_of_choices,
)
from cohortmgr.reviews.harmonising.rules import MarkBasis, digest_of_marks
from cohortmgr.reviews.jury.actions import choosing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from tests.databases import Database
from tests.factories.choices import SEASON, known, someone
from tests.integration.reviews.jury.uneven import CRITERIA, generous, harmonise, phased, read_unevenly

pytestmark = pytest.mark.usefixtures("system_context")
MANAGER = "selection_manager@inpt.ma"
WHY = "Une évaluatrice donne bien plus que les autres"


def choose(intake: Any, basis: MarkBasis = MarkBasis.HARMONISED, because: str = WHY) -> MarkChoice:
    with writing():
        return choosing.choose(known(MANAGER), intake.reference, "dossiers", basis, because)


def take_back(intake: Any, because: str = "Après discussion") -> None:
    with writing():
        choosing.take_back(known(MANAGER), intake.reference, "dossiers", because)


def test_a_choice_is_on_record_and_stands_until_it_is_taken_back() -> None:
    intake = read_unevenly()
    harmonise(intake)
    before = stamp_of_choices(intake.id)
    choice = choose(intake, because=f"  {WHY}\n")
    assert (choice.basis, choice.because, choice.chosen_by) == ("harmonised", WHY, known(MANAGER).reference)
    assert choose(intake).id == choice.id, "a second press changes nothing"
    assert formulas_in(intake.id).keys() == {"dossiers"} and stamp_of_choices(intake.id) != before
    with pytest.raises(Refused, match="déjà choisies"):
        choose(intake, MarkBasis.RAW)
    with pytest.raises(Refused) as refusal:
        take_back(intake, " ")
    assert refusal.value.problems[0].where == "because"
    take_back(intake)
    take_back(intake, "Encore")
    assert choice_of(intake.id, "dossiers") is None and not formulas_in(intake.id)
    again = choose(intake, MarkBasis.WEIGHTED)
    kept = db.session.scalars(sa.select(MarkChoice).order_by(MarkChoice.id)).all()
    assert [(row.basis, row.taken_back_because) for row in kept] == [
        ("harmonised", "Après discussion"), ("weighted", ""),
    ]  # fmt: skip
    assert choices_in(intake.id)["dossiers"].id == again.id
    acts = sa.select(Event.action).where(Event.action.like("reviews.%_marks")).order_by(Event.id)
    assert db.session.scalars(acts).all() == [
        "reviews.choose_marks", "reviews.take_back_marks", "reviews.choose_marks",
    ]  # fmt: skip


def test_that_raw_marks_count_may_be_chosen_and_is_said() -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake, MarkBasis.RAW)
    assert not formulas_in(intake.id) and choices_in(intake.id)["dossiers"].basis == "raw"


def test_a_reason_is_asked_and_a_phase_that_people_read() -> None:
    intake = read_unevenly()
    harmonise(intake)
    for because in ("", " \n", "x" * 1001):
        with pytest.raises(Refused) as refusal:
            choose(intake, because=because)
        assert refusal.value.problems[0].where == "because"
    with pytest.raises(NotFound), writing():
        choosing.choose(known(MANAGER), intake.reference, "entretien", MarkBasis.RAW, WHY)
    assert choices_in(intake.id) == {}


def test_nobody_chooses_without_what_was_found_or_on_marks_of_before() -> None:
    intake = read_unevenly()
    with pytest.raises(Refused, match="se refait"):
        choose(intake)
    harmonise(intake)
    with writing():
        reading.reopen(known(MANAGER), own.queue(generous())[0].reference, "À revoir")
    with pytest.raises(Refused, match="se refait"):
        choose(intake)
    harmonise(intake)
    choose(intake)


def test_first_marks_are_those_before_a_discussion() -> None:
    intake = read_unevenly()
    found = harmonise(intake)
    before = first_marks(intake.id, "dossiers")
    assert digest_of_marks(before) == found.digest and len(before) == 24
    scores = PhaseScores.of((each.file, each.reader, each.mark) for each in before)
    assert scores.digest == found.digest, "one digest, with arrays and without"
    reader = generous()
    changed = own.queue(reader)[0]
    with writing():
        reading.reopen(known(MANAGER), changed.reference, "À revoir")
    assert not is_fresh(intake.id, "dossiers", found.digest), "what is reopened does not count meanwhile"
    with writing():
        reading.score(reader, changed.reference, dict.fromkeys(CRITERIA, 1))
    assert first_marks(intake.id, "dossiers") == before
    assert is_fresh(intake.id, "dossiers", found.digest)
    now = db.session.scalar(sa.select(Review.total_thousandths).where(Review.reference == changed.reference))
    assert now == 4_000


def test_what_its_reader_took_back_at_once_was_no_first_mark() -> None:
    intake = read_unevenly()
    reader = known("r1@inpt.ma")
    changed = next(row for row in own.queue(reader) if row.number == "MDIA-000001")  # it is not discussed
    with writing():
        reading.undo(reader, changed.reference)
    with writing():
        reading.score(reader, changed.reference, dict.fromkeys(CRITERIA, 5))
    mine = [each for each in first_marks(intake.id, "dossiers") if each.file == changed.number]
    assert 20_000 in [each.mark for each in mine]


def test_a_file_that_is_withdrawn_makes_what_was_found_a_matter_of_before() -> None:
    intake = read_unevenly()
    found = harmonise(intake)
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.number == "MDIA-000002").values(state="withdrawn")
        )
    assert not is_fresh(intake.id, "dossiers", found.digest)


def test_nothing_is_chosen_or_taken_back_while_a_batch_rests_on_the_intake() -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake)
    with clock.at(SEASON):
        with writing():
            batch = decisions.propose(known(MANAGER), intake.reference)
        with pytest.raises(Refused, match="reposent"):
            take_back(intake)
        with writing():
            decisions.cancel(known(MANAGER), batch.reference)
        take_back(intake)
        with writing():
            decisions.propose(known(MANAGER), intake.reference)
        with pytest.raises(Refused, match="reposent"):
            choose(intake)


def test_nothing_is_chosen_or_taken_back_once_the_phase_or_a_later_one_is_closed() -> None:
    intake = read_unevenly(definition=phased())
    harmonise(intake)
    choose(intake)
    plan = closing.plan_closing(known(MANAGER), intake.reference)
    with writing():
        closing.close(known(MANAGER), plan, plan.stamp)
    with pytest.raises(Refused, match="est close"):
        take_back(intake)
    with writing():
        closing.take_back(known(MANAGER), intake.reference, "dossiers", "Trop tôt")
    take_back(intake)
    plan = closing.plan_closing(known(MANAGER), intake.reference)
    with writing():
        closing.close(known(MANAGER), plan, plan.stamp)
    with pytest.raises(Refused, match="est close"):
        choose(intake)


def test_who_reads_does_not_choose_nor_who_has_a_file_in_the_intake() -> None:
    intake = read_unevenly()
    harmonise(intake)
    for viewer in (generous(), someone(intake, Role.AUDITOR, "auditor")):
        with pytest.raises(NotPermitted), writing():
            choosing.choose(viewer, intake.reference, "dossiers", MarkBasis.RAW, WHY)
        with pytest.raises(NotPermitted), writing():
            choosing.take_back(viewer, intake.reference, "dossiers", WHY)
    manager = known(MANAGER)
    with writing() as session:
        session.execute(
            sa.update(Application)
            .where(Application.number == "MDIA-000012")
            .values(person_id=manager.person_id)
        )
    with pytest.raises(Withheld):
        choose(intake)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Harmonisation)) == 1


def test_of_two_who_choose_at_once_the_second_sees_what_the_first_chose(database: Database) -> None:
    intake = read_unevenly()
    harmonise(intake)
    people = (known(MANAGER), MarkBasis.RAW), (known("programme_administrator@inpt.ma"), MarkBasis.WEIGHTED)
    reference, institution = intake.reference, intake.institution_id
    db.session.commit()

    def press(pair: tuple[Viewer, MarkBasis]) -> str:
        viewer, basis = pair
        with database.app.app_context():
            see([institution], viewer.person_id)
            try:
                with writing():
                    return choosing.choose(viewer, reference, "dossiers", basis, WHY).basis
            except Refused as refusal:
                return str(refusal.problems[0])

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(press, people))
    assert sum("déjà choisies" in each for each in found) == 1
    assert len(db.session.scalars(sa.select(MarkChoice)).all()) == 1


def test_of_one_phase_one_choice_stands() -> None:
    intake = read_unevenly()
    harmonise(intake)
    choice = choose(intake)
    with pytest.raises(sa.exc.IntegrityError), writing() as session:
        session.add(
            MarkChoice(
                reference="another",
                institution_id=intake.institution_id,
                intake_id=intake.id,
                phase="dossiers",
                basis="raw",
                because="x",
                chosen_at=choice.chosen_at,
                chosen_by=choice.chosen_by,
            )
        )
