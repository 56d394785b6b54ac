"""What staff do with a file because its person asks for it in writing: withdraw it."""

from __future__ import annotations

from datetime import date

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.journey.actions.sending import move, on_withdrawal
from cohortmgr.applications.journey.rules import LONGEST_REASON, withdrawal_problems
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.base.text import clean
from cohortmgr.outbox.actions import send
from cohortmgr.programmes.rules import require_published


def withdraw_on_request(
    viewer: Viewer, reference: str, reason: str, requested_on: date | None
) -> Application:
    """Withdraw a sent file on its person's written request, and tell them; nothing happens if it is withdrawn. What it
    frees in higher rooms follows at once.

    Refused without a reason or a day, and for a file that is not sent; Stale if its person changed it meanwhile."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    require_published(file.intake.state, file.intake.path)
    row, reason = file.application, clean(reason).strip()[:LONGEST_REASON]
    if row.state == ApplicationState.WITHDRAWN:
        return row
    if row.state != ApplicationState.SUBMITTED:
        raise Refused(N_("Seule une candidature envoyée se retire."))
    sent_on = clock.local(row.sent_at or row.created_at).date()
    problems = withdrawal_problems(reason, requested_on, sent_on, clock.today())
    if problems or requested_on is None:
        raise Refused(*problems)
    before, after, moment = ApplicationState.SUBMITTED, ApplicationState.WITHDRAWN, clock.now()
    if not move(viewer, row, before, after, {"withdrawn_at": moment, "updated_at": moment}):
        raise Stale(reference)
    person = db.session.get_one(Person, row.person_id)
    said = {"state": after, "reason": reason, "requested_on": requested_on.isoformat()}
    what = about(row, person.reference)
    record(viewer, "applications.withdraw_on_request", what, before={"state": before}, after=said)
    for follow in on_withdrawal:
        follow(viewer, row)
    variables = {
        "name": row.name,
        "number": row.number,
        "programme": dict(file.definition.title),
        "intake": dict(file.intake.title),
        "requested_on": requested_on,
        "reference": row.reference,
    }
    address, home = row.email or person.email or "", row.institution_id
    send("application_withdrawn", person.reference, address, row.language, variables, home, row.person_id)
    return row
