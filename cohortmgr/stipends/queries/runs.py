"""Reading payment runs and their lines. RIBs stay sealed here; actions open them, and note it in the audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PAID, PAID_TO_THE_END
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement
from cohortmgr.placements.queries.standing import last_hosting
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import PeriodKind, StipendScheme
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.months import following
from cohortmgr.stipends.returned_accounts import AccountWord, is_confirmed
from cohortmgr.stipends.rules import (
    SETTLED,
    BankAnswer,
    RunState,
    StipendLineState,
)

_SETTLED = StipendRun.state.in_([state.value for state in SETTLED])

UNANSWERED = (
    StipendLine.state == StipendLineState.PAYABLE.value,
    StipendLine.paid_on.is_(None),
    StipendLine.returned_on.is_(None),
)
"""The lines of a run with the bank that it has neither paid nor returned."""


def visible(viewer: Viewer) -> sa.Select[StipendLine]:
    """Select the viewer's own lines once approved, and the lines of cohorts whose stipends the viewer may read."""
    mine = sa.and_(StipendLine.person_id == (viewer.person_id or -1), StipendLine.released_at.is_not(None))
    theirs = (
        sa.select(StipendRun.id)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(cohorts.within(viewer, "stipends.read"))
    )
    return sa.select(StipendLine).where(sa.or_(mine, StipendLine.run_id.in_(theirs)))


