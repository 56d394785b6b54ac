"""Reading whom to invite: people with an imported file and no account, and where each is reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact, normalise_mobile
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.rules import CLAIMS
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, from_json
from cohortmgr.jobs.queries import advance_of, job_of, kept_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes.models import Intake

COUNTING = "imports.count"
"""The worker's job that counts whom an invitation would reach, and the kind of its kept result."""
INVITING = "imports.invite"
"""The worker's job that invites the people of a large intake."""
NOBODY = N_("La personne qui l’a demandé n’a plus le droit d’inviter. Demandez-le vous-même.")
MOST_AT_ONCE = 2_000
"""Of an intake with more imported files, the worker counts whom an invitation would reach, and invites them."""


@dataclass(frozen=True)
class Invited:
    """Somebody to invite: `person` as its row, the contact to use, and the reference and number of the imported
    file."""

    person: Any
    contact: Contact
    application: str
    number: str
    has_link: bool


@dataclass(frozen=True)
class Inviting:
    """The newest invitation that was asked of the worker: how far it is, and why it was refused."""

    advance: Advance
    problems: tuple[Problem, ...]


def inviting_of(intake: Intake) -> Inviting:
    """Return the newest invitation that was asked of the worker in an intake; nothing goes on if there was none."""
    kept = kept_of(INVITING, intake.reference)
    job = job_of(kept.job_reference) if kept else None
    result = (job.result or {}) if job else {}
    problems = tuple(map(from_json, result.get("problems", ())))
    return Inviting(advance_of(job.reference) if job else Advance(), problems)


def invitable_counts(intake: Intake) -> tuple[int, int]:
    """How many people an invitation would reach: without those who have a link already, and with them, but for whom
    one has just left. The database counts those who have an address; of the others each number is unsealed to see
    whether it can get SMS. Two statements."""
    has_link = _linked().exists().label("has_link")
    rested = ~_linked(clock.now() - JUST_LEFT).exists()
    by_email = _unclaimed(intake, has_link, sa.func.count()).where(_HAS_EMAIL, rested).group_by("has_link")
    counts = {bool(linked): count for linked, count in db.session.execute(by_email)}
    by_phone = _unclaimed(intake, Person.reference, Person.email, Person.phone_sealed, has_link)
    for row in db.session.execute(by_phone.where(~_HAS_EMAIL, Person.phone_sealed.is_not(None), rested)):
        if reached_by(row) is not None:
            counts[bool(row.has_link)] = counts.get(bool(row.has_link), 0) + 1
    return counts.get(False, 0), sum(counts.values())


def imported(intake: Intake) -> int:
    """How many sent files of an intake were imported, by the counters: so many people may have to be invited."""
    counted = sa.select(sa.func.sum(IntakeCount.files)).where(
        IntakeCount.intake_id == intake.id, IntakeCount.state == "submitted", IntakeCount.source == "import"
    )
    return int(db.session.scalar(counted) or 0)


def invitable(intake: Intake, *, again: bool = False, rested: bool = False) -> list[Invited]:
    """People with an imported file who can be reached but have no way in: no account, and no link that still
    works.

    `again`: include those with a link; `rested`: but for whom one has just left. One statement; telephone numbers must
    be unsealed to see which can get SMS.
    """
    chosen = _to_invite(intake, again)
    if rested:
        chosen = chosen.where(~_linked(clock.now() - JUST_LEFT).exists())
    rows = db.session.execute(chosen)
    return [invited for row in rows if (invited := _invited(row)) is not None]


def next_invitable(
    intake: Intake, again: bool, asked_at: datetime, after: int, most: int
) -> tuple[list[Invited], int | None]:
    """Do `invitable` for some of those whose file has a greater id than `after`, but for whom a link left since
    `asked_at` or just before. Returns them, and up to which id was looked; None at the end."""
    rested = ~_linked(asked_at - JUST_LEFT).exists()
    rows = db.session.execute(
        _to_invite(intake, again).where(Application.id > after, rested).limit(most)
    ).all()
    found = [invited for row in rows if (invited := _invited(row)) is not None]
    return found, rows[-1].application_id if rows else None


def _to_invite(intake: Intake, again: bool) -> sa.Select[Any]:
    query = _unclaimed(
        intake,
        Person.id,
        Application.id.label("application_id"),
        Person.reference,
        Person.email,
        Person.phone_sealed,
        Person.language,
        Person.given_name,
        Person.family_name,
        Application.reference.label("application_reference"),
        Application.number,
        _linked().exists().label("has_link"),
    ).order_by(Application.id)
    return query if again else query.where(~_linked().exists())


def _invited(row: Any) -> Invited | None:
    contact = reached_by(row)
    if contact is None:
        return None
    return Invited(row, contact, row.application_reference, row.number, row.has_link)


# A form that is sent twice sends each link once: so soon nobody wants another.
JUST_LEFT = timedelta(minutes=10)
_HAS_EMAIL = sa.and_(Person.email.is_not(None), Person.email != "")


def _linked(since: datetime | None = None) -> sa.Select[Any]:
    """The links of a person that still lead in; those that were made since then, if that is given."""
    made = () if since is None else (SingleUseLink.created_at > since,)
    return sa.select(SingleUseLink.id).where(
        *made,
        SingleUseLink.subject == Person.reference,
        SingleUseLink.purpose.in_(CLAIMS),
        SingleUseLink.used_at.is_(None),
        SingleUseLink.expires_at > clock.now(),
    )


def _unclaimed(intake: Intake, *wanted: Any) -> sa.Select[Any]:
    """Select of people with an imported file and no account, one row a file."""
    return (
        sa.select(*wanted)
        .select_from(Application)
        .join(Person, Person.id == Application.person_id)
        # The condition of the partial index, as a text.
        .where(Application.intake_id == intake.id, sa.text("applications.source = 'import'"))
        # Nobody writes to a child: what there is to say goes to the guardian.
        .where(Application.consent == "none")
        .where(Application.state == "submitted", without_account())
    )


def without_account() -> sa.ColumnElement[bool]:
    """The condition that a person has no account. Whether their address enters somebody else's does not matter:
    the link leads on to a code, and that to what only they know."""
    return ~sa.select(Account.id).where(Account.person_id == Person.id).exists()


def reached_by(person: Any) -> Contact | None:
    """The contact to which a link goes: the e-mail address of a person (or of their row), else a telephone
    number that can receive SMS; None if there is neither."""
    if person.email:
        return Contact(EMAIL, person.email)
    if person.phone_sealed is None:
        return None
    number = crypto.unseal(person.phone_sealed, "persons", "phone", person.reference)
    try:
        return Contact(SMS, normalise_mobile(number))
    except Refused:
        return None
