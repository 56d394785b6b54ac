"""What staff do with a question: own it, answer it, note calls, close it; and save answers for reuse."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.base.text import clean, reference_once
from cohortmgr.messages.helpdesk.actions.questions import (
    NewThreadEntry,
    checked_text,
    letters_for,
    once_of,
    say_once,
)
from cohortmgr.messages.helpdesk.models import HelpRequest, SavedAnswer
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.queries import saved_answers
from cohortmgr.messages.helpdesk.rules import QUESTION_STATES, EntryKind, HelpRequestState, Topic, answer_by
from cohortmgr.outbox.actions import send_all
from cohortmgr.programmes.models import Programme

ANSWERED = "question_answered"
_HELD = N_("%(name)s suit déjà cette question. Demandez-la-lui, ou confiez-la à quelqu’un.")
_UNTITLED = N_("Donnez un titre à cette réponse : c’est par lui que vos collègues la trouvent.")
_UNTRANSLATED = N_("Écrivez la réponse dans les trois langues.")


def take(viewer: Viewer, reference: str) -> HelpRequest:
    """Become the owner of a question that has none. A second click does nothing.
    Raises Refused if a colleague was first."""
    question = _at_desk(viewer, reference)
    free = sa.update(HelpRequest).where(HelpRequest.id == question.id, HelpRequest.owner_id.is_(None))
    if db.session.connection().execute(free.values(owner_id=viewer.account_id)).rowcount:
        record(viewer, "desk.take", about(question, question.subject))
    elif question.owner_id != viewer.account_id:
        row = desk_queries.get_for(viewer, reference)
        raise Refused(Problem(_HELD, {"name": f"{row.owner_given or ''} {row.owner_family or ''}".strip()}))
    db.session.refresh(question)
    return question


def give(viewer: Viewer, reference: str, account: str) -> HelpRequest:
    """Make a colleague at the desk the owner of the question, or nobody if `account` is empty."""
    question = _at_desk(viewer, reference)
    chosen = None
    if account:
        chosen = next((each for each in desk_queries.colleagues(question) if each.reference == account), None)
        if chosen is None:
            raise NotFound(account)
    before, after = question.owner_id, chosen.id if chosen else None
    if before != after:
        question.owner_id = after
        told = {"owner": account or None}
        record(
            viewer,
            "desk.give",
            about(question, question.subject),
            before={"owner": before},
            after=told,
        )
    return question


def answer(viewer: Viewer, reference: str, text: str, token: str, waits: bool = False) -> HelpRequest:
    """Answer a question: the text joins the thread, and a letter tells the person.

    `waits` means that the answer asks something, so that it is the person's turn.
    Whoever answers a question without an owner becomes its owner."""
    question = _at_desk(viewer, reference)
    to = HelpRequestState.WAITING if waits else HelpRequestState.ANSWERED
    text = checked_text(text)
    once = once_of(viewer, reference, EntryKind.ANSWER, token, text, to)
    said = NewThreadEntry(EntryKind.ANSWER, text, once, viewer.account_id)
    if not say_once(viewer, question, said):
        return question
    _require(question, to)
    _move(question, to)
    question.owner_id = question.owner_id or viewer.account_id
    person = db.session.get(Person, question.person_id) if question.person_id else None
    persons = {person.id: person} if person else {}
    send_all(letters_for(ANSWERED, [question], persons, lambda each: {"text": said.text}))
    record(viewer, "desk.answer", about(question, question.subject))
    return question


def note_call(viewer: Viewer, reference: str, text: str, spoken_with: str, token: str) -> HelpRequest:
    """Note a telephone call: with whom, and what was said. The person can read it in the thread."""
    question = _at_desk(viewer, reference)
    text, more = checked_text(text), {"with": clean(spoken_with)[:120]}
    once = once_of(viewer, reference, EntryKind.CALL, token, text, more["with"])
    said = NewThreadEntry(EntryKind.CALL, text, once, viewer.account_id, more)
    if say_once(viewer, question, said):
        question.touched_at = clock.now()
        record(viewer, "desk.note_call", about(question, question.subject))
    return question


def note(viewer: Viewer, reference: str, text: str, token: str) -> HelpRequest:
    """Add a note for colleagues, which the person never sees."""
    question = _at_desk(viewer, reference)
    text = checked_text(text)
    once = once_of(viewer, reference, EntryKind.NOTE, token, text)
    if say_once(viewer, question, NewThreadEntry(EntryKind.NOTE, text, once, viewer.account_id)):
        record(viewer, "desk.note", about(question, question.subject))
    return question


def close(viewer: Viewer, reference: str) -> HelpRequest:
    """Close a question, because nothing is left to do. A second click does nothing."""
    question = _at_desk(viewer, reference)
    if question.state != HelpRequestState.CLOSED:
        _require(question, HelpRequestState.CLOSED)
        _move(question, HelpRequestState.CLOSED)
        record(viewer, "desk.close", about(question, question.subject))
    return question


def reopen(viewer: Viewer, reference: str) -> HelpRequest:
    """Reopen a question: it is the desk's turn again, with a new day by which to answer."""
    question = _at_desk(viewer, reference)
    if question.state != HelpRequestState.OPEN:
        _require(question, HelpRequestState.OPEN)
        _move(question, HelpRequestState.OPEN)
        question.answer_by = answer_by(clock.today())
        record(viewer, "desk.reopen", about(question, question.subject))
    return question


