"""Reads the adults whom somebody invited to apply: their names and where they stand, and nothing of their files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import DAY
from cohortmgr.accounts.queries.viewers import names_of, still_holds
from cohortmgr.accounts.rules import Viewer, allows, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import MANAGE, PUBLIC, within
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.importing.queries.runs import IMPORT
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.rules import MOST, STILL_AWAITED, HowFar
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.paging import COUNTED, ListPlace, Page, page_of
from cohortmgr.base.registries.waiting import counted_up_to
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.programmes.models import Intake

_UNSENT = (ApplicationState.DRAFT.value, ApplicationState.HELD.value)
_FAILED = (MessageState.RETURNED.value, MessageState.SET_ASIDE.value)
_IS_WITHDRAWN = sa.func.coalesce(Application.state, "") == ApplicationState.WITHDRAWN.value
# Where somebody stands for whoever invited them. That they do not want to be followed, or withdrew, is theirs: they
# are invited, as who never opened the link. A child's file, which waits for a guardian, is before nobody yet: begun.
STANDING = sa.case(
    (sa.or_(InvitedAdult.apart, InvitedAdult.application_id.is_(None), _IS_WITHDRAWN), HowFar.INVITED.value),
    (Application.state.in_(_UNSENT), HowFar.BEGUN.value),
    else_=HowFar.SENT.value,
)
_STANDS = InvitedAdult.taken_back_at.is_(None)
# Who gets no message, whatever is asked; whoever invited them is not told.
_IS_SPARED = sa.or_(InvitedAdult.apart, InvitedAdult.declined_at.is_not(None), _IS_WITHDRAWN)
# Whether a message to somebody came back, or could not leave.
_RETURNED = (
    sa.select(Message.id)
    .where(Message.person_id.is_(None), Message.subject == InvitedAdult.reference, Message.state.in_(_FAILED))
    .exists()
)


@dataclass(frozen=True)
class FoundInvitee:
    """Somebody who was invited, the intake, where they stand for whoever invited them, whether a message to them came
    back, and whether they get none any longer."""

    row: InvitedAdult
    intake: Intake
    standing: HowFar
    returned: bool
    spared: bool

    @property
    def awaited(self) -> bool:
        """Whether a reminder may be asked for."""
        return self.standing in STILL_AWAITED and not self.returned

    @property
    def contact(self) -> Contact:
        """Where messages to them go."""
        return contact_of(self.row)


def contact_of(row: InvitedAdult) -> Contact:
    """Return the address or number to which the messages of an invited person go."""
    return Contact(row.channel, crypto.unseal(row.sealed, "invitees", "sealed", row.reference))


def _joined(*wanted: Any) -> sa.Select[Any]:
    chosen = sa.select(*wanted).select_from(InvitedAdult)
    return chosen.outerjoin(Application, Application.id == InvitedAdult.application_id)


def _own(viewer: Viewer, intake: Intake) -> sa.ColumnElement[bool]:
    return sa.and_(InvitedAdult.intake_id == intake.id, InvitedAdult.by == viewer.reference, _STANDS)


def invited_by(viewer: Viewer, intake: Intake, place: ListPlace, size: int, standing: str = "") -> Page:
    """A page of name, group, standing and reference of those whom the viewer invited."""
    own = _own(viewer, intake)
    columns = (
        InvitedAdult.name,
        InvitedAdult.group_name,
        STANDING.label("standing"),
        InvitedAdult.asked_at,
        InvitedAdult.reference,
    )
    listed = _joined(*columns, _RETURNED.label("returned")).where(own)
    listed = listed.order_by(InvitedAdult.sort_name, InvitedAdult.id)
    if standing == "awaited":
        listed = listed.where(STANDING.in_(STILL_AWAITED))
    elif standing:
        listed = listed.where(STANDING.in_([standing]))
    return page_of(listed, place, size, among=[own])


def counts(viewer: Viewer, intake: Intake) -> dict[str, int]:
    """How many of those whom the viewer invited stand where, of a thousand at most; one statement."""
    first = _joined(STANDING.label("standing")).where(_own(viewer, intake)).limit(COUNTED).subquery()
    rows = db.session.execute(sa.select(first.c.standing, sa.func.count()).group_by(first.c.standing))
    return {row[0]: row[1] for row in rows}


def last_group(viewer: Viewer, intake: Intake) -> str:
    """The school or employer in whose name the viewer invited last; empty if they have not."""
    latest = (
        sa.select(InvitedAdult.group_name)
        .where(_own(viewer, intake))
        .order_by(InvitedAdult.id.desc())
        .limit(1)
    )
    return db.session.scalar(latest) or ""


def known_among(viewer: Viewer, intake: Intake, blinds: Collection[str]) -> set[str]:
    """Those of some blind indexes whose address or number the viewer has invited already, or whose person said of this
    intake, to whoever invited them, that they want no more messages."""
    found: set[str] = set()
    declined = sa.and_(InvitedAdult.intake_id == intake.id, InvitedAdult.declined_at.is_not(None))
    here = sa.or_(_own(viewer, intake), declined)
    for part in in_parts(blinds):
        query = sa.select(InvitedAdult.blind).where(here, InvitedAdult.blind.in_(part))
        found |= set(db.session.scalars(query))
    return found


def ever_asked(viewer: Viewer, intake: Intake, blinds: Collection[str]) -> set[str]:
    """Those of some blind indexes of which the viewer has a row in the intake, though it be off their list."""
    found: set[str] = set()
    for part in in_parts(blinds):
        own = (InvitedAdult.intake_id == intake.id, InvitedAdult.by == viewer.reference)
        found |= set(
            db.session.scalars(sa.select(InvitedAdult.blind).where(*own, InvitedAdult.blind.in_(part)))
        )
    return found


@dataclass(frozen=True)
class LeftList:
    """A list whose inviter may invite no longer: who they are, in whose name they invited, and how many are on it."""

    by: str
    inviter: str
    group_name: str
    number: int


def left_lists(viewer: Viewer, intake: Intake) -> Sequence[LeftList]:
    """The lists of an intake whose inviters lost their role there, for whoever manages its files, to whom one may pass;
    empty for anybody else. Nothing of anybody on them is read."""
    if not allows(viewer, MANAGE, intake.path):
        return ()
    columns = (InvitedAdult.by, sa.func.max(InvitedAdult.group_name), sa.func.count())
    wanted = (
        sa.select(*columns).where(_left(intake)).group_by(InvitedAdult.by).order_by(sa.func.count().desc())
    )
    rows = db.session.execute(wanted).all()
    names = names_of(*(row[0] for row in rows))
    return [LeftList(by, names.get(by, ""), group, number) for by, group, number in rows]


def left_by(intake: Intake, by: str) -> Sequence[InvitedAdult]:
    """The rows of the list that one inviter left behind, locked."""
    wanted = sa.select(InvitedAdult).where(_left(intake), InvitedAdult.by == by)
    return db.session.scalars(wanted.order_by(InvitedAdult.id).with_for_update(of=InvitedAdult)).all()


def _left(intake: Intake) -> sa.ColumnElement[bool]:
    here = InvitedAdult.intake_id == intake.id
    return sa.and_(here, _STANDS, ~still_holds(InvitedAdult.by.expression, IMPORT, intake.path))


def awaiting(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(id, reference, title, number) of the open intakes in which people whom the viewer invited have not sent."""
    here = (
        InvitedAdult.intake_id == Intake.id,
        InvitedAdult.by == viewer.reference,
        _STANDS,
        STANDING.in_(STILL_AWAITED),
    )
    number = counted_up_to(_joined(InvitedAdult.id).where(*here), Intake.id).label("number")
    brought = sa.exists().where(
        InvitedAdult.intake_id == Intake.id, InvitedAdult.by == viewer.reference, _STANDS
    )
    chosen = sa.select(Intake.id, Intake.reference, Intake.title, number).where(
        within(viewer, IMPORT), brought, PUBLIC, Intake.closes_at > clock.now()
    )
    rows = db.session.execute(chosen.order_by(Intake.closes_at, Intake.id))
    return [row for row in rows if row.number]


