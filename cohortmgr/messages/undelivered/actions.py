"""Handle messages that did not reach their person: what the outbox reports, and what staff do about it."""

from __future__ import annotations

import logging
import re
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.actions import letters, links
from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.contacts import contact_of as contact_typed
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries.known_people import is_reached_as_bearer
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import LINK_LIFETIME, SYSTEM, Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.guardians.queries import contact_of
from cohortmgr.applications.importing.actions.invitations import LETTER as INVITATION
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.crypto import blind_index
from cohortmgr.base.db import db, insert_or_leave
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import clean, new_reference
from cohortmgr.messages.helpdesk.actions.questions import (
    HelpRequestScope,
    NewThreadEntry,
    back_to_desk,
    say_once,
)
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.messages.helpdesk.rules import EntryKind
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind, Resolution, kind_of
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.rules import MessageState
from cohortmgr.programmes.models import Intake, Programme

MANAGE = "applications.manage"
# What is told in place of a server's answer.
COMPLAINT, UNCLEAR = DeliveryTroubleKind.COMPLAINT.value, DeliveryTroubleKind.UNCLEAR.value
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s.<>,;\"]+(\.[^@\s.<>,;\"]+)+")
_NO_ADDRESS = N_("Écrivez l’adresse en entier, par exemple nom@exemple.ma.")
_SAME = N_("C’est l’adresse qui ne reçoit pas. Écrivez la nouvelle.")
_NO_NOTE = N_("Écrivez ce qui a été dit, en une phrase.")
_NOT_ARRIVED = N_("La réponse n’est pas arrivée : l’adresse laissée ne reçoit pas. Cherchez un autre moyen.")
_OF_CHILD = N_("C’est le contact de l’enfant. Écrivez celui du tuteur légal.")
# A letter to a guardian is recognised by its file, which is the child's; the file itself may be hidden.
_OF_GUARDIAN = sa.and_(
    DeliveryTrouble.application_id.is_not(None), DeliveryTrouble.person_id != Application.person_id
)
_log = logging.getLogger(__name__)


def visible(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """Select (trouble, person, file's number and reference) that are not resolved,
    where the viewer manages the files."""
    return (
        sa.select(
            DeliveryTrouble,
            Person,
            sa.case((AGREED, Application.number)).label("file_number"),
            Application.reference.label("file_reference"),
            Message.key.label("message_key"),
            _OF_GUARDIAN.label("of_guardian"),
        )
        .join(Person, Person.id == DeliveryTrouble.person_id)
        .outerjoin(Application, Application.id == DeliveryTrouble.application_id)
        .outerjoin(Message, Message.reference == DeliveryTrouble.message_reference)
        .where(DeliveryTrouble.resolved_at.is_(None), within(viewer, MANAGE, DeliveryTrouble.path))
        .where(sa.or_(DeliveryTrouble.application_id.is_(None), AGREED, _OF_GUARDIAN))
        .order_by(DeliveryTrouble.at, DeliveryTrouble.id)
    )


def count(viewer: Viewer) -> int:
    """Count the troubles that wait for the viewer."""
    if not viewer.paths(MANAGE):
        return 0
    inside = visible(viewer).order_by(None).with_only_columns(DeliveryTrouble.id).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(inside)) or 0


def raise_trouble(message: Message, error: str) -> None:
    """Write a task for staff when a message was returned or set aside; one for each message and kind.

    The outbox calls this. An answer to somebody without an account goes back to the desk instead,
    because there is no file to open."""
    person_id, place = message.person_id, None
    if person_id is not None:
        place = place_of(message)
    elif (guarded := _guarded(message)) is not None:
        person_id, place = guarded
    else:
        _tell_desk(message)
        return
    if place is None:
        _log.warning("message %s failed and no institution answers for it", message.reference)
        return
    kind = DeliveryTroubleKind.UNREACHABLE
    if error in (COMPLAINT, UNCLEAR):
        kind = DeliveryTroubleKind(error)
    elif message.state == MessageState.RETURNED:
        kind = kind_of(error)
    row = {
        "reference": new_reference(),
        "institution_id": place.institution_id,
        "person_id": person_id,
        "path": place.path,
        "application_id": place.application_id,
        "message_reference": message.reference,
        "kind": kind.value,
        "at": clock.now(),
    }
    insert_or_leave(db.session, DeliveryTrouble, [row])


