"""Reading cohorts and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts import queries as accounts
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.documents.queries import unchecked_files
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.joining.queries import owed_by
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.hooks import Hook
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PRESENT, EnrolmentState
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Question, QuestionKind
from cohortmgr.programmes.models import Intake

# What higher floors tell of a cohort's members for its page: enrolment id to the three texts of a company's name.
# Filled where the application is wired.
companies_of_members: Hook[[int], Mapping[int, Mapping[str, str]]] = Hook()


def within(viewer: Viewer, permission: str) -> sa.ColumnElement[bool]:
    """The condition that a cohort lies where the viewer holds a permission."""
    return accounts.within(viewer, permission, Cohort.path)


def visible(viewer: Viewer, permission: str = "cohorts.read") -> sa.Select[Cohort]:
    """The cohorts that the viewer may see for a purpose, newest first."""
    return (
        sa.select(Cohort)
        .where(within(viewer, permission))
        .order_by(Cohort.starts_on.desc(), Cohort.id.desc())
    )


def get_for(viewer: Viewer, reference: str, permission: str = "cohorts.read") -> Cohort:
    """The cohort of a reference if the viewer holds the permission there; NotFound otherwise."""
    found = db.session.scalar(visible(viewer, permission).where(Cohort.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def of_intake(intake_id: int) -> Cohort | None:
    """The cohort of an intake, once it is open."""
    return db.session.scalar(sa.select(Cohort).where(Cohort.intake_id == intake_id))


def intake_of(cohort: Cohort) -> Intake:
    """The intake that a cohort came from."""
    return db.session.get_one(Intake, cohort.intake_id)


def diploma_names(intake: Intake) -> dict[str, Mapping[str, str]]:
    """Option key to its three texts, for the choices of the form that are no column of a person."""
    questions = programmes.definition_of(intake).form.questions
    return {
        option.key: option.label
        for question in questions
        if question.kind is QuestionKind.CHOICE and question.target is None
        for option in question.options
    }


def members(cohort_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Everyone in a cohort by name: the enrolment, and number, name, diploma, region, average of the application."""
    return db.session.execute(
        sa.select(
            Enrolment,
            Application.reference.label("application_reference"),
            Application.number,
            Application.name,
            Application.diploma,
            Application.region,
            Application.average_thousandths,
        )
        .join(Application, Application.id == Enrolment.application_id)
        .where(Enrolment.cohort_id == cohort_id, AGREED)
        .order_by(Application.sort_name, Enrolment.id)
    ).all()


def mine(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """The viewer's own enrolments for their home: (Enrolment, Cohort), newest first."""
    if viewer.person_id is None:
        return []
    return db.session.execute(
        sa.select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == viewer.person_id)
        .order_by(Enrolment.starts_on.desc())
    ).all()


def enrolled_elsewhere(person_id: int, intake_id: int) -> bool:
    """Whether the person has a place, taken or awaited, in the cohort of another intake."""
    there = [EnrolmentState.PENDING.value, EnrolmentState.ACTIVE.value, EnrolmentState.SUSPENDED.value]
    other = (
        sa.select(Enrolment.id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == person_id, Cohort.intake_id != intake_id, Enrolment.state.in_(there))
    )
    return db.session.scalar(other.limit(1)) is not None


def over(applications: Collection[int]) -> set[int]:
    """Of these applications the ones whose training has ended, whichever way; one statement."""
    ended = [state.value for state in EnrolmentState if state not in PRESENT]
    theirs = (Enrolment.application_id.in_(applications), Enrolment.state.in_(ended))
    return set(db.session.scalars(sa.select(Enrolment.application_id).where(*theirs)))


def owing(rows: Sequence[sa.Row[Any]]) -> list[tuple[sa.Row[Any], tuple[Question, ...]]]:
    """Of `members`, those present who still owe something for their enrolment, with what; as many statements
    for many rows as for one."""
    present = [row for row in rows if row.Enrolment.state in PRESENT]
    owed = owed_by([row.Enrolment.application_id for row in present])
    return [
        (row, owed[row.Enrolment.application_id]) for row in present if row.Enrolment.application_id in owed
    ]


def held_by_checks(cohort: Cohort) -> Sequence[Application]:
    """The files of enrolments that wait, and whose figures nobody has read yet on the papers that prove them.

    No statement where the definition asks for none.
    """
    form = programmes.definition_of(intake_of(cohort)).form
    waiting = sa.select(Application).join(Enrolment, Enrolment.application_id == Application.id)
    waiting = waiting.where(
        Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.PENDING.value, AGREED
    )
    return unchecked_files(form, waiting.order_by(Application.sort_name, Application.id))