def get_for(viewer: Viewer, reference: str) -> StipendLine:
    """Return the line with this reference if the viewer may see it. Raises NotFound otherwise."""
    found = db.session.scalar(visible(viewer).where(StipendLine.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def mine(viewer: Viewer) -> Sequence[StipendLine]:
    """Return the viewer's own approved stipends, newest month first, for the home page."""
    own = sa.select(StipendLine).where(
        StipendLine.person_id == (viewer.person_id or -1), StipendLine.released_at.is_not(None)
    )
    return db.session.scalars(own.order_by(StipendLine.month.desc(), StipendLine.id.desc())).all()


def own_line(viewer: Viewer, reference: str) -> sa.Row[*tuple[Any, ...]]:
    """Return the viewer's own approved line, with its cohort's name. Raises NotFound for anybody else's."""
    found = db.session.execute(
        sa.select(StipendLine, Cohort.name.label("cohort"))
        .join(Enrolment, Enrolment.id == StipendLine.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(StipendLine.reference == reference, StipendLine.person_id == (viewer.person_id or -1))
        .where(StipendLine.released_at.is_not(None))
    ).first()
    if found is None:
        raise NotFound(reference)
    return found


def run_for(viewer: Viewer, reference: str, *, lock: bool = False) -> tuple[StipendRun, Cohort]:
    """Return a run and its cohort if the viewer may read the cohort's stipends. Raises NotFound otherwise.

    With `lock`, who acts on any month of the cohort is waited for, and the run is read as they left it: months rest on
    one another, and a file that left while its run was being cancelled would be paid again by the next."""
    chosen = (
        sa.select(StipendRun, Cohort)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(StipendRun.reference == reference, cohorts.within(viewer, "stipends.read"))
    )
    if lock:
        of_run = sa.select(StipendRun.cohort_id).where(StipendRun.reference == reference).scalar_subquery()
        db.session.execute(sa.select(Cohort.id).where(Cohort.id == of_run).with_for_update())
        chosen = chosen.execution_options(populate_existing=True)
    found = db.session.execute(chosen).first()
    if found is None:
        raise NotFound(reference)
    return found[0], found[1]


def line_for(viewer: Viewer, reference: str) -> tuple[StipendLine, StipendRun, Cohort]:
    """Return a line with its run and cohort to act on, as `run_for` does with `lock`."""
    line = get_for(viewer, reference)
    run, cohort = run_for(viewer, run_of(line).reference, lock=True)
    now = sa.select(StipendLine).where(StipendLine.id == line.id)
    return db.session.scalars(now.execution_options(populate_existing=True)).one(), run, cohort


def run_of(line: StipendLine) -> StipendRun:
    """Return the run of a line."""
    return db.session.get_one(StipendRun, line.run_id)


def name_of(line: StipendLine) -> str:
    """Return the name of the person of a line."""
    return db.session.get_one(Person, line.person_id).name


def runs_of(cohort_id: int) -> Sequence[StipendRun]:
    """Return the runs of a cohort, newest month first."""
    return db.session.scalars(
        sa.select(StipendRun)
        .where(StipendRun.cohort_id == cohort_id)
        .order_by(StipendRun.month.desc(), StipendRun.id.desc())
    ).all()


def run_of_month(cohort_id: int, month: date) -> StipendRun | None:
    """Return the run of a cohort for a month (given by its first day) that is not cancelled, or None."""
    kept = (StipendRun.cohort_id == cohort_id, StipendRun.month == month)
    return db.session.scalar(sa.select(StipendRun).where(*kept, StipendRun.state != RunState.CANCELLED.value))


def scheme_of(cohort: Cohort) -> StipendScheme | None:
    """Return the stipend of a cohort's programme, in the months of its intake; None if it pays none."""
    intake = cohorts.intake_of(cohort)
    return programmes.definition_of(intake).stipend_of(intake.key)


def holidays_of(cohort: Cohort) -> tuple[tuple[date, date], ...]:
    """Return the first and last day of each holiday in the calendar of a cohort's intake."""
    intake = cohorts.intake_of(cohort)
    periods = programmes.definition_of(intake).calendar_of(intake.key).periods
    return tuple((each.starts_on, each.ends_on) for each in periods if each.kind is PeriodKind.HOLIDAY)


def lines_of(run_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (Line, given_name, family_name, company, the file's reference where it may be opened) of a run, by company
    and name, in two statements."""
    month = db.session.scalar(sa.select(StipendRun.month).where(StipendRun.id == run_id)) or date.min
    last_day = following(month) - timedelta(days=1)
    return db.session.execute(
        sa.select(
            StipendLine,
            Person.given_name,
            Person.family_name,
            Organisation.name.label("company"),
            Organisation.key.label("company_key"),
            sa.case((AGREED, Application.reference)).label("file_reference"),
        )
        .join(Person, Person.id == StipendLine.person_id)
        .join(Enrolment, Enrolment.id == StipendLine.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .outerjoin(Placement, Placement.id == last_hosting(StipendLine.enrolment_id, last_day))
        .outerjoin(Organisation, Organisation.id == Placement.company_id)
        .where(StipendLine.run_id == run_id)
        .order_by(Organisation.key.nulls_last(), Person.family_name, Person.given_name, StipendLine.id)
    ).all()


def to_pay(cohort_id: int, month: date, also: Collection[int] = ()) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (Enrolment, Person, BankDetails or None, company_id and company_until or None) of those enrolled on a
    day of the month, and of the enrolments `also`, to whom something is left from before.

    People who left during the month are included: they are owed the days before. The company is the one that
    took them last; `company_until` is its last day, if it is over.
    """
    begun = Enrolment.starts_on < following(month)
    present = sa.and_(
        Enrolment.state.in_([state.value for state in PAID]),
        sa.or_(Enrolment.ends_on.is_(None), Enrolment.ends_on >= month),
    )
    left = sa.and_(
        Enrolment.state.in_([state.value for state in PAID_TO_THE_END]), Enrolment.ends_on >= month
    )
    return db.session.execute(
        sa.select(
            Enrolment, Person, BankDetails, Placement.company_id, Placement.ends_on.label("company_until")
        )
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(
            BankDetails,
            sa.and_(
                BankDetails.person_id == Enrolment.person_id,
                BankDetails.institution_id == Enrolment.institution_id,
            ),
        )
        .outerjoin(
            Placement, Placement.id == last_hosting(Enrolment.id, following(month) - timedelta(days=1))
        )
        .where(Enrolment.cohort_id == cohort_id)
        .where(sa.or_(sa.and_(begun, sa.or_(present, left)), Enrolment.id.in_(sorted(also))))
        .order_by(Person.family_name, Person.given_name, Enrolment.id)
    ).all()


def bank_details_of(run_id: int) -> Mapping[int, BankDetails]:
    """Return the bank details, still sealed, of everyone in a run, by the person's id."""
    rows = db.session.scalars(
        sa.select(BankDetails)
        .join(StipendLine, StipendLine.person_id == BankDetails.person_id)
        .where(StipendLine.run_id == run_id, StipendLine.institution_id == BankDetails.institution_id)
    )
    return {row.person_id: row for row in rows}


def is_present_account(line: StipendLine, present: BankDetails | None) -> bool:
    """Whether the account of a line is still its person's."""
    return present is not None and present.blind == line.blind


def moved_accounts(run: StipendRun) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (reference, given_name, family_name, last4) of the lines that wait for the
    bank's word and whose persons have had another account since, by name, in one statement."""
    same = (BankDetails.person_id == StipendLine.person_id, BankDetails.institution_id == run.institution_id)
    return db.session.execute(
        sa.select(
            *(StipendLine.reference, Person.given_name, Person.family_name),
            StipendLine.last4,
        )
        .join(Person, Person.id == StipendLine.person_id)
        .outerjoin(BankDetails, sa.and_(*same))
        .where(StipendLine.run_id == run.id, *UNANSWERED)
        .where(sa.or_(BankDetails.id.is_(None), BankDetails.blind != StipendLine.blind))
        .order_by(Person.family_name, Person.given_name, StipendLine.id)
    ).all()


def settled_lines_before(cohort_id: int, month: date) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the lines of the settled runs before a month, the oldest first, with when their run was computed.

    From them follows what is still to pay or to take back: see `rules.Leftover`."""
    columns = (
        *(StipendLine.id, StipendLine.enrolment_id, StipendLine.month, StipendLine.state, StipendLine.items),
        *(StipendLine.net_cents, StipendLine.carried_cents, StipendLine.taken_by_id, StipendLine.returned_on),
    )
    return db.session.execute(
        sa.select(*columns)
        .join(StipendRun, StipendRun.id == StipendLine.run_id)
        .where(StipendRun.cohort_id == cohort_id, StipendRun.month < month, _SETTLED)
        .order_by(StipendLine.enrolment_id, StipendLine.month)
    ).all()


def words_of_accounts(cohort: Cohort) -> Mapping[tuple[int, str], Sequence[AccountWord]]:
    """Return by person id and blind index what lines of all months say of the accounts of a cohort's people to whom
    a transfer ever came back, whatever became of its run, in one statement."""
    members = sa.select(Enrolment.person_id).where(Enrolment.cohort_id == cohort.id)
    bounced = sa.select(StipendLine.person_id).where(StipendLine.returned_on.is_not(None))
    theirs = StipendLine.institution_id == cohort.institution_id
    rows = db.session.execute(
        sa.select(
            *(StipendLine.person_id, StipendLine.blind, StipendLine.month, StipendLine.id),
            *(StipendLine.returned_on, StipendLine.items),
        ).where(theirs, StipendLine.person_id.in_(members), StipendLine.person_id.in_(bounced))
    )
    found: dict[tuple[int, str], list[AccountWord]] = {}
    for row in rows:
        word = AccountWord(row.month, row.id, row.returned_on, is_confirmed(row.items))
        found.setdefault((row.person_id, row.blind), []).append(word)
    return found


def open_lines_before(cohort_id: int, month: date) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (id, month, enrolment_id, carried_cents) of the lines computed and not approved before a month, oldest
    first. They take over what came before them, and what they carry is only expected."""
    waiting = (StipendRun.cohort_id == cohort_id, StipendRun.month < month)
    return db.session.execute(
        sa.select(StipendLine.id, StipendLine.month, StipendLine.enrolment_id, StipendLine.carried_cents)
        .join(StipendRun, StipendRun.id == StipendLine.run_id)
        .where(*waiting, StipendRun.state == RunState.COMPUTED.value)
        .order_by(StipendLine.month)
    ).all()


def settled_before(cohort_id: int, month: date) -> Mapping[date, datetime]:
    """Return the settled months before a month, with when each was computed."""
    rows = db.session.execute(
        sa.select(StipendRun.month, StipendRun.computed_at)
        .where(StipendRun.cohort_id == cohort_id, StipendRun.month < month, _SETTLED)
        .where(StipendRun.computed_at.is_not(None))
    )
    return {row.month: row.computed_at for row in rows}


def late_enrolments(cohort_id: int) -> Sequence[Enrolment]:
    """Return the enrolments of a cohort of which it is known when they were confirmed."""
    confirmed = (Enrolment.cohort_id == cohort_id, Enrolment.confirmed_at.is_not(None))
    return db.session.scalars(sa.select(Enrolment).where(*confirmed).order_by(Enrolment.id)).all()


def later_settled(run: StipendRun) -> StipendRun | None:
    """Return the first settled run of a later month, which rests on this one; None if there is none."""
    later = (StipendRun.cohort_id == run.cohort_id, StipendRun.month > run.month, _SETTLED)
    return db.session.scalar(sa.select(StipendRun).where(*later).order_by(StipendRun.month).limit(1))


def not_handed_before(run: StipendRun) -> StipendRun | None:
    """Return the first approved run of an earlier month that pays somebody and whose file the bank has not; None if
    there is none."""
    earlier = (
        StipendRun.cohort_id == run.cohort_id,
        StipendRun.month < run.month,
        StipendRun.state == RunState.APPROVED.value,
        StipendRun.lines > 0,
    )
    return db.session.scalar(sa.select(StipendRun).where(*earlier).order_by(StipendRun.month).limit(1))


def adjusted_before(run: StipendRun) -> Mapping[int, StipendLine]:
    """Return by enrolment id the lines that finance had adjusted in the last cancelled run of the same month."""
    last = sa.select(sa.func.max(StipendRun.id)).where(
        StipendRun.cohort_id == run.cohort_id,
        StipendRun.month == run.month,
        StipendRun.state == RunState.CANCELLED.value,
    )
    rows = db.session.scalars(
        sa.select(StipendLine).where(
            StipendLine.run_id == last.scalar_subquery(), StipendLine.reason_sealed.is_not(None)
        )
    )
    return {row.enrolment_id: row for row in rows}


def taken_by(line: StipendLine) -> Sequence[StipendLine]:
    """Return the earlier lines that a line took over, the oldest first."""
    taken = sa.select(StipendLine).where(StipendLine.taken_by_id == line.id)
    return db.session.scalars(taken.order_by(StipendLine.month)).all()


def bank_answers(runs: Collection[int]) -> Mapping[int, BankAnswer]:
    """Return by run id what the bank said, in one statement; a run of which it said nothing is left out."""
    if not runs:
        return {}
    paid, back = StipendLine.paid_on.is_not(None), StipendLine.returned_on.is_not(None)
    rows = db.session.execute(
        sa.select(StipendLine.run_id, *(_counted_and_summed(paid)), *(_counted_and_summed(back)))
        .where(StipendLine.run_id.in_(runs), sa.or_(paid, back))
        .group_by(StipendLine.run_id)
    )
    return {row[0]: BankAnswer(*(int(each) for each in row[1:])) for row in rows}


def _counted_and_summed(which: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[int], ...]:
    return (
        sa.func.sum(sa.case((which, 1), else_=0)),
        sa.func.sum(sa.case((which, StipendLine.net_cents), else_=0)),
    )


def waits_for_the_bank(run_id: int) -> int:
    """Return of how many lines of a run the bank has not said anything."""
    waiting = sa.select(sa.func.count()).select_from(StipendLine).where(StipendLine.run_id == run_id)
    return db.session.scalar(waiting.where(*UNANSWERED)) or 0
