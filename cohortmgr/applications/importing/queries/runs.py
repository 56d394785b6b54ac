"""Reads the runs of the import, the tray, and who may be invited to claim their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact, normalise_mobile
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.rules import CLAIMS, Viewer, allows, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import READ, staff_intake
from cohortmgr.applications.importing.mappings import GivenMapping, mapping_from_json
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.programmes.models import Intake

IMPORT = "applications.import"
OPEN = ("waiting", "asked")
# Among how many of the last files the one with the same columns is sought.
LAST_FILES = 30


@dataclass(frozen=True)
class Waiting:
    """A row of the tray with its intake and the run that brought it."""

    row: TrayRow
    run: ImportRun
    intake: Intake


def require_run(viewer: Viewer, intake: Intake, run: ImportRun) -> None:
    """Require the right to import, and to see this run. A viewer who enrols a group sees only their own
    imports; a viewer who reads the files sees every import. NotFound otherwise."""
    require(viewer, IMPORT, intake.path)
    if sees_own_only(viewer, intake) and run.by != viewer.reference:
        raise NotFound(run.reference)


def sees_own_only(viewer: Viewer, intake: Intake) -> bool:
    """Whether the viewer sees only their own imports there: they may import, but not read the files."""
    return not allows(viewer, READ, intake.path)


def own_runs(viewer: Viewer, intake: Intake) -> frozenset[int] | None:
    """The ids of the viewer's own imports, if they see only those; None if they may read the files."""
    if not sees_own_only(viewer, intake):
        return None
    mine = sa.select(ImportRun.id).where(ImportRun.intake_id == intake.id, ImportRun.by == viewer.reference)
    return frozenset(db.session.scalars(mine))


def intake_for(viewer: Viewer, reference: str) -> Intake:
    """An intake into which the viewer imports; NotFound otherwise."""
    return staff_intake(viewer, reference, IMPORT)


def runs(viewer: Viewer, intake: Intake, limit: int = 20) -> Sequence[ImportRun]:
    """The latest imports, loaded or waiting for confirmation, newest first."""
    shown = [ImportRun.intake_id == intake.id, ImportRun.state != "dropped"]
    if sees_own_only(viewer, intake):
        shown.append(ImportRun.by == viewer.reference)
    return db.session.scalars(
        sa.select(ImportRun).where(*shown).order_by(ImportRun.at.desc(), ImportRun.id.desc()).limit(limit)
    ).all()


def last_mapping(viewer: Viewer, intake: Intake, header: Sequence[str]) -> GivenMapping | None:
    """How the columns of the last loaded file with this header were read, in whatever intake of the programme; None
    if there was none. Where its table stood, and in which order its dates were, is found anew in each file."""
    shown = [Intake.programme_id == intake.programme_id, ImportRun.institution_id == intake.institution_id]
    if sees_own_only(viewer, intake):
        shown.append(ImportRun.by == viewer.reference)
    query = (
        sa.select(ImportRun.filename, ImportRun.mapping)
        .join(Intake, Intake.id == ImportRun.intake_id)
        .where(*shown, ImportRun.state == "loaded", ImportRun.undone_at.is_(None))
        .order_by(ImportRun.at.desc(), ImportRun.id.desc())
        .limit(LAST_FILES)
    )
    for filename, document in db.session.execute(query):
        kept = mapping_from_json(document)
        if set(kept.columns) == set(header):
            return GivenMapping(kept.columns, kept.values, kept.sent_at, remembered_of=filename)
    return None


def tray(viewer: Viewer, intake: Intake, *, settled: bool = False) -> sa.Select[TrayRow]:
    """The rows of the tray that wait, in the order of the file; with `settled`, those that are settled."""
    wanted = TrayRow.state.in_(OPEN)
    mine: sa.ColumnElement[bool] = sa.true()
    if sees_own_only(viewer, intake):
        mine = TrayRow.run_id.in_(sa.select(ImportRun.id).where(ImportRun.by == viewer.reference))
    return (
        sa.select(TrayRow)
        .where(TrayRow.intake_id == intake.id, sa.not_(wanted) if settled else wanted, mine)
        .order_by(TrayRow.line, TrayRow.id)
    )


def enrolled_by(viewer: Viewer, intake: Intake) -> sa.Select[*tuple[Any, ...]]:
    """Name, consent and state of the files that the viewer's own imports made, and nothing else of them."""
    mine = sa.select(ImportRun.id).where(ImportRun.intake_id == intake.id, ImportRun.by == viewer.reference)
    return (
        sa.select(Application.name, Application.consent, Application.state, Application.reference)
        .where(Application.run_id.in_(mine))
        .order_by(Application.sort_name, Application.id)
    )


def waiting_row(reference: str, *, lock: bool = False) -> Waiting:
    """The row of the tray with this reference, without any check of rights; NotFound if there is none.
    `lock`: lock it."""
    query = (
        sa.select(TrayRow, ImportRun, Intake)
        .join(ImportRun, ImportRun.id == TrayRow.run_id)
        .join(Intake, Intake.id == TrayRow.intake_id)
        .where(TrayRow.reference == reference)
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(query.with_for_update(of=TrayRow) if lock else query).first()
    if found is None:
        raise NotFound(reference)
    return Waiting(*found)


@dataclass(frozen=True)
class Invited:
    """Somebody to invite: `person` as its row, the contact to use, and the reference and number of the imported
    file."""

    person: Any
    contact: Contact
    application: str
    number: str
    has_link: bool


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


def invitable(intake: Intake, *, again: bool = False, rested: bool = False) -> list[Invited]:
    """People with an imported file who can be reached but have no way in: no account, and no link that still
    works.

    `again`: include those with a link; `rested`: but for whom one has just left. One statement; telephone numbers must
    be unsealed to see which can get SMS.
    """
    query = _unclaimed(
        intake,
        Person.id,
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
    if not again:
        query = query.where(~_linked().exists())
    if rested:
        query = query.where(~_linked(clock.now() - JUST_LEFT).exists())
    rows = db.session.execute(query)
    return [
        Invited(row, contact, row.application_reference, row.number, row.has_link)
        for row in rows
        if (contact := reached_by(row)) is not None
    ]


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
        .where(Application.intake_id == intake.id, Application.source == "import")
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


def stored_keys() -> set[str]:
    """The keys of all files in the storage that wait for the confirmation of their import."""
    return set(db.session.scalars(sa.select(ImportRun.storage_key).where(ImportRun.storage_key.is_not(None))))
