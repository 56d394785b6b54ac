"""Counts whom a change concerns: drafts that move, answers that are kept aside, people of each intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application, Document, IntakeCount
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.db import db
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import EnrolmentState
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition
from cohortmgr.programmes.drafts.queries import RunningIntake
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.regrading.queries import begun_otherwise
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.rules import BatchState, OfferState, Outcome, WaitingState

# The answers of more files are not read to be counted.
MOST_READ = 5_000
_TAKE_PART = (EnrolmentState.PENDING, EnrolmentState.ACTIVE, EnrolmentState.SUSPENDED)


@dataclass(frozen=True)
class AnswerCounts:
    """How many drafts and how many sent files answer a question. For a sealed question, and in a programme of many
    files, the numbers are upper bounds."""

    drafts: int = 0
    sent: int = 0
    at_most: bool = False

    def __bool__(self) -> bool:
        return bool(self.drafts or self.sent)


def answered(programme_id: int, questions: Sequence[Question]) -> Mapping[str, AnswerCounts]:
    """How many files answer each question, by its key: one statement for the counters, one for the answers, and one
    for the papers. Of more than MOST_READ files each may answer: theirs is the number that the counters say."""
    every = _files(programme_id)
    if every.drafts + every.sent > MOST_READ:
        return dict.fromkeys([each.key for each in questions], every)
    papers = [each for each in questions if each.kind is QuestionKind.FILE]
    others = [each for each in questions if each.kind is not QuestionKind.FILE]
    found = {each.key: AnswerCounts() for each in questions}
    if others:
        found |= _answers(programme_id, others)
    if papers:
        found |= _papers(programme_id, [each.key for each in papers])
    return found


def _files(programme_id: int) -> AnswerCounts:
    """All files of a programme by the counters, also those that no guardian has agreed to."""
    draft = sa.case((IntakeCount.state == ApplicationState.DRAFT.value, IntakeCount.files), else_=0)
    summed = sa.select(sa.func.sum(draft), sa.func.sum(IntakeCount.files)).join(
        Intake, Intake.id == IntakeCount.intake_id
    )
    drafts, every = db.session.execute(summed.where(Intake.programme_id == programme_id)).one()
    return AnswerCounts(int(drafts or 0), int((every or 0) - (drafts or 0)), at_most=True)


def drafts_of(programme_id: int, intakes: Sequence[str]) -> int:
    """How many drafts there are in the intakes with these keys."""
    counted = sa.select(sa.func.count(Application.id)).join(Intake, Intake.id == Application.intake_id)
    here = (Intake.programme_id == programme_id, Intake.key.in_(intakes))
    return db.session.scalar(counted.where(*here, Application.state == ApplicationState.DRAFT.value)) or 0


@dataclass(frozen=True)
class ConcernedPeople:
    """How many people an intake concerns: files begun and sent, people on the waiting list, offers without an answer,
    and enrolments that are not over."""

    drafts: int = 0
    sent: int = 0
    waiting: int = 0
    offers: int = 0
    enrolled: int = 0

    def __bool__(self) -> bool:
        return bool(self.drafts or self.sent or self.waiting or self.offers or self.enrolled)


def concerned(programme_id: int) -> dict[str, ConcernedPeople]:
    """How many people each intake of a programme concerns, by its key. One statement, over counters and indexes."""

    def of_intake(counted: sa.Select[int]) -> sa.ScalarSelect[int]:
        return counted.correlate(Intake).scalar_subquery()

    draft = IntakeCount.state == ApplicationState.DRAFT.value
    sent = IntakeCount.state == ApplicationState.SUBMITTED.value
    files = sa.func.coalesce(sa.func.sum(IntakeCount.files), 0)
    # Everybody who waits was put on the list, and that is what the index tells apart.
    waits = sa.and_(
        Decision.outcome == Outcome.WAITING.value, Decision.waiting_state == WaitingState.WAITING.value
    )
    open_offer = Offer.state == OfferState.SENT.value
    takes_part = Enrolment.state.in_([each.value for each in _TAKE_PART])
    rows = db.session.execute(
        sa.select(
            Intake.key,
            of_intake(sa.select(files).where(IntakeCount.intake_id == Intake.id, draft)),
            of_intake(sa.select(files).where(IntakeCount.intake_id == Intake.id, sent)),
            of_intake(
                sa.select(sa.func.count(Decision.id))
                .join(Batch, Batch.id == Decision.batch_id)
                .where(Decision.intake_id == Intake.id, waits, Batch.state == BatchState.APPROVED.value)
            ),
            of_intake(sa.select(sa.func.count(Offer.id)).where(Offer.intake_id == Intake.id, open_offer)),
            of_intake(
                sa.select(sa.func.count(Enrolment.id))
                .join(Cohort, Cohort.id == Enrolment.cohort_id)
                .where(Cohort.intake_id == Intake.id, takes_part)
            ),
        ).where(Intake.programme_id == programme_id)
    )
    return {key: ConcernedPeople(*map(int, figures)) for key, *figures in rows}


@dataclass(frozen=True)
class TouchedIntake:
    """A campaign of the draft: its seats after and before (None if it is new), how many are taken, whom it concerns,
    the most people of its waiting list to whom a seat is offered at once, and whether its files go on being read by
    another rubric, for a reading was handed in. `begun` readings were not, and lose marks to the new rubric; `readers`
    are whose they are."""

    intake: IntakeDefinition
    seats_before: int | None
    taken: int
    people: ConcernedPeople
    called: int = 0
    keeps_rubric: bool = False
    begun: int = 0
    readers: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether publishing makes it."""
        return self.seats_before is None


