"""Gives more time to send: for one file, several, or a whole intake.

Each extension has a reason, and the people whom it concerns are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.deadlines import queries
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import clean
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import require_published, require_unarchived

LONGEST_REASON = 1000
_REASON = N_("Dites pourquoi : la raison reste au journal.")
_LONG = N_("La raison dépasse %(most)s caractères.")
_MOMENT = N_("Choisissez un moment à venir, après la clôture de la campagne.")
_LATE = N_("La réponse est promise pour le %(day)s : le délai doit finir avant.")
_SENT = N_("Ce dossier est déjà envoyé : un délai ne lui sert à rien.")


def extend_one(viewer: Viewer, reference: str, until: datetime, reason: str) -> Extension:
    """Let one person fill in and send a draft until a moment, even after the close; a later extension
    replaces an earlier one."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    return renew(viewer, file.intake, file.application, until, reason)


def renew(viewer: Viewer, intake: Intake, row: Application, until: datetime, reason: str) -> Extension:
    """Like `extend_one`, for a file that the caller may manage."""
    if row.state != ApplicationState.DRAFT:
        raise Refused(_SENT)
    held = queries.extension_of(row)
    if held is not None and held.until == until:
        return held
    if held is not None:
        held.revoked_at = clock.now()
        db.session.flush()
    (made,) = extend_all(viewer, intake, [row], until, reason)
    return made


def extend_all(
    viewer: Viewer,
    intake: Intake,
    rows: Sequence[Application],
    until: datetime,
    reason: str,
    lot: str | None = None,
) -> list[Extension]:
    """Give all these drafts time until the same moment. The caller chose them by the viewer's rights, and none of
    them has an extension yet."""
    reason = clean(reason)
    check(viewer, intake, until, reason)
    made = [
        Extension(
            institution_id=row.institution_id,
            person_id=row.person_id,
            application_id=row.id,
            until=until,
            reason=reason,
            by=viewer.reference,
            at=clock.now(),
            lot=lot,
        )
        for row in rows
    ]
    db.session.add_all(made)
    db.session.flush()
    people = _people([row.person_id for row in rows])
    for row in rows:
        after = {"until": until.isoformat(), "reason": reason}
        record(viewer, "applications.extend", about(row, people[row.person_id].reference), after=after)
    _tell(intake, rows, people, until, lot)
    return made


def revoke(viewer: Viewer, reference: str) -> None:
    """Take back the time given to a file; nothing happens if none was given."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    row, held = file.application, queries.extension_of(file.application)
    if held is not None:
        held.revoked_at = clock.now()
        before, subject = {"until": held.until.isoformat()}, person_reference(row)
        record(viewer, "applications.revoke_extension", about(row, subject), before=before)


def extend_intake(viewer: Viewer, reference: str, until: datetime, reason: str) -> int:
    """Move the close for everybody, and write to those who have a draft that ends then. Returns how many are
    written to: an end of one's own that is later still holds, and nobody is told of an earlier one."""
    before = file_queries.staff_intake(viewer, reference, file_queries.MANAGE).closes_at
    intake = programmes.extend(viewer, reference, until, clean(reason)[:LONGEST_REASON])
    if before == until:
        return 0
    later = sa.select(Extension.id).where(
        Extension.application_id == Application.id, Extension.revoked_at.is_(None), Extension.until >= until
    )
    wanted = sa.select(Application).where(
        Application.intake_id == intake.id,
        Application.state == ApplicationState.DRAFT.value,
        ~later.exists(),
    )
    rows = db.session.scalars(wanted.order_by(Application.id)).all()
    _tell(intake, rows, _people([row.person_id for row in rows]), until, None)
    return len(rows)


def check(viewer: Viewer, intake: Intake, until: datetime, reason: str) -> None:
    """Raise Refused unless there is a reason, and the moment lies after the close and before the day of the
    answer; and if the campaign is in preparation or archived."""
    require(viewer, file_queries.MANAGE, intake.path)
    require_published(intake.state, intake.path)
    require_unarchived(intake.state)
    problems: list[Problem] = []
    if not reason:
        problems.append(Problem(_REASON, {}, "reason"))
    if len(reason) > LONGEST_REASON:
        problems.append(Problem(_LONG, {"most": LONGEST_REASON}, "reason"))
    if until <= max(intake.closes_at, clock.now()):
        problems.append(Problem(_MOMENT, {}, "until"))
    elif clock.local(until).date() >= intake.decision_by:
        problems.append(Problem(_LATE, {"day": intake.decision_by}, "until"))
    if problems:
        raise Refused(*problems)


def _people(numbers: Sequence[int]) -> dict[int, sa.Row[int, str, str | None]]:
    wanted = sa.select(Person.id, Person.reference, Person.email)
    return {
        row.id: row
        for part in in_parts(numbers)
        for row in db.session.execute(wanted.where(Person.id.in_(part)))
    }


def _tell(
    intake: Intake,
    rows: Sequence[Application],
    people: dict[int, sa.Row[int, str, str | None]],
    until: datetime,
    lot: str | None,
) -> None:
    title = dict(definition_of(intake).title)
    send_all(
        Letter(
            "deadline_extended",
            people[row.person_id].reference,
            row.email or people[row.person_id].email or "",
            row.language,
            {
                "name": row.name,
                "programme": title,
                "intake": dict(intake.title),
                "deadline": until,
                "reference": row.reference,
            },
            row.institution_id,
            row.person_id,
            bundle=lot,
        )
        for row in rows
    )
