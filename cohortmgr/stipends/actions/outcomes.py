"""What becomes of an approved run: the bank pays its lines or returns them, or the run is cancelled."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, allows, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.rules import (
    OPEN,
    RUN_STATES,
    WITH_BANK,
    RunState,
    StipendLineState,
    bank_day_problems,
    reason_problems,
)


def mark_paid(viewer: Viewer, run_reference: str, day: date) -> int:
    """Note that the bank paid every line of a run of which it has not said anything yet. Returns how many.

    The run is then paid. Refused before the file was made, and for a day that is not between accord and today."""
    run, cohort = queries.run_for(viewer, run_reference, lock=True)
    _require_with_bank(viewer, run, cohort)
    _require_day(run, day)
    waiting = sa.update(StipendLine).where(StipendLine.run_id == run.id, *queries.UNANSWERED)
    paid = waiting.values(paid_on=day).returning(StipendLine.reference)
    found = db.session.scalars(paid.execution_options(synchronize_session=False)).all()
    db.session.expire_all()
    _end(run)
    if found:
        record(viewer, "stipends.mark_paid", about(run), after={"paid_on": day, "lines": sorted(found)})
    return len(found)


def mark_line(
    viewer: Viewer, line_reference: str, day: date, returned: bool, because: str = ""
) -> StipendLine:
    """Note that the bank paid one line on this day, or returned it, with its reason. It may be corrected.

    What came back is paid by the next month that is computed. Once a later month took it over, the word stands:
    Refused. The same word again changes nothing."""
    line, run, cohort = queries.line_for(viewer, line_reference)
    _require_with_bank(viewer, run, cohort)
    because = because.strip() if returned else ""
    given = (None, day, because) if returned else (day, None, because)
    before = (line.paid_on, line.returned_on, line.returned_because)
    if before == given:
        return line
    if line.state != StipendLineState.PAYABLE:
        raise Refused(N_("Cette ligne a été mise de côté : la banque ne l’a pas reçue."))
    if line.taken_by_id is not None:
        raise Refused(N_("Un mois suivant a déjà repris ce montant : ce que la banque a dit ne change plus."))
    _require_day(run, day)
    if returned and (problems := reason_problems(because)):
        raise Refused(*problems)
    line.paid_on, line.returned_on, line.returned_because = given
    db.session.flush()
    _end(run)
    person = db.session.get_one(Person, line.person_id)
    act = "stipends.mark_returned" if returned else "stipends.mark_line_paid"
    told = {"paid_on": before[0], "returned_on": before[1]}
    record(viewer, act, about(line, person.reference), before=told, after={"day": day, "reason": because})
    return line


def cancel(viewer: Viewer, run_reference: str, reason: str, version: int) -> StipendRun:
    """Cancel a run, with a reason: none of its amounts is paid, and its month can be opened again.

    What it had taken over from earlier months is open again. An approved run is cancelled by who may approve.
    Refused once the bank has paid a line, and while a later month that rests on it stands. Cancelling again
    changes nothing."""
    run, cohort = queries.run_for(viewer, run_reference, lock=True)
    if RunState(run.state) in OPEN and allows(viewer, "stipends.prepare", cohort.path):
        pass
    else:
        require(viewer, "stipends.approve", cohort.path)
    if run.state == RunState.CANCELLED:
        return run
    if run.version != version:
        raise Stale(run_reference)
    RUN_STATES.move(run.state, RunState.CANCELLED)
    _require_cancellable(run, reason)
    before = {"state": run.state, "lines": run.lines, "total_cents": run.total_cents}
    run.state, run.cancelled_by, run.cancelled_at = RunState.CANCELLED.value, viewer.reference, clock.now()
    run.cancelled_because = reason.strip()
    mine = sa.select(StipendLine.id).where(StipendLine.run_id == run.id).scalar_subquery()
    for change in (
        sa.update(StipendLine).where(StipendLine.taken_by_id.in_(mine)).values(taken_by_id=None),
        sa.update(StipendLine).where(StipendLine.run_id == run.id).values(released_at=None),
    ):
        db.session.execute(change.execution_options(synchronize_session=False))
    db.session.flush()
    db.session.expire_all()
    record(viewer, "stipends.cancel", about(run), before=before, after={"reason": reason.strip()})
    return run


def _require_with_bank(viewer: Viewer, run: StipendRun, cohort: Cohort) -> None:
    require(viewer, "stipends.prepare", cohort.path)
    if RunState(run.state) not in WITH_BANK:
        raise Refused(N_("La banque n’a pas encore le fichier de cet état : elle n’a rien pu payer."))


def _require_day(run: StipendRun, day: date) -> None:
    first = clock.local(run.approved_at).date() if run.approved_at else run.month
    problems = bank_day_problems(day, first, clock.today())
    if problems:
        raise Refused(*problems)


def _require_cancellable(run: StipendRun, reason: str) -> None:
    problems = reason_problems(reason)
    if problems:
        raise Refused(*problems)
    paid = (StipendLine.run_id == run.id, StipendLine.paid_on.is_not(None))
    if db.session.scalar(sa.select(StipendLine.id).where(*paid).limit(1)) is not None:
        raise Refused(
            N_("La banque a payé des lignes de cet état : il ne s’annule plus. Marquez les autres revenues.")
        )
    later = queries.later_settled(run)
    if later is not None:
        what = N_("Le mois %(month)s est approuvé et repose sur celui-ci : annulez-le d’abord.")
        raise Refused(Problem(what, {"month": f"{later.month:%m/%Y}"}))


def _end(run: StipendRun) -> None:
    """Mark the run as paid once the bank has said a word of every line."""
    if run.state == RunState.EXPORTED and queries.waits_for_the_bank(run.id) == 0:
        run.state = RunState.PAID.value
        db.session.flush()
