"""The log of messages: to whom each one went, for staff who manage the files of those people.

A message has only an institution and a subject. Its person's files tell whether it belongs to the viewer's programme.
A message without a person went to a guardian, whose children's files tell it, or to somebody who is no person of the
application: who was given more time and has not begun, whose imported row waits in the tray, or who asked a question.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.contacts import Contact, contact_of
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import PERMISSIONS, Viewer
from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.text import fold
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.programmes.models import Intake

PERMISSION = "applications.manage"
COUNTED = 200
"""Of so many messages the log says how many there are: whether a viewer may see one is looked up for each."""
# A third of the messages that are read until a page is found and COUNTED are counted, if all were the viewer's.
WALKED = COUNTED // 3
# Whom a message without a person went to, if it is one of the application, and the same where it is asked for each
# message: a join that no condition names is left out where rows are only counted.
_GUARDIAN, _BEARER = aliased(Person), aliased(Person)
_OF_CHILD = (
    _BEARER.reference == Message.subject,
    Guardianship.guardian_id == _BEARER.id,
    Guardianship.institution_id == Message.institution_id,
    Application.person_id == Guardianship.child_id,
    Application.institution_id == Message.institution_id,
)


def _is_one(found: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Whether there is such a row. It is looked up by index for each message that is read: of an EXISTS the planner
    may read all rows first, to hash them, even where a page of fifty messages asks."""
    return found.limit(1).scalar_subquery().is_not(None)


_HIDDEN_CHILD = _is_one(sa.select(Application.id).where(*_OF_CHILD, ~AGREED).correlate(Message))
# Whether what a message says may be read: of a child whose guardian has not agreed nobody reads a word.
_OPEN = sa.or_(Message.person_id.is_not(None), ~_HIDDEN_CHILD).label("may_open")


