"""Reading cohorts and their members."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.documents.queries import unchecked_files
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, File
from cohortmgr.applications.joining.queries import owed_by
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, NotFound, Problem, Quantity
from cohortmgr.base.hooks import Hook
from cohortmgr.base.registries.waiting import counted_up_to, same_for_all
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PAID, PAID_TO_THE_END, PRESENT, EnrolmentState
from cohortmgr.organisations.models import Organisation
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Question, QuestionKind
from cohortmgr.programmes.models import Intake, Offering, Programme
from cohortmgr.selection.models import Offer
from cohortmgr.selection.people.queries import SEAT
from cohortmgr.selection.rules import OfferState

_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_IN_TRAINING = N_(
    "%(people)s en formation dans « %(cohort)s » (%(programme)s) : écrivez d’abord le dernier jour de chacune."
)

# A hook for higher rooms: the companies of a cohort's members, as enrolment id to a company's name in three
# languages. The rooms' wiring.py fills it.
companies_of_members: Hook[[int], Mapping[int, Mapping[str, str]]] = Hook()


def within(viewer: Viewer, permission: str) -> sa.ColumnElement[bool]:
    """Return the condition that a cohort lies in a scope where the viewer holds a permission."""
    return accounts.within(viewer, permission, Cohort.path)


def visible(viewer: Viewer, permission: str = "cohorts.read") -> sa.Select[Cohort]:
    """Select the cohorts in which the viewer holds the permission, newest first."""
    return (
        sa.select(Cohort)
        .where(within(viewer, permission))
        .order_by(Cohort.starts_on.desc(), Cohort.id.desc())
    )


def get_for(viewer: Viewer, reference: str, permission: str = "cohorts.read") -> Cohort:
    """Return the cohort with this reference if the viewer holds the permission there. Raises NotFound otherwise."""
    found = db.session.scalar(visible(viewer, permission).where(Cohort.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def enrolment_for(viewer: Viewer, reference: str, *, lock: bool = False) -> tuple[Enrolment, Cohort]:
    """Return an enrolment and its cohort if the viewer may read the cohort. Raises NotFound otherwise."""
    wanted = (
        sa.select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.reference == reference, within(viewer, "cohorts.read"))
    )
    if lock:
        wanted = wanted.with_for_update(of=Enrolment).execution_options(populate_existing=True)
    found = db.session.execute(wanted).first()
    if found is None:
        raise NotFound(reference)
    return found[0], found[1]


def name_of(enrolment: Enrolment) -> str:
    """Return the name on the file of an enrolment, or its number."""
    file = db.session.get_one(Application, enrolment.application_id)
    return file.name or file.number


def of_intake(intake_id: int) -> Cohort | None:
    """Return the cohort of an intake, or None if none is open yet."""
    return db.session.scalar(sa.select(Cohort).where(Cohort.intake_id == intake_id))


@same_for_all
def cohort_of(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[str | None]:
    """The reference of an intake's cohort, for the frame of its rooms; NULL as long as none is open."""
    return sa.select(Cohort.reference).where(Cohort.intake_id == intake_id).scalar_subquery()


@same_for_all
def present_in(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many people hold a place in an intake's cohort, for who reads the cohort."""
    present = Enrolment.state.in_([state.value for state in PRESENT])
    joined = sa.select(Enrolment.id).join(Cohort, Cohort.id == Enrolment.cohort_id)
    return counted_up_to(joined.where(Cohort.intake_id == intake_id, present), intake_id)


def by_state(intake_id: int) -> Mapping[str, int]:
    """Return how many enrolments of an intake's cohort are in each state; empty as long as none is open."""
    rows = db.session.execute(
        sa.select(Enrolment.state, sa.func.count())
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.intake_id == intake_id)
        .group_by(Enrolment.state)
    )
    return dict(rows.all())