def save_answer(
    viewer: Viewer,
    programme: Programme,
    topic: str,
    title: str,
    texts: dict[str, str],
    reference: str | None = None,
    version: int | None = None,
    token: str = "",
) -> SavedAnswer:
    """Save an answer for a programme, or change a saved one. The same form sent again, by its `token`, saves nothing
    more. Raises Refused without a title or without one of the languages."""
    require(viewer, desk_queries.WRITE, programme.path)
    problems = []
    body = {language: clean(texts.get(language, "").replace("\r\n", "\n")) for language in LANGUAGES}
    if not clean(title):
        problems.append(Problem(_UNTITLED, {}, "title"))
    problems += [Problem(_UNTRANSLATED, {}, language) for language in LANGUAGES if not body[language]]
    if problems:
        raise Refused(*problems)
    said = {"topic": Topic(topic).value, "title": clean(title)[:120], "body": body}
    if reference is None:
        own = reference_once(token, viewer.reference, programme.reference, json.dumps(said, sort_keys=True))
        moment = {"written_by": viewer.reference, "written_at": clock.now()}
        place = {"institution_id": programme.institution_id, "path": programme.path}
        row, added = _added(SavedAnswer(reference=own, **place, **said, **moment))
        if not added:
            return row
    else:
        row = saved_answers.saved_answer(viewer, reference, desk_queries.WRITE)
        if version != row.version:
            raise Stale(reference)
        for name, value in said.items():
            setattr(row, name, value)
        row.written_by, row.written_at = viewer.reference, clock.now()
    record(viewer, "desk.save_answer", about(row))
    return row


def _added(row: SavedAnswer) -> tuple[SavedAnswer, bool]:
    """Add a row, or find the one that the same form has added; whether it was added now."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        known = sa.select(SavedAnswer).where(SavedAnswer.reference == row.reference)
        return db.session.scalars(known).one(), False
    return row, True


def remove_answer(viewer: Viewer, reference: str) -> None:
    """Remove a saved answer; the questions that were answered with it stay answered."""
    row = saved_answers.saved_answer(viewer, reference, desk_queries.WRITE)
    before = {"title": row.title, "body": row.body}
    record(viewer, "desk.remove_answer", about(row), before=before)
    db.session.delete(row)


def _at_desk(viewer: Viewer, reference: str) -> HelpRequest:
    """Return the question if the viewer may answer it;
    locked, so that two acts on it happen one after the other."""
    question = desk_queries.question_for(viewer, reference)
    require(viewer, desk_queries.DESK, question.path)
    db.session.refresh(question, with_for_update=True)
    return question


def _require(question: HelpRequest, to: HelpRequestState) -> None:
    QUESTION_STATES.move(question.state, to)


def _move(question: HelpRequest, to: HelpRequestState) -> None:
    question.state, question.touched_at = to.value, clock.now()