def touched(
    after: Definition, running: Mapping[str, RunningIntake], people: Mapping[str, ConcernedPeople]
) -> list[TouchedIntake]:
    """The campaigns that the draft describes, the newest first."""
    found = []
    for intake in sorted(after.intakes, key=lambda each: each.opens_at, reverse=True):
        held, who = running.get(intake.key), people.get(intake.key, ConcernedPeople())
        if held is None:
            found.append(TouchedIntake(intake, None, 0, who))
            continue
        seats, taken = sum(held.seats.values()), sum(held.taken.values())
        called = min(_free(intake, held), who.waiting)
        was = definition_of(held.intake).rubric
        is_kept = held.intake.read_by is not None
        begun = [] if is_kept else begun_otherwise(held.intake, was, after.rubric)
        readers = tuple(dict.fromkeys(each.reader for each in begun))
        keeps = is_kept and was != after.rubric
        found.append(TouchedIntake(intake, seats, taken, who, called, keeps, len(begun), readers))
    return found


def _free(intake: IntakeDefinition, held: RunningIntake) -> int:
    """The seats that are free in the choices that get more: their waiting lists are called when they do."""
    return sum(
        each.seats - held.taken[each.key]
        for each in intake.offerings
        if each.key in held.seats and each.seats > held.seats[each.key]
    )


def _given(question: Question) -> sa.ColumnElement[bool]:
    if question.sealed:  # sealed answers are not opened to be counted
        return Application.sealed_answers.is_not(None)
    answer: sa.ColumnElement[str | None] = Application.answers[question.key].as_string()
    return answer.is_not(None)


def _answers(programme_id: int, questions: Sequence[Question]) -> dict[str, AnswerCounts]:
    draft = Application.state == ApplicationState.DRAFT.value
    columns: list[sa.ColumnElement[int]] = []
    for each in questions:
        given = _given(each)
        columns += [
            sa.func.count(sa.case((sa.and_(given, draft), 1))),
            sa.func.count(sa.case((sa.and_(given, sa.not_(draft)), 1))),
        ]
    wanted = sa.select(*columns).join(Intake, Intake.id == Application.intake_id)
    row = db.session.execute(wanted.where(Intake.programme_id == programme_id)).one()
    return {
        each.key: AnswerCounts(row[2 * place], row[2 * place + 1], each.sealed)
        for place, each in enumerate(questions)
    }


def _papers(programme_id: int, keys: Sequence[str]) -> dict[str, AnswerCounts]:
    draft = Application.state == ApplicationState.DRAFT.value
    one_each = sa.distinct(sa.case((draft, Application.id))), sa.distinct(sa.case((~draft, Application.id)))
    wanted = (
        sa.select(Document.question, sa.func.count(one_each[0]), sa.func.count(one_each[1]))
        .join(Application, Application.id == Document.application_id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(
            Intake.programme_id == programme_id, Document.question.in_(keys), Document.replaced_at.is_(None)
        )
        .group_by(Document.question)
    )
    return {key: AnswerCounts(drafts, sent) for key, drafts, sent in db.session.execute(wanted)}
