"""Rules of asking a person to correct some answers of a sent file: which, why, until when. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from cohortmgr.applications.answers.conditions import counted, either_of, hidden, lacking_of
from cohortmgr.applications.answers.missing_parts import to_answer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.rules import ApplicationState, asked
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind


def answer_mark(answer: Answer, sealed: bytes | None = None) -> str:
    """Return a mark that tells one answer from another, so that nobody corrects another than the one they saw. Of one
    that is sealed it tells nothing: `sealed` is all of them as they are kept."""
    said = json.dumps(answer, ensure_ascii=False, sort_keys=True, default=str).encode() + (sealed or b"")
    return hashlib.sha256(said).hexdigest()[:16]


class CorrectionState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    DONE = "done"
    CALLED_OFF = "called_off"


class CorrectionKind(StrEnum):
    """What is wrong with an answer."""

    INCORRECT = "incorrect"
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"


CORRECTION_STATE_NAMES: Mapping[CorrectionState, str] = {
    CorrectionState.ASKED: N_("Correction attendue"),
    CorrectionState.DONE: N_("Correction reçue"),
    CorrectionState.CALLED_OFF: N_("Correction annulée"),
}
KIND_NAMES: Mapping[CorrectionKind, str] = {
    CorrectionKind.INCORRECT: N_("Inexacte"),
    CorrectionKind.INCOMPLETE: N_("Incomplète"),
    CorrectionKind.OUTDATED: N_("Plus à jour"),
}
KIND_SENTENCES: Mapping[CorrectionKind, str] = {
    CorrectionKind.INCORRECT: N_("Cette réponse semble inexacte."),
    CorrectionKind.INCOMPLETE: N_("Cette réponse est incomplète."),
    CorrectionKind.OUTDATED: N_("Cette réponse n’est plus à jour."),
}

LONGEST_MESSAGE = 1000
# The field in which staff say why they correct an answer: no question's key begins like it.
REASON = "_reason"
# The account to which a person is paid. It outlives the file: who has left may still be owed something.
ACCOUNT = "bank.rib"
# What a code or a letter reaches a person by; a number of theirs is what they are known by beside it.
_KNOWN_BY = ("person.email", "person.phone")
LONGEST = timedelta(days=60)
# Whoever is asked for something has a night to think about it.
SHORTEST = timedelta(hours=12)

_NOTHING = N_("Choisissez au moins une réponse à corriger.")
_UNKNOWN = N_("Cette question n’est pas posée dans ce dossier.")
_SOON = N_("Laissez au moins %(hours)s heures à la personne.")
_FAR = N_("Choisissez une date dans les %(days)s jours.")
_LONG = N_("Le message dépasse %(most)s caractères.")
NOT_OPEN = N_("Cette réponse n’est pas à corriger : elle ne se modifie plus.")


def correctable(form: Form, state: str, took_part: bool) -> frozenset[str]:
    """The questions of a file that may be corrected: all once it is sent; of whoever gave up the seat after
    having taken part, the account alone."""
    if state == ApplicationState.SUBMITTED:
        return frozenset(question.key for question in asked(form))
    left = state in (ApplicationState.WITHDRAWN, ApplicationState.SUPERSEDED) and took_part
    return frozenset(question.key for question in asked(form) if left and question.target == ACCOUNT)


def corrected_by_staff(form: Form, keys: Collection[str]) -> tuple[Question, ...]:
    """Those of the questions `keys` whose answers staff may correct themselves, in the order of the form.

    A paper is asked for again; a consent and a guardian's contact are given by themselves; the account to which money
    goes, and what opens the person's own account, are not changed on somebody's word over the telephone."""
    return tuple(
        question
        for question in asked(form)
        if question.key in keys
        and question.kind not in (QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.IDENTITY)
        and question.target not in (ACCOUNT, *_KNOWN_BY)
        and not (question.target or "").startswith(("guardian.", "identifier."))
    )


def request_problems(
    form: Form, items: Mapping[str, str], message: str, until: datetime, now: datetime
) -> list[Problem]:
    """What is wrong with a request; `items` maps question to kind."""
    problems: list[Problem] = []
    known = {question.key for question in asked(form)}
    if not items:
        problems.append(Problem(_NOTHING, {}, "questions"))
    if set(items) - known or set(items.values()) - set(CorrectionKind):
        problems.append(Problem(_UNKNOWN, {}, "questions"))
    if until < now + SHORTEST:
        problems.append(Problem(_SOON, {"hours": int(SHORTEST.total_seconds() // 3600)}, "until"))
    elif until > now + LONGEST:
        problems.append(Problem(_FAR, {"days": LONGEST.days}, "until"))
    if len(message) > LONGEST_MESSAGE:
        problems.append(Problem(_LONG, {"most": LONGEST_MESSAGE}, "message"))
    return problems


def reopened(form: Form, keys: Collection[str]) -> tuple[Question, ...]:
    """The questions to answer again, in the order of the form; one that the form lost is left out."""
    return tuple(question for question in asked(form) if question.key in keys)


def strangers(form: Form, keys: Collection[str], given: Iterable[str]) -> list[Problem]:
    """A Problem for each answer given to a question of the form that is not reopened."""
    closed = {question.key for question in form.questions} - set(keys)
    return [
        Problem(NOT_OPEN, {}, key)
        for key in sorted({name.partition("-")[0] for name in given} & closed | set(given) & closed)
    ]


def unanswered(
    form: Form, questions: Sequence[Question], answers: Mapping[str, Answer], documents: Collection[str]
) -> list[Problem]:
    """A Problem for each reopened question that must be answered and is not, nor one that may replace it."""
    absent = [
        to_answer(question)
        for question in questions
        if question.required
        and (
            question.key not in documents
            if question.kind is QuestionKind.FILE
            else answers.get(question.key) in (None, "", False)
        )
    ]
    known, said = counted(form, answers), set[str]()
    for question in questions:
        lacking = lacking_of(form, question, known, hidden(form, answers))
        if lacking and question.either not in said:
            said.add(question.either)
            absent.append(to_answer(question, either_of(lacking)))
    return absent
