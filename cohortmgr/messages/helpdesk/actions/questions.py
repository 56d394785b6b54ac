"""Bring a question to the desk and add to it: from a page, with or without an account, or by mail.

A thread is sealed with its person's key, so that destroying the key erases the thread with everything else.
A question by somebody without an account has its own key, which can be destroyed as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions import counting, links
from cohortmgr.accounts.contacts import is_mobile_of
from cohortmgr.accounts.limits import Caller, Limit, networks_of
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import LINK_LIFETIME, Viewer
from cohortmgr.applications.file import queries as applications
from cohortmgr.audit.actions import about, record, subject_keys
from cohortmgr.base import clock, crypto, storage
from cohortmgr.base.db import acting_in, after_commit, db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.text import clean, fold, new_reference, new_short_code
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.messages.helpdesk.actions.attachments import KeptFile, drop
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.rules import LONGEST, EntryKind, HelpRequestState, Topic, answer_by, days_for
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake, Programme
from cohortmgr.stipends.queries import runs as stipends

# The purpose of the link by which somebody without an account reads their thread.
LINK = "question"
RECEIVED = "question_received"
PER_ADDRESS, PER_ORIGIN, WITHIN = 5, 40, timedelta(hours=1)

_TOO_MANY = N_(
    "Beaucoup de questions viennent d’arriver d’ici. Attendez une heure, ou répondez au message reçu."
)
_EMPTY = N_("Écrivez votre question.")
_UNREACHABLE = N_("Laissez une adresse e-mail ou un téléphone : sinon personne ne peut vous répondre.")


@dataclass(frozen=True)
class NewHelpRequest:
    """What somebody asks. `token` identifies it, so that a second click asks nothing new.
    `name`, `email` and `phone` are given only without an account."""

    topic: str
    text: str
    language: str
    token: str
    name: str = ""
    email: str | None = None
    phone: str | None = None
    attachment: KeptFile | None = None


@dataclass(frozen=True)
class HelpRequestScope:
    """What a question concerns: an institution, a path, and perhaps an intake, a file, a payment line or a
    message."""

    institution_id: int
    path: str
    intake_id: int | None = None
    application_id: int | None = None
    line_id: int | None = None
    about: str | None = None


@dataclass(frozen=True)
class NewThreadEntry:
    """One part of a thread before it is sealed.
    `more` is stored beside the text; `once` is its unique name; `attachment` is the file that came with it."""

    kind: EntryKind
    text: str
    once: str
    author_id: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    attachment: KeptFile | None = None


def ask(
    viewer: Viewer, programme: Programme, intake: Intake | None, request: NewHelpRequest, origin: str
) -> HelpRequest:
    """Ask a question from the public page.
    `origin` is the network address it came from, counted against floods."""
    place = HelpRequestScope(programme.institution_id, programme.path, intake.id if intake else None)
    if viewer.person_id is None:
        if not request.email and not request.phone:
            raise Refused(Problem(_UNREACHABLE, {}, "email"))
        limits = _limits_of_stranger(request, origin)
    else:
        limits = _limits_of(viewer)
    with acting_in(place.institution_id):
        return _open(viewer, place, request, limits)


def ask_on_file(viewer: Viewer, reference: str, request: NewHelpRequest) -> HelpRequest:
    """Ask a question about one of the viewer's own files."""
    file = applications.own(viewer, reference)
    row = file.application
    with acting_in(row.institution_id):
        place = HelpRequestScope(row.institution_id, file.intake.path, file.intake.id, row.id)
        return _open(viewer, place, request, _limits_of(viewer))


def ask_on_line(viewer: Viewer, reference: str, request: NewHelpRequest) -> HelpRequest:
    """Ask a question about one of the viewer's own payment lines."""
    line = stipends.own_line(viewer, reference).StipendLine
    with acting_in(line.institution_id):
        joined = sa.select(Cohort).join(Enrolment, Enrolment.cohort_id == Cohort.id)
        cohort = db.session.scalars(joined.where(Enrolment.id == line.enrolment_id)).one()
        place = HelpRequestScope(line.institution_id, cohort.path, cohort.intake_id, line_id=line.id)
        paid = NewHelpRequest(Topic.PAYMENT, request.text, request.language, request.token)
        return _open(viewer, place, paid, _limits_of(viewer))


def add(
    viewer: Viewer, reference: str, text: str, token: str, attachment: KeptFile | None = None
) -> HelpRequest:
    """Add to one of the viewer's own questions: it is the desk's turn again."""
    question = desk_queries.own(viewer, reference)
    _add(viewer, question, text, token, attachment)
    return question


def add_by_link(viewer: Viewer, token: str, text: str, once: str) -> None:
    """Add to a question without an account, by the link of a message. The link works until it expires."""
    question, place = _linked(token)
    with acting_in(place):
        _add(viewer, question, text, once)