def to_confirm(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (intake_id, reference, name, starts_on, number) of the cohorts that the viewer manages and in which places
    wait to be confirmed, the first to begin before the others."""
    number = sa.func.count().label("number")
    columns = (Cohort.intake_id, Cohort.reference, Cohort.name, Cohort.starts_on)
    return db.session.execute(
        sa.select(*columns, number)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .where(within(viewer, "cohorts.manage"), Enrolment.state == EnrolmentState.PENDING.value)
        .group_by(Cohort.id)
        .order_by(Cohort.starts_on, Cohort.id)
    ).all()


def to_open(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (id, reference, title, starts_on) of the intakes in which a place was accepted and of which the viewer may
    open the cohort, which nobody has; the first to begin comes first."""
    accepted = sa.exists().where(Offer.intake_id == Intake.id, Offer.state == OfferState.ACCEPTED.value)
    opened = sa.exists().where(Cohort.intake_id == Intake.id)
    columns = (Intake.id, Intake.reference, Intake.title, Intake.starts_on)
    return db.session.execute(
        sa.select(*columns)
        .where(accounts.within(viewer, "cohorts.manage", Intake.path), ~opened, accepted)
        .order_by(Intake.starts_on, Intake.id)
    ).all()


def may_open(viewer: Viewer, intake: Intake) -> bool:
    """Whether the cohort of an intake is the viewer's to open now: nobody has, and seats were offered there. Before
    that there is nobody whom it could unite."""
    if not allows(viewer, "cohorts.manage", intake.path):
        return False
    opened = sa.exists().where(Cohort.intake_id == intake.id)
    offered = sa.exists().where(Offer.intake_id == intake.id)
    return bool(db.session.scalar(sa.select(sa.and_(~opened, offered))))


def intake_of(cohort: Cohort) -> Intake:
    """Return the intake that a cohort came from."""
    return db.session.get_one(Intake, cohort.intake_id)


def diploma_names(intake: Intake) -> dict[str, Mapping[str, str]]:
    """Return option keys to their three texts, for choices of the form that are not stored in a column of persons."""
    questions = programmes.definition_of(intake).form.questions
    return {
        option.key: option.label
        for question in questions
        if question.kind is QuestionKind.CHOICE and question.target is None
        for option in question.options
    }


def members(cohort_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the members of a cohort by name: enrolment, and what lists show of the file, its track among it."""
    return db.session.execute(
        sa.select(
            Enrolment,
            Application.reference.label("application_reference"),
            Application.number,
            Application.name,
            Application.diploma,
            Application.region,
            Application.average_thousandths,
            Offering.title.label("track"),
        )
        .join(Application, Application.id == Enrolment.application_id)
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(Offering, Offering.id == SEAT)
        .where(Enrolment.cohort_id == cohort_id, AGREED)
        .order_by(Application.sort_name, Enrolment.id)
    ).all()


def mine(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the viewer's own enrolments as (Enrolment, Cohort), newest first, for the home page."""
    if viewer.person_id is None:
        return []
    return db.session.execute(
        sa.select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == viewer.person_id)
        .order_by(Enrolment.starts_on.desc())
    ).all()


def enrolled_elsewhere(person_id: int, intake_id: int) -> bool:
    """Whether the person holds a place, confirmed or awaited, in the cohort of another intake."""
    there = [EnrolmentState.PENDING.value, EnrolmentState.ACTIVE.value, EnrolmentState.SUSPENDED.value]
    other = (
        sa.select(Enrolment.id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == person_id, Cohort.intake_id != intake_id, Enrolment.state.in_(there))
    )
    return db.session.scalar(other.limit(1)) is not None


def over(applications: Collection[int]) -> set[int]:
    """Return those of the applications whose training has ended, however it ended, in one statement."""
    ended = [state.value for state in EnrolmentState if state not in PRESENT]
    theirs = (Enrolment.application_id.in_(applications), Enrolment.state.in_(ended))
    return set(db.session.scalars(sa.select(Enrolment.application_id).where(*theirs)))


def took_part(application: Application) -> bool:
    """Whether the person of an application was confirmed in a cohort, if only for a day."""
    begun = [state.value for state in PAID]
    ended = sa.and_(
        Enrolment.state.in_([state.value for state in PAID_TO_THE_END]), Enrolment.ends_on.is_not(None)
    )
    mine = (Enrolment.application_id == application.id, sa.or_(Enrolment.state.in_(begun), ended))
    return db.session.scalar(sa.select(Enrolment.id).where(*mine).limit(1)) is not None


def depending_on(organisation: Organisation) -> list[Problem]:
    """Return, for each cohort that an organisation hosts, how many people are still in training there, also if its
    campaign is archived; one statement."""
    here = (Cohort.institution_id == organisation.id, Enrolment.state.in_([state.value for state in PRESENT]))
    goes_on = sa.or_(Enrolment.ends_on.is_(None), Enrolment.ends_on >= clock.today())
    rows = db.session.execute(
        sa.select(Cohort.name, Programme.title, sa.func.count(Enrolment.id))
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .join(Intake, Intake.id == Cohort.intake_id)
        .join(Programme, Programme.id == Intake.programme_id)
        .where(*here, goes_on)
        .group_by(Cohort.id, Programme.id)
        .order_by(Cohort.id)
    )
    return [
        Problem(_IN_TRAINING, {"people": Quantity(*_PEOPLE, number), "cohort": name, "programme": title})
        for name, title, number in rows
    ]


def owing(rows: Sequence[sa.Row[Any]]) -> list[tuple[sa.Row[Any], tuple[Question, ...]]]:
    """Return those of `members` who are present and still owe something for their enrolment, and what.

    The number of statements does not grow with the rows."""
    present = [row for row in rows if row.Enrolment.state in PRESENT]
    owed = owed_by([row.Enrolment.application_id for row in present])
    return [
        (row, owed[row.Enrolment.application_id]) for row in present if row.Enrolment.application_id in owed
    ]


def held_by_checks(cohort: Cohort) -> Sequence[Application]:
    """Return the files of waiting enrolments whose figures nobody has checked yet on the papers that prove
    them.

    It runs no statement where the definition asks for no check.
    """
    form = programmes.definition_of(intake_of(cohort)).form
    waiting = sa.select(Application).join(Enrolment, Enrolment.application_id == Application.id)
    waiting = waiting.where(
        Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.PENDING.value, AGREED
    )
    return unchecked_files(form, waiting.order_by(Application.sort_name, Application.id))


def state_of(_viewer: Viewer, file: File) -> sa.ColumnElement[str | None]:
    """The state of the enrolment of a file's person, for the head of their page; NULL without one."""
    return sa.select(Enrolment.state).where(Enrolment.application_id == file.application.id).scalar_subquery()


def has_enrolled(_viewer: Viewer, file: File) -> sa.ColumnElement[bool]:
    """Whether a file led to an enrolment, whatever became of it, for the tabs of its person's page."""
    return sa.select(Enrolment.id).where(Enrolment.application_id == file.application.id).exists()


def enrolment_of(
    viewer: Viewer, application: Application, permission: str
) -> tuple[Enrolment, Cohort] | None:
    """Return the enrolment that a file led to, with its cohort, to whoever holds the permission there; else None."""
    row = db.session.execute(
        sa.select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.application_id == application.id, within(viewer, permission))
    ).first()
    return None if row is None else (row[0], row[1])