def correct(viewer: Viewer, reference: str, typed: str) -> DeliveryTrouble:
    """Write the person's new address, then send them the message again as a new letter;
    a second click does nothing.

    A guardian's new address may be a telephone number.
    The address by which the person signs in stays, since only they may change it, and so does the one that their file
    says if it is their way back to their account: only their letters go to the new one then."""
    trouble = _own(viewer, reference)
    if trouble.resolved_at is not None:
        return trouble
    file = db.session.get(Application, trouble.application_id) if trouble.application_id else None
    if file is not None and file.person_id != trouble.person_id:
        return _correct_guardian(viewer, trouble, file, typed)
    email = clean(typed).casefold()
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise Refused(Problem(_NO_ADDRESS, {}, "email"))
    person = db.session.get_one(Person, trouble.person_id)
    if person.email == email:
        raise Refused(Problem(_SAME, {}, "email"))
    if not _resolve(viewer, trouble, Resolution.CORRECTED):
        return trouble
    before = person.email
    files = sa.update(Application).where(
        Application.person_id == person.id, Application.institution_id == trouble.institution_id
    )
    files = files.where(Application.email == before, Application.state != "draft")
    account = db.session.scalar(sa.select(Account).where(Account.person_id == person.id))
    if account is None or not is_reached_as_bearer(account):
        set_person(person, {"email": email})
    db.session.execute(files.values(email=email).execution_options(synchronize_session=False))
    _send_again(trouble, person, Contact(EMAIL, email))
    _tell_elsewhere(person, account, before, email)
    after = {"email": email, "message": trouble.message_reference}
    what = About("person", person.reference, trouble.institution_id, person.reference)
    record(viewer, "troubles.correct", what, before={"email": before}, after=after)
    return trouble


def _tell_elsewhere(person: Person, account: Account | None, before: str | None, email: str) -> None:
    """Tell the person of a corrected address where they prove to read; without an account, which it may open one day,
    at the telephone of their file: a colleague must not turn somebody's letters elsewhere without a word. What did not
    arrive at the address before is not written there again."""
    known = letters.number_of(person) if account is None else letters.contacts_of(account)
    told = [each for each in known if each.address not in (before, email)]
    contact = letters.hidden(Contact(EMAIL, email))
    values = {"name": person.name or "", "at": clock.now(), "contact": contact}
    letters.tell_person_at(told, person, "address_corrected", values)


def _correct_guardian(
    viewer: Viewer, trouble: DeliveryTrouble, file: Application, typed: str
) -> DeliveryTrouble:
    contact = contact_typed(typed)
    person = db.session.get_one(Person, trouble.person_id)
    child = db.session.get_one(Person, file.person_id)
    if contact == contact_of(person):
        raise Refused(Problem(_SAME, {}, "email"))
    if contact.address == child.email or blind_index("phone", contact.address) == child.phone_blind:
        raise Refused(Problem(_OF_CHILD, {}, "email"))
    if not _resolve(viewer, trouble, Resolution.CORRECTED):
        return trouble
    by_phone = contact.channel == SMS
    values = {"phone": contact.address} if by_phone else {"phone": None, "email": contact.address}
    set_person(person, values)
    db.session.flush()
    _send_again(trouble, person, contact)
    after = {"channel": contact.channel, "message": trouble.message_reference}
    record(
        viewer,
        "troubles.correct",
        About("person", person.reference, trouble.institution_id, person.reference),
        after=after,
    )
    return trouble


def note_told(viewer: Viewer, reference: str, note: str) -> DeliveryTrouble:
    """Note that the person was told by telephone; what was said is kept in the trail."""
    trouble = _own(viewer, reference)
    note = clean(note)[:500]
    if not note:
        raise Refused(Problem(_NO_NOTE, {}, "note"))
    if _resolve(viewer, trouble, Resolution.TOLD):
        person = db.session.get_one(Person, trouble.person_id).reference
        after = {"note": note, "message": trouble.message_reference}
        record(viewer, "troubles.told", About("person", person, trouble.institution_id, person), after=after)
    return trouble