def read_by_link(viewer: Viewer, token: str) -> tuple[HelpRequest, list[desk_queries.ThreadPart]]:
    """Return the question of a link, and its thread as its person sees it. Raises as `links.peek` does."""
    question, place = _linked(token)
    with acting_in(place):
        return question, desk_queries.thread(question, whole=False)


def _linked(token: str) -> tuple[HelpRequest, int]:
    link = links.peek(token, LINK)
    if link.institution_id is None:
        raise NotFound(token)
    with acting_in(link.institution_id):
        found = db.session.scalar(sa.select(HelpRequest).where(HelpRequest.reference == link.subject))
    if found is None:
        raise NotFound(link.subject)
    return found, link.institution_id


def _add(
    viewer: Viewer, question: HelpRequest, text: str, token: str, attachment: KeptFile | None = None
) -> None:
    text = checked_text(text)
    once = once_of(viewer, question.reference, EntryKind.ADDED, token, text)
    if say_once(viewer, question, NewThreadEntry(EntryKind.ADDED, text, once, attachment=attachment)):
        back_to_desk(question)
        record(viewer, "desk.add", about(question, question.subject))
    else:
        drop(viewer, attachment)


def _open(
    viewer: Viewer, scope: HelpRequestScope, request: NewHelpRequest, limits: Sequence[Limit]
) -> HelpRequest:
    """Open a question, or find the one that the same form has opened: only a new one counts against `limits`."""
    told = (request.topic, request.text, request.name, request.email or "", request.phone or "")
    once = once_of(viewer, "ask", request.token, *told)
    before = (
        sa.select(HelpRequest)
        .join(ThreadEntry, ThreadEntry.question_id == HelpRequest.id)
        .where(ThreadEntry.once == once)
    )
    if (known := db.session.scalar(before)) is not None:
        drop(viewer, request.attachment)
        return known
    counting.count(limits)
    question = open_question(viewer, scope, request)
    asked = NewThreadEntry(EntryKind.ASKED, checked_text(request.text), once, attachment=request.attachment)
    if not say_once(viewer, question, asked):
        raise Stale(once)  # the same form has opened another meanwhile: none is left without its words
    _acknowledge(question)
    return question


def open_question(
    viewer: Viewer, scope: HelpRequestScope, request: NewHelpRequest, person: Person | None = None
) -> HelpRequest:
    """Make a question's row, still without any text. `person` is given if somebody else asks for them."""
    person_id = person.id if person else viewer.person_id
    reference, moment = new_reference(), clock.now()
    number = f"Q-{new_short_code(8)}"
    subject = person.reference if person else viewer.person_reference
    question = HelpRequest(
        reference=reference,
        institution_id=scope.institution_id,
        path=scope.path,
        intake_id=scope.intake_id,
        application_id=scope.application_id,
        line_id=scope.line_id,
        about=scope.about,
        person_id=person_id,
        number=number,
        topic=request.topic,
        state=HelpRequestState.OPEN.value,
        language=request.language,
        subject=subject or reference,
        asker_name=clean(request.name)[:120],
        asker_email=request.email.casefold() if request.email else None,
        phone_sealed=crypto.seal(request.phone, "questions", "phone", reference) if request.phone else None,
        search_text=fold(f"{number} {request.name} {request.email or ''}"),
        asked_at=moment,
        answer_by=answer_by(clock.local(moment).date(), days_for(request.topic)),
        touched_at=moment,
    )
    db.session.add(question)
    db.session.flush()
    after = {"topic": request.topic, "number": number}
    record(viewer, "desk.ask", about(question, question.subject), after=after)
    return question


def once_of(viewer: Viewer, *parts: str) -> str:
    """Return the name that an entry has when its form is sent once more: a blind index of who sends it, what it
    belongs to, its form's token and what it says. Who goes back, writes something else and sends it has said more."""
    return f"form:{crypto.blind_index('once', json.dumps([viewer.reference, *parts]))}"


def say_once(viewer: Viewer, question: HelpRequest, said: NewThreadEntry) -> bool:
    """Write one part of a thread. Returns False if it is there already, after a
    second click or a mail read twice."""
    row = row_of(question, said, subject_keys({question.subject})[question.subject])
    try:
        with db.session.begin_nested():
            db.session.add(ThreadEntry(**row))
    except IntegrityError:
        return False
    return True


def row_of(question: HelpRequest, said: NewThreadEntry, key: bytes | None) -> dict[str, Any]:
    """Return an entry's columns. An internal entry has no person, so that the
    database also hides it from them."""
    reference = new_reference()
    file = {"file": said.attachment.told} if said.attachment else {}
    content = json.dumps({**said.more, **file, "text": said.text}, ensure_ascii=False)
    return {
        "reference": reference,
        "institution_id": question.institution_id,
        "person_id": None if said.kind is EntryKind.NOTE else question.person_id,
        "question_id": question.id,
        "kind": said.kind.value,
        "author_id": said.author_id,
        "sealed": b"" if key is None else crypto.encrypt(key, content.encode(), reference.encode()),
        "file_key": said.attachment.key if said.attachment else None,
        "at": clock.now(),
        "once": said.once[:120],
    }