def file_behind(enrolment_id: int) -> str:
    """Return the reference of the file that an enrolment came from, for the way to its person's page; empty while its
    guardian's agreement is missing."""
    wanted = sa.select(Application.reference).join(Enrolment, Enrolment.application_id == Application.id)
    return db.session.scalar(wanted.where(Enrolment.id == enrolment_id, AGREED)) or ""


def told_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return when a file's person entered the cohort and was confirmed in it, for the path of their page."""
    found = enrolment_of(viewer, application, "cohorts.read")
    if found is None:
        return []
    enrolment, cohort = found
    entered = Problem(N_("Dans la promotion : %(name)s"), {"name": cohort.name})
    told = [HistoryEntry(enrolment.enrolled_at, entered)]
    if enrolment.confirmed_at is not None:
        since = Problem(N_("En formation depuis le %(day)s"), {"day": enrolment.starts_on})
        told.append(HistoryEntry(enrolment.confirmed_at, N_("Inscription confirmée"), more=since))
    return told


def traces(file: File) -> sa.Select[str, str]:
    """Select the enrolment of a file, as the trail names it."""
    kind = sa.literal(Enrolment.__trail__, sa.String).label("kind")
    return sa.select(kind, Enrolment.reference).where(Enrolment.application_id == file.application.id)
