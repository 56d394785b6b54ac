"""Reads the adults whom somebody invited to apply: their names and where they stand, and nothing of their files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import DAY
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import PUBLIC, within
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
# A child's file, which waits for a guardian, is before nobody yet: it is no more than begun.
STANDING = sa.case(
    (InvitedAdult.apart, HowFar.APART.value),
    (InvitedAdult.application_id.is_(None), HowFar.INVITED.value),
    (Application.state == ApplicationState.WITHDRAWN.value, HowFar.APART.value),
    (Application.state.in_(_UNSENT), HowFar.BEGUN.value),
    else_=HowFar.SENT.value,
)
_STANDS = InvitedAdult.taken_back_at.is_(None)
# Whether a message to somebody came back, or could not leave.
_RETURNED = (
    sa.select(Message.id)
    .where(Message.person_id.is_(None), Message.subject == InvitedAdult.reference, Message.state.in_(_FAILED))
    .exists()
)


@dataclass(frozen=True)
class FoundInvitee:
    """Somebody who was invited, the intake, where they stand, and whether a message to them came back."""

    row: InvitedAdult
    intake: Intake
    standing: HowFar
    returned: bool

    @property
    def awaited(self) -> bool:
        """Whether they may still be reminded."""
        return self.standing in STILL_AWAITED

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
    """Those of some blind indexes whose address or number the viewer has invited already."""
    found: set[str] = set()
    for part in in_parts(blinds):
        query = sa.select(InvitedAdult.blind).where(_own(viewer, intake), InvitedAdult.blind.in_(part))
        found |= set(db.session.scalars(query))
    return found


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
    wanted = _joined(InvitedAdult, Intake, STANDING, _RETURNED).join(
        Intake, Intake.id == InvitedAdult.intake_id
    )
    wanted = wanted.where(InvitedAdult.reference == reference, InvitedAdult.by == viewer.reference, _STANDS)
    row = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(reference)
    require(viewer, IMPORT, row[1].path)
    return FoundInvitee(row[0], row[1], HowFar(row[2]), row[3])


def to_remind(viewer: Viewer, intake: Intake) -> Sequence[InvitedAdult]:
    """Those whom the viewer invited, who have not sent, and to whom nothing was written within a day; who were written
    to longest ago first, so many as one act writes to."""
    long_ago = (STANDING.in_(STILL_AWAITED), InvitedAdult.asked_at <= clock.now() - DAY)
    wanted = _joined(InvitedAdult).where(_own(viewer, intake), *long_ago).limit(MOST)
    return db.session.scalars(wanted.order_by(InvitedAdult.asked_at, InvitedAdult.id)).all()


def still_invited(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each message still holds when it leaves: its person was not taken off the list, and has not sent. One
    statement for all."""
    wanted = sorted({variables["invitee"] for variables in asked})
    held = _joined(InvitedAdult.reference).where(
        InvitedAdult.reference.in_(wanted), _STANDS, STANDING.in_(STILL_AWAITED)
    )
    found = set(db.session.scalars(held))
    return [each["invitee"] in found for each in asked]


def file_of(row: InvitedAdult) -> tuple[str, int] | None:
    """The reference and the person's id of the file that an invited person began; None if there is none."""
    columns = sa.select(Application.reference, Application.person_id)
    found = db.session.execute(columns.where(Application.id == row.application_id)).first()
    return None if found is None else (found.reference, found.person_id)