def visible(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """Select (message, person, guardian, row of the tray, late start, question, may_open), newest first: the messages
    to the people whose files the viewer manages, drafts too, to their guardians, and to those who have no account."""
    inside = within(viewer, PERMISSION, Intake.path)
    files = (
        sa.select(Application.id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.person_id == Message.person_id, AGREED, inside)
        .where(Application.institution_id == Message.institution_id)
        .correlate(Message)
    )
    children = sa.select(Application.id).join(Intake, Intake.id == Application.intake_id)
    children = children.where(*_OF_CHILD, inside).correlate(Message)
    begun_at = sa.or_(TrayRow.intake_id == Intake.id, LateStart.intake_id == Intake.id)
    rows = sa.select(Intake.id).where(begun_at, inside).correlate(TrayRow, LateStart)
    without_person = sa.or_(
        _is_one(children),
        sa.and_(sa.or_(TrayRow.id.is_not(None), LateStart.id.is_not(None)), _is_one(rows)),
        sa.and_(HelpRequest.id.is_not(None), within(viewer, PERMISSION, HelpRequest.path)),
    )
    alone = Message.person_id.is_(None)
    return (
        sa.select(Message, Person, _GUARDIAN, TrayRow, LateStart, HelpRequest, _OPEN)
        .select_from(Message)
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(_GUARDIAN, sa.and_(alone, _GUARDIAN.reference == Message.subject))
        .outerjoin(TrayRow, sa.and_(alone, TrayRow.reference == Message.subject))
        .outerjoin(LateStart, sa.and_(alone, LateStart.reference == Message.subject))
        .outerjoin(HelpRequest, sa.and_(alone, HelpRequest.reference == Message.subject))
        .where(Message.institution_id.in_(_institutions(viewer)))
        .where(sa.or_(sa.and_(~alone, _is_one(files)), sa.and_(alone, without_person)))
        .order_by(Message.due.desc(), Message.id.desc())
    )


def listed(
    viewer: Viewer, state: str, search: str, *, oldest_first: bool = False
) -> sa.Select[*tuple[Any, ...]]:
    """Do `visible`, in either direction, for one state if `state` is one, and for those whose name or address holds
    every word of `search`; who has no name is found by the whole address or number. Two statements, one of them here.
    """
    chosen = visible(viewer)
    if _is_of_few(viewer):
        chosen = chosen.where(Message.id.in_(_to_few(viewer)))
    if state in set(MessageState):
        chosen = chosen.where(Message.state == state)
    whole = _blind(search)
    for word in fold(search).split():
        ways = [
            *(one.search_name.contains(word, autoescape=True) for one in (Person, _GUARDIAN)),
            *(one.email.contains(word, autoescape=True) for one in (Person, _GUARDIAN)),
            TrayRow.name.icontains(word, autoescape=True),
            TrayRow.email.contains(word, autoescape=True),
            HelpRequest.search_text.contains(word, autoescape=True),
        ]
        if whole:
            ways += [each == whole for each in (LateStart.blind, Person.phone_blind, _GUARDIAN.phone_blind)]
        chosen = chosen.where(sa.or_(*ways))
    return chosen.order_by(None).order_by(Message.due, Message.id) if oldest_first else chosen


def _is_of_few(viewer: Viewer) -> bool:
    """Whether it is less work to gather the messages of the viewer's own people than to walk through those of the
    institution, newest first, until a page of theirs and what is counted is found."""
    institutions = _institutions(viewer)
    theirs = sa.func.sum(sa.case((within(viewer, PERMISSION, Intake.path), IntakeCount.files), else_=0))
    counted = sa.select(theirs, sa.func.sum(IntakeCount.files)).join(
        Intake, Intake.id == IntakeCount.intake_id
    )
    files, every = db.session.execute(counted.where(IntakeCount.institution_id.in_(institutions))).one()
    return int(files or 0) ** 2 < WALKED * int(every or 0)


def _to_few(viewer: Viewer) -> sa.CompoundSelect[int]:
    """The ids of all messages that a viewer of few people may see, and of some that they may not."""
    inside, owners = within(viewer, PERMISSION, Intake.path), aliased(Person)
    files = sa.select(Application.person_id).join(Intake, Intake.id == Application.intake_id).where(inside)
    guardians = (
        sa.select(owners.reference)
        .join(Guardianship, Guardianship.guardian_id == owners.id)
        .where(Guardianship.child_id.in_(files))
    )
    tray = sa.select(TrayRow.reference).join(Intake, Intake.id == TrayRow.intake_id).where(inside)
    late = sa.select(LateStart.reference).join(Intake, Intake.id == LateStart.intake_id).where(inside)
    asked = sa.select(HelpRequest.reference).where(within(viewer, PERMISSION, HelpRequest.path))
    to = aliased(Message)
    here = to.institution_id.in_(_institutions(viewer))
    ways = (
        to.person_id.in_(files),
        *(sa.and_(to.person_id.is_(None), to.subject.in_(each)) for each in (guardians, tray, late, asked)),
    )
    return sa.union_all(*(sa.select(to.id).where(here, way) for way in ways))


def _institutions(viewer: Viewer) -> list[int]:
    held = [grant for grant in viewer.grants if grant.role in PERMISSIONS[PERMISSION]]
    return sorted({number for grant in held for number in grant.institutions})


def _blind(search: str) -> str | None:
    """The blind index of the address or number that a search is; None if it is none."""
    try:
        contact = contact_of(search)
    except Refused:
        return None
    return crypto.blind_index(contact.kind, contact.address)


def named(row: sa.Row[*tuple[Any, ...]]) -> str:
    """The name of whom a row of `visible` went to; the address or number of somebody who gave no name."""
    _message, person, guardian, tray, late, question, _may_open = row
    person = person or guardian
    if person is not None:
        return f"{person.given_name} {person.family_name}".strip() or person.email or ""
    if tray is not None:
        return tray.name or tray.email or ""
    if question is not None:
        return question.asker_name or question.asker_email or ""
    return _contact(late).address if late is not None else ""


def _contact(late: LateStart) -> Contact:
    return Contact(late.channel, crypto.unseal(late.sealed, "late_starts", "sealed", late.reference))


def readable(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """Do `visible` for the messages whose words the viewer may read."""
    return visible(viewer).where(_OPEN.element)


def get_for(viewer: Viewer, reference: str) -> Message:
    """Return the message of a public reference. Raises NotFound if the viewer may not read it."""
    found: Message | None = db.session.scalar(readable(viewer).where(Message.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found