def invitee_for(viewer: Viewer, reference: str) -> FoundInvitee:
    """Somebody whom the viewer invited. NotFound for anybody else."""
    wanted = _joined(InvitedAdult, Intake, STANDING, _RETURNED, _IS_SPARED)
    wanted = wanted.join(Intake, Intake.id == InvitedAdult.intake_id)
    wanted = wanted.where(InvitedAdult.reference == reference, InvitedAdult.by == viewer.reference, _STANDS)
    row = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(reference)
    require(viewer, IMPORT, row[1].path)
    return FoundInvitee(row[0], row[1], HowFar(row[2]), row[3], row[4])


def row_ever_by(viewer: Viewer, reference: str) -> tuple[InvitedAdult, Intake]:
    """The row of somebody whom the viewer invited, though they be off the list, and its intake. NotFound otherwise."""
    wanted = sa.select(InvitedAdult, Intake).join(Intake, Intake.id == InvitedAdult.intake_id)
    wanted = wanted.where(InvitedAdult.reference == reference, InvitedAdult.by == viewer.reference)
    found = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(reference)
    require(viewer, IMPORT, found[1].path)
    return found[0], found[1]


def to_remind(viewer: Viewer, intake: Intake) -> list[tuple[InvitedAdult, bool]]:
    """Those whom the viewer invited, who have not sent, whose messages arrive, and for whom none was asked within a
    day, each with whether they get none any longer; who were written to longest ago first, so many as one act takes."""
    long_ago = (STANDING.in_(STILL_AWAITED), InvitedAdult.asked_at <= clock.now() - DAY, ~_RETURNED)
    wanted = _joined(InvitedAdult, _IS_SPARED).where(_own(viewer, intake), *long_ago).limit(MOST)
    rows = db.session.execute(wanted.order_by(InvitedAdult.asked_at, InvitedAdult.id))
    return [(row, spared) for row, spared in rows]


def still_invited(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each message still holds when it leaves: its person was not taken off the list, wants to be written to,
    and has not sent. One statement for all."""
    wanted = sorted({variables["invitee"] for variables in asked})
    held = _joined(InvitedAdult.reference).where(
        InvitedAdult.reference.in_(wanted), _STANDS, STANDING.in_(STILL_AWAITED), ~_IS_SPARED
    )
    found = set(db.session.scalars(held))
    return [each["invitee"] in found for each in asked]


def file_of(row: InvitedAdult) -> tuple[str, int] | None:
    """The reference and the person's id of the file that an invited person began; None if there is none."""
    columns = sa.select(Application.reference, Application.person_id)
    found = db.session.execute(columns.where(Application.id == row.application_id)).first()
    return None if found is None else (found.reference, found.person_id)


def followed_by(application: Application) -> Sequence[InvitedAdult]:
    """The invitations whose inviters see how far a file is, in the order in which they were made."""
    chosen = sa.select(InvitedAdult).where(
        InvitedAdult.application_id == application.id, InvitedAdult.apart.is_(False), _STANDS
    )
    return db.session.scalars(chosen.order_by(InvitedAdult.id)).all()
