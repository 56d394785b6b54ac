"""Answer many questions at once: one answer, written once, which each person reads in their own language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import About, record, subject_keys
from cohortmgr.base import clock
from cohortmgr.base.db import append, db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import clean, new_reference, says_number
from cohortmgr.messages.helpdesk.actions.handling import ANSWERED
from cohortmgr.messages.helpdesk.actions.questions import NewThreadEntry, letters_for, row_of
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.queries.questions import DESK, HelpRequestFilters
from cohortmgr.messages.helpdesk.rules import LONGEST, TYPED_ABOVE, UNANSWERED, EntryKind, HelpRequestState
from cohortmgr.outbox.actions import send_all
from cohortmgr.programmes.models import Intake

CHUNK = 500
_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_QUESTIONS = NN_("%(num)s question", "%(num)s questions")
_LANGUAGE = N_("Écrivez la réponse dans cette langue, pour %(count)s.")
_CHANGED = N_("La liste a changé, elle compte maintenant %(count)s. Vérifiez, puis envoyez de nouveau.")
_TYPE = N_("Écrivez le nombre de personnes, %(count)s, pour confirmer.")


def chosen(
    viewer: Viewer, filters: HelpRequestFilters, references: Sequence[str]
) -> sa.Select[*tuple[Any, ...]]:
    """Select the unanswered questions that the answer goes to:
    those named, or else all that the filters find."""
    query: sa.Select[*tuple[Any, ...]] = sa.select(HelpRequest.id, HelpRequest.language)
    query = query.where(desk_queries.within(viewer))
    if references:
        query = query.where(HelpRequest.reference.in_(list(references)[:CHUNK]))
    else:
        query = query.outerjoin(Person, Person.id == HelpRequest.person_id)
        query = query.outerjoin(Application, Application.id == HelpRequest.application_id)
        query = query.outerjoin(Intake, Intake.id == HelpRequest.intake_id)
        query = desk_queries.narrowed(query, viewer, filters)
    return query.where(HelpRequest.state.in_([state.value for state in UNANSWERED])).order_by(HelpRequest.id)


def languages_of(viewer: Viewer, filters: HelpRequestFilters, references: Sequence[str]) -> dict[str, int]:
    """Count, for each language, the chosen questions whose person reads it."""
    inside = chosen(viewer, filters, references).order_by(None).subquery()
    counted = sa.select(inside.c.language, sa.func.count().label("number")).group_by(inside.c.language)
    return {row.language: row.number for row in db.session.execute(counted)}


def answer_many(
    viewer: Viewer,
    filters: HelpRequestFilters,
    references: Sequence[str],
    texts: Mapping[str, str],
    expected: int,
    confirmation: str,
) -> int:
    """Answer all chosen questions, in a few statements for every 500; returns how many.

    No question is answered twice: a question whose state has changed meanwhile is left out. Raises
    Refused if a language has no text, if the list is no longer `expected` long, or, above a
    hundred, if the number was not typed."""
    require_anywhere(viewer, DESK)
    rows = db.session.execute(chosen(viewer, filters, references).with_for_update(of=HelpRequest)).all()
    if not rows:
        return 0
    texts = {language: clean(text.replace("\r\n", "\n"))[:LONGEST] for language, text in texts.items()}
    _check(rows, texts, expected, confirmation)
    references_done: dict[int, list[str]] = {}
    for start in range(0, len(rows), CHUNK):
        for question in _answered(viewer, [row.id for row in rows[start : start + CHUNK]], texts):
            references_done.setdefault(question.institution_id, []).append(question.reference)
    for institution_id, done in references_done.items():
        after = {"count": len(done), "questions": done, "texts": texts}
        record(viewer, "desk.answer_many", About("question", new_reference(), institution_id), after=after)
    return sum(map(len, references_done.values()))


def _check(
    rows: Sequence[sa.Row[*tuple[Any, ...]]], texts: Mapping[str, str], expected: int, confirmation: str
) -> None:
    spoken = [row.language for row in rows]
    problems = [
        Problem(_LANGUAGE, {"count": Quantity(*_PEOPLE, spoken.count(language))}, language)
        for language in sorted(set(spoken))
        if not texts.get(language)
    ]
    if len(rows) != expected:
        problems.append(Problem(_CHANGED, {"count": Quantity(*_QUESTIONS, len(rows))}))
    elif len(rows) > TYPED_ABOVE and not says_number(confirmation, len(rows)):
        problems.append(Problem(_TYPE, {"count": len(rows)}, "confirmation"))
    if problems:
        raise Refused(*problems)


def _answered(viewer: Viewer, ids: list[int], texts: Mapping[str, str]) -> list[HelpRequest]:
    waiting = (HelpRequest.id.in_(ids), HelpRequest.state.in_([state.value for state in UNANSWERED]))
    values = {
        "state": HelpRequestState.ANSWERED.value,
        "touched_at": clock.now(),
        "owner_id": sa.func.coalesce(HelpRequest.owner_id, viewer.account_id),
    }
    moved = sa.update(HelpRequest).where(*waiting).values(values).returning(HelpRequest.id)
    done = db.session.scalars(moved.execution_options(synchronize_session=False)).all()
    fresh = sa.select(HelpRequest).where(HelpRequest.id.in_(done)).order_by(HelpRequest.id)
    questions = list(db.session.scalars(fresh.execution_options(populate_existing=True)))
    keys = subject_keys({each.subject for each in questions})
    entries = []
    for each in questions:
        said = NewThreadEntry(
            EntryKind.ANSWER, texts[each.language], f"{each.reference}:{new_reference()}", viewer.account_id
        )
        entries.append(row_of(each, said, keys[each.subject]))
    append(db.session, ThreadEntry, entries)
    known = sa.select(Person).where(Person.id.in_({each.person_id for each in questions if each.person_id}))
    persons = {person.id: person for person in db.session.scalars(known)}
    send_all(letters_for(ANSWERED, questions, persons, lambda each: {"text": texts[each.language]}))
    return questions