def dismiss(viewer: Viewer, reference: str) -> DeliveryTrouble:
    """Close the trouble, because nothing is to be done."""
    trouble = _own(viewer, reference)
    if _resolve(viewer, trouble, Resolution.DISMISSED):
        person = db.session.get_one(Person, trouble.person_id).reference
        after = {"message": trouble.message_reference}
        record(
            viewer, "troubles.dismiss", About("person", person, trouble.institution_id, person), after=after
        )
    return trouble


def _own(viewer: Viewer, reference: str) -> DeliveryTrouble:
    mine = within(viewer, MANAGE, DeliveryTrouble.path)
    chosen = sa.select(DeliveryTrouble).where(DeliveryTrouble.reference == reference, mine)
    found = db.session.scalar(chosen)
    if found is None:
        raise NotFound(reference)
    require(viewer, MANAGE, found.path)
    return found


def _resolve(viewer: Viewer, trouble: DeliveryTrouble, how: Resolution) -> bool:
    """Resolve a trouble by a conditional UPDATE. Returns False if it was resolved before."""
    open_one = sa.update(DeliveryTrouble).where(
        DeliveryTrouble.id == trouble.id, DeliveryTrouble.resolved_at.is_(None)
    )
    values = {"resolved_at": clock.now(), "resolved_by": viewer.reference, "resolution": how.value}
    return db.session.connection().execute(open_one.values(values)).rowcount == 1


def _send_again(trouble: DeliveryTrouble, person: Person, contact: Contact | None = None) -> None:
    message = db.session.scalar(sa.select(Message).where(Message.reference == trouble.message_reference))
    content = content_of(message) if message else None
    if message is None or content is None:
        return
    letter = Letter(
        message.key,
        message.subject,
        contact.address if contact else person.email or "",
        message.language,
        content["variables"] | _anew(message, person),
        message.institution_id,
        message.person_id,
        channel=contact.channel if contact else EMAIL,
        once=f"corrected:{trouble.reference}",
    )
    send_all([letter])


def _anew(message: Message, person: Person) -> dict[str, str]:
    """Return a new token for an invitation.
    Its old link ends with the address it went to; the new address gets its own link."""
    if message.key != INVITATION:
        return {}
    return {"token": links.create(links.CLAIM, person.reference, LINK_LIFETIME, message.institution_id)}


def place_of(message: Message) -> HelpRequestScope | None:
    """Return what a message concerns:
    the person's newest file at the institution, or else the institution's newest programme."""
    newest = (
        sa.select(Application.institution_id, Intake.path, Intake.id, Application.id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.person_id == message.person_id, Application.state != "draft")
        .order_by(Application.created_at.desc(), Application.id.desc())
        .limit(1)
    )
    if message.institution_id is not None:
        newest = newest.where(Application.institution_id == message.institution_id)
    row = db.session.execute(newest).first()
    if row is not None:
        return HelpRequestScope(row[0], row[1], row[2], row[3])
    if message.institution_id is None:
        return None
    programme = sa.select(Programme.path).where(Programme.institution_id == message.institution_id)
    path = db.session.scalar(programme.order_by(Programme.id.desc()).limit(1))
    return None if path is None else HelpRequestScope(message.institution_id, path)


def _guarded(message: Message) -> tuple[int, HelpRequestScope] | None:
    """Return the guardian to whom a message about a child went, and the child's newest file there."""
    newest = (
        sa.select(Person.id, Application.institution_id, Intake.path, Intake.id, Application.id)
        .select_from(Person)
        .join(Guardianship, Guardianship.guardian_id == Person.id)
        .join(Application, Application.person_id == Guardianship.child_id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Person.reference == message.subject, Application.institution_id == message.institution_id)
        .where(Guardianship.institution_id == message.institution_id)
        .order_by(Application.created_at.desc(), Application.id.desc())
        .limit(1)
    )
    row = db.session.execute(newest).first()
    return None if row is None else (row[0], HelpRequestScope(row[1], row[2], row[3], row[4]))


def _tell_desk(message: Message) -> None:
    question = db.session.scalar(sa.select(HelpRequest).where(HelpRequest.subject == message.subject))
    if question is None:
        return
    once = f"failed:{message.reference}"
    if say_once(SYSTEM, question, NewThreadEntry(EntryKind.NOTE, _NOT_ARRIVED, once, more={"ours": True})):
        back_to_desk(question)