def back_to_desk(question: HelpRequest) -> None:
    """Note that the person wrote: it is the desk's turn, and a question still
    open keeps its day for an answer."""
    moment = clock.now()
    if question.state != HelpRequestState.OPEN:
        question.state = HelpRequestState.OPEN.value
        question.answer_by = answer_by(clock.local(moment).date(), days_for(question.topic))
    question.touched_at = moment
    db.session.flush()


def checked_text(text: str) -> str:
    """Return the typed text, cleaned. Raises Refused if it is empty or too long."""
    text = clean(text.replace("\r\n", "\n"))
    if not text:
        raise Refused(Problem(_EMPTY, {}, "text"))
    if len(text) > LONGEST:
        what = N_("Raccourcissez votre texte : %(most)s caractères au plus.")
        raise Refused(Problem(what, {"most": LONGEST}, "text"))
    return text


def forget(subject: str) -> None:
    """Blank the name and addresses stored beside the sealed thread, and delete the files that came with it, once the
    key of its subject was destroyed."""
    gone: dict[str, Any] = {"asker_name": "", "asker_email": None, "phone_sealed": None}
    erased = sa.select(HelpRequest.id).where(HelpRequest.subject == subject)
    brought = sa.and_(ThreadEntry.question_id.in_(erased), ThreadEntry.file_key.is_not(None))
    for key in db.session.scalars(sa.select(ThreadEntry.file_key).where(brought)).all():
        after_commit(f"file {key}", lambda key=key: storage.delete(key))  # type: ignore[misc]
    db.session.execute(sa.update(ThreadEntry).where(brought).values(file_key=None))
    theirs = sa.update(HelpRequest).where(HelpRequest.subject == subject)
    db.session.execute(theirs.values(**gone, search_text=sa.func.lower(HelpRequest.number)))


def letters_for(
    key: str,
    questions: list[HelpRequest],
    persons: Mapping[int, Person],
    variables: Callable[[HelpRequest], Mapping[str, Any]],
) -> list[Letter]:
    """Make a letter to whoever asked each question, in a few statements.
    It leads people with an account to their page, and the others to a link."""
    bare = desk_queries.without_account(each.person_id for each in questions if each.person_id)
    linked = [each for each in questions if each.person_id is None or each.person_id in bare]
    tokens: dict[str, str] = {}
    for place in {each.institution_id for each in linked}:
        subjects = [each.reference for each in linked if each.institution_id == place]
        tokens |= dict(zip(subjects, links.create_many(LINK, subjects, LINK_LIFETIME, place), strict=True))
    found = []
    for each in questions:
        token = tokens.get(each.reference)
        path = f"/help/questions/{token}" if token else f"/my/questions/{each.reference}"
        person = persons.get(each.person_id or -1)
        phone = "" if person or each.asker_email else desk_queries.phone_of(each)
        if phone and not _takes_sms(phone):  # staff call it
            phone = ""
        content = {"number": each.number, "page": path, "question": each.reference, **variables(each)}
        address = (person.email if person else each.asker_email) or phone
        if address or person:
            channel = "sms" if phone else "email"
            found.append(
                Letter(
                    key,
                    each.subject,
                    address or "",
                    each.language,
                    {"name": person.name if person else each.asker_name, **content},
                    each.institution_id,
                    each.person_id,
                    channel=channel,
                )
            )
    return found


def _takes_sms(number: str) -> bool:
    """Whether SMS go to a number that somebody typed. One of another kind may be asked from, and is called."""
    return is_mobile_of(number, counting.sms_countries())


def _acknowledge(question: HelpRequest) -> None:
    person = db.session.get(Person, question.person_id) if question.person_id else None
    persons = {person.id: person} if person else {}
    send_all(letters_for(RECEIVED, [question], persons, lambda each: {"answer_by": each.answer_by}))


def _limits_of(viewer: Viewer) -> list[Limit]:
    """The limits of the questions of somebody who is signed in."""
    return [Limit("help", viewer.reference, PER_ADDRESS * 2, WITHIN, _TOO_MANY)]


def _limits_of_stranger(asked: NewHelpRequest, origin: str) -> list[Limit]:
    """The limits of a question by its address and network. The receipt of one by telephone is an SMS of the day's."""
    near, far = networks_of(origin)
    told = (asked.email or asked.phone or "").casefold()
    found = [
        Limit("help", told, PER_ADDRESS, WITHIN, _TOO_MANY),
        Limit("help-from", near, PER_ORIGIN, WITHIN, _TOO_MANY, alarms=(PER_ORIGIN,)),
    ]
    if far != near:
        found.append(Limit("help-from-wide", far, PER_ORIGIN * 4, WITHIN, _TOO_MANY))
    if asked.phone and not asked.email and _takes_sms(asked.phone):
        found += counting.limits_of_sms(asked.phone, Caller(origin), "phone")
    return found
