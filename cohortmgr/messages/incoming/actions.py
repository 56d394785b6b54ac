"""Act on mail that came in: a returned message, a complaint, or a reply that joins a question.

Only the system does this, because the web cannot change what it wrote to the outbox."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import crypto
from cohortmgr.base.db import after_commit, db
from cohortmgr.base.text import fold
from cohortmgr.messages.helpdesk.actions.questions import (
    NewHelpRequest,
    NewThreadEntry,
    back_to_desk,
    open_question,
    say_once,
)
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.rules import EntryKind, Topic
from cohortmgr.messages.incoming.queries import path_of
from cohortmgr.messages.incoming.rules import Bounce, Complaint, IncomingMail, Reply, question_address
from cohortmgr.messages.preferences.actions import preferences
from cohortmgr.messages.undelivered.actions import COMPLAINT, UNCLEAR, place_of, raise_trouble
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind
from cohortmgr.outbox.delivery.actions.outcomes import tell
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of, left_with
from cohortmgr.outbox.rules import MessageState

TAG = 16


def tag_of(reference: str) -> str:
    """Return the tag that a reply address must have beside a question's reference:
    it is made with our key, so that nobody else can write into another person's thread."""
    return crypto.blind_index("question-reply", reference)[:TAG]


def reply_to(_message: Message, content: Mapping[str, Any]) -> dict[str, str]:
    """Return the Reply-To header by which answers to a question's letters join the question."""
    reference = content.get("variables", {}).get("question")
    if not isinstance(reference, str) or len(reference) != 26:
        return {}
    domain = current_app.extensions["cohortmgr-settings"].mail_domain
    return {"Reply-To": question_address(reference, tag_of(reference), domain)}


def receive(viewer: Viewer, mail: IncomingMail) -> str:
    """Do what a mail asks for, only once however often it is read.

    Returns what became of it in one word:
    `returned`, `complaint`, `joined`, `again`, `ignored` or `unknown`."""
    what = mail.what
    if isinstance(what, Bounce):
        if what.kind is None:
            return "ignored" if what.reference else "unknown"
        if what.kind is DeliveryTroubleKind.UNCLEAR:
            return _unclear(what.reference)
        return _came_back(what.reference, what.status, "returned")
    if isinstance(what, Complaint):
        done = _came_back(what.reference, COMPLAINT, "complaint")
        if done == "complaint":
            _stop_campaigns(viewer, str(what.reference))
        return done
    if isinstance(what, Reply):
        return _reply(viewer, mail, what)
    return "unknown" if type(what).__name__ == "Unknown" else "ignored"


def _came_back(reference: str | None, error: str, done: str) -> str:
    """Mark a message that had left as returned, and call the hooks for returned messages;
    `again` if it was marked before."""
    message = (
        db.session.scalar(sa.select(Message).where(Message.reference == reference)) if reference else None
    )
    if message is None:
        return "unknown"
    left = (MessageState.SENT.value, MessageState.SENDING.value, MessageState.SET_ASIDE.value)
    values = {
        "state": MessageState.RETURNED.value,
        "failure": "permanent",
        "error": error,
        "lease_until": None,
    }
    together = left_with(message)  # a digest is returned as a whole
    marked = [each for each in together if _marked(each, left, values)]
    for each in marked:
        tell(each, values)
    return done if message in marked else "again"


def _unclear(reference: str | None) -> str:
    """Tell staff of a report that gives no reason. The message stays as it is, and the mail is kept to be read."""
    message = (
        db.session.scalar(sa.select(Message).where(Message.reference == reference)) if reference else None
    )
    if message is not None:
        raise_trouble(message, UNCLEAR)
    return "unknown"


def _marked(message: Message, before: Sequence[str], values: Mapping[str, Any]) -> bool:
    mark = sa.update(Message).where(Message.id == message.id, Message.state.in_(before)).values(values)
    db.session.expunge(message)
    return bool(db.session.connection().execute(mark).rowcount)


def _stop_campaigns(viewer: Viewer, reference: str) -> None:
    subject = db.session.scalar(
        sa.select(Message.subject).where(Message.reference == reference, Message.person_id.is_not(None))
    )
    if subject is not None:
        preferences.unsubscribe(viewer, subject)


def _reply(viewer: Viewer, mail: IncomingMail, reply: Reply) -> str:
    once = f"mail:{mail.once}"
    if db.session.scalar(sa.select(ThreadEntry.id).where(ThreadEntry.once == once)) is not None:
        return "again"
    question = _addressed(reply) or _answered(viewer, mail, reply)
    if question is None:
        return "unknown"
    said = NewThreadEntry(EntryKind.MAIL, reply.text, once, more=_told(mail, reply, question))
    if not say_once(viewer, question, said):
        return "again"
    back_to_desk(question)
    after = {"mail": mail.once}
    record(viewer, "desk.receive", about(question, question.subject), after=after)
    return "joined"


def _told(mail: IncomingMail, reply: Reply, question: HelpRequest) -> dict[str, Any]:
    """Return what is stored beside the text:
    the names of attachments, which are not kept, and the sender if it is not the address we write to."""
    known = question.asker_email
    if question.person_id is not None:
        known = db.session.scalar(sa.select(Person.email).where(Person.id == question.person_id))
    told: dict[str, Any] = {"shown": reply.shown}
    if reply.attachments:
        told["attachments"] = [{"name": each.name, "size": each.size} for each in reply.attachments]
    if mail.sender != (known or "").casefold():
        told["sender"] = mail.sender
    return told


def _addressed(reply: Reply) -> HelpRequest | None:
    """Return the question that the address names, if its tag is ours; else None."""
    if reply.question is None:
        return None
    reference, tag = reply.question
    if not hmac.compare_digest(tag_of(reference), tag):
        return None
    return db.session.scalar(sa.select(HelpRequest).where(HelpRequest.reference == reference))


def _answered(viewer: Viewer, mail: IncomingMail, reply: Reply) -> HelpRequest | None:
    """Return the question about the message that a reply answers;
    the first such reply opens it, on the person's file."""
    if not reply.messages:
        return None
    wanted = sa.select(Message).where(Message.reference.in_(reply.messages), Message.person_id.is_not(None))
    found = {message.reference: message for message in db.session.scalars(wanted)}
    message = next((found[reference] for reference in reply.messages if reference in found), None)
    if message is None or message.person_id is None:
        return None
    content = content_of(message)
    named = (content or {}).get("variables", {}).get("question")
    same = sa.select(HelpRequest).where(HelpRequest.person_id == message.person_id)
    either = sa.or_(HelpRequest.about == message.reference, HelpRequest.reference == str(named))
    known = db.session.scalar(same.where(either).order_by(HelpRequest.id).limit(1))
    if known is not None or content is None:
        return known
    place = place_of(message)
    person = db.session.get(Person, message.person_id)
    if place is None or person is None:
        return None
    place = replace(place, about=message.reference)
    question = open_question(viewer, place, NewHelpRequest(Topic.OTHER, "", message.language, ""), person)
    question.search_text = fold(f"{question.number} {mail.subject}")
    return question


def remove_unread(viewer: Viewer, place: str, name: str) -> None:
    """Remove a kept mail that somebody has dealt with. Raises NotPermitted, NotFound."""
    path = path_of(viewer, place, name)
    record(viewer, "mail.remove", About("mail", name[:64]))
    after_commit(f"mail:{name}", lambda: path.unlink(missing_ok=True))
