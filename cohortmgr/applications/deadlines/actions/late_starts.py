"""Gives more time to a person who has not begun, by the e-mail address or telephone number that they prove.

Only an account that entered by that address or number can open the form, so that nobody gets in by a letter
that they read or that was forwarded to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.deadlines.actions import extensions
from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import NotFound, Stale
from cohortmgr.base.text import clean, new_reference
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

LETTER = "late_start"


@dataclass(frozen=True)
class GrantedStart:
    """Time that was given, as staff see it: the address or number it was given to, and the number of the file
    begun with it."""

    row: LateStart
    contact: Contact
    number: str | None


def allow(viewer: Viewer, intake_reference: str, contact: Contact, until: datetime, reason: str) -> None:
    """Let whoever enters by this address or number begin and send until a moment, and write to them.

    If they have a draft already, it gets an extension instead. Saying the same again changes nothing. Of two
    staff who say it at once, the second gets Stale. Raises Refused for the same reasons as an extension of
    one file."""
    intake = file.staff_intake(viewer, intake_reference, file.MANAGE)
    reason = clean(reason)
    extensions.check(viewer, intake, until, reason)
    account = accounts.account_by_contact(contact)
    begun = _begun(intake, account)
    if begun is not None:
        extensions.renew(viewer, intake, begun, until, reason)
        return
    blind = crypto.blind_index(contact.kind, contact.address)
    chosen = sa.select(LateStart).where(LateStart.intake_id == intake.id, LateStart.blind == blind)
    row = db.session.scalar(chosen.with_for_update())
    if row is not None and row.application_id is None and (row.until, row.reason) == (until, reason):
        return
    if row is None:
        reference = new_reference()
        sealed = crypto.seal(contact.address, "late_starts", "sealed", reference)
        row = LateStart(
            reference=reference, institution_id=intake.institution_id, intake_id=intake.id, blind=blind,
            channel=contact.channel, sealed=sealed,
        )  # fmt: skip
    row.until, row.reason, row.by, row.at = until, reason, viewer.reference, clock.now()
    row.application_id = None  # an earlier holder of the number may have used it
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # a colleague was faster
        raise Stale(intake_reference) from None
    send_all([_letter(intake, row, contact, account)])
    after = {"late_start": row.reference, "until": until.isoformat(), "reason": reason}
    record(viewer, "applications.allow_late", about(intake), after=after)


def _begun(intake: Intake, account: Account | None) -> Application | None:
    if account is None:
        return None
    theirs = (Application.intake_id == intake.id, Application.person_id == account.person_id)
    return db.session.scalar(sa.select(Application).where(*theirs))


def _letter(intake: Intake, row: LateStart, contact: Contact, account: Account | None) -> Letter:
    variables = {
        "programme": dict(definition_of(intake).title),
        "intake": dict(intake.title),
        "deadline": row.until,
        "page": intake.reference,
    }
    if account is None:
        return Letter(
            LETTER, row.reference, contact.address, "fr", variables, intake.institution_id,
            channel=contact.channel,
        )  # fmt: skip
    person = db.session.get_one(Person, account.person_id)
    address = contact.address if contact.channel == EMAIL else ""
    return Letter(
        LETTER, person.reference, address, person.language, variables, intake.institution_id, person.id
    )


def given(viewer: Viewer, intake: Intake) -> Sequence[GrantedStart]:
    """The time given in an intake, the newest first; at most 200 rows."""
    require(viewer, file.MANAGE, intake.path)
    rows = db.session.execute(
        sa.select(LateStart, Application.number)
        .outerjoin(Application, sa.and_(Application.id == LateStart.application_id, file.AGREED))
        .where(LateStart.intake_id == intake.id)
        .order_by(LateStart.id.desc())
        .limit(200)
    )
    return [
        GrantedStart(
            row,
            Contact(row.channel, crypto.unseal(row.sealed, "late_starts", "sealed", row.reference)),
            number,
        )
        for row, number in rows
    ]


def take_back(viewer: Viewer, intake_reference: str, reference: str) -> None:
    """Take back time that nobody has used yet. Once a file was begun with it, nothing happens here: the
    file's own extension can be taken back."""
    intake = file.staff_intake(viewer, intake_reference, file.MANAGE)
    chosen = (LateStart.intake_id == intake.id, LateStart.reference == reference)
    row = db.session.scalar(sa.select(LateStart).where(*chosen))
    if row is None:
        raise NotFound(reference)
    if row.application_id is None:
        db.session.delete(row)
        before = {"late_start": reference, "until": row.until.isoformat()}
        record(viewer, "applications.take_back_late", about(intake), before=before)


def open_to(viewer: Viewer, intake: Intake) -> LateStart | None:
    """The late start by which the viewer may begin in a closed intake now: given to an address or number that
    they proved, and not used by anybody yet. None if there is none."""
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None:
        return None
    blinds = [account.phone_blind] if account.phone_blind else []
    if account.email and account.proved_at is not None:
        blinds.append(crypto.blind_index(Contact(EMAIL, account.email).kind, account.email))
    chosen = (
        LateStart.intake_id == intake.id,
        LateStart.blind.in_(blinds),
        LateStart.application_id.is_(None),
        LateStart.until > clock.arrived(),
    )
    with acting_in(intake.institution_id):
        return db.session.scalar(sa.select(LateStart).where(*chosen).order_by(LateStart.until.desc()))


def take_up(viewer: Viewer, late: LateStart, application: Application) -> None:
    """Turn the late start into an extension of the file that was begun with it. If two begin at once, only
    the first gets it."""
    unused = sa.update(LateStart).where(LateStart.id == late.id, LateStart.application_id.is_(None))
    with acting_in(application.institution_id):
        taken = db.session.execute(unused.values(application_id=application.id))
        if not taken.rowcount:  # type: ignore[attr-defined]
            return
        after = {"late_start": late.reference, "until": late.until.isoformat(), "reason": late.reason}
        record(viewer, "applications.extend", about(application, viewer.person_reference), after=after)
        db.session.add(
            Extension(
                institution_id=application.institution_id, person_id=application.person_id,
                application_id=application.id, until=late.until, reason=late.reason, by=late.by, at=late.at,
            )
        )  # fmt: skip
