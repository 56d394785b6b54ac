"""Rules of an application: its states, when its form is complete, and which of its answers lists repeat."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cohortmgr.applications.answers import amended, settled
from cohortmgr.applications.answers.conditions import counted, either_of, hidden, is_required, lacking_of
from cohortmgr.applications.answers.missing_parts import incomplete, to_answer
from cohortmgr.applications.answers.provinces import region_of_province
from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.applications.file.words import words_of
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.states import Stage, Table
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rules import (
    Definition,
    Form,
    FormSection,
    Operator,
    Question,
    QuestionKind,
)


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    HELD = "held"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Consent(StrEnum):
    """What a child's guardian answered about the purposes without which the file may not exist."""

    NONE = "none"
    WAITING = "waiting"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """How an application came in."""

    ONLINE = "online"
    IMPORT = "import"
    PAPER = "paper"


NOT_A_DRAFT = N_("Cette candidature est déjà envoyée : elle ne se modifie plus.")

FILE_STATES = Table(
    {
        ApplicationState.DRAFT: Stage(
            N_("La personne remplit son dossier ; elle peut le modifier jusqu’à la clôture."),
            to=(ApplicationState.HELD, ApplicationState.SUBMITTED, ApplicationState.SUPERSEDED),
            name=N_("Brouillon"),
        ),
        ApplicationState.HELD: Stage(
            N_(
                "Le dossier d’un mineur est prêt ; il part, et l’équipe le voit, "
                "quand le tuteur légal a donné son accord."
            ),
            to=(ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.WITHDRAWN),
            name=N_("En attente de l’accord du tuteur légal"),
        ),
        ApplicationState.SUBMITTED: Stage(
            N_("Le dossier est envoyé ; c’est au programme de répondre."),
            to=(ApplicationState.HELD, ApplicationState.WITHDRAWN, ApplicationState.SUPERSEDED),
            name=N_("Envoyée"),
        ),
        ApplicationState.WITHDRAWN: Stage(
            N_("La personne a retiré sa candidature ; elle n’est plus lue."),
            to=(ApplicationState.DRAFT,),
            name=N_("Retirée"),
        ),
        ApplicationState.SUPERSEDED: Stage(
            N_("La personne a un autre dossier dans cette campagne ; celui-ci est gardé et n’est plus lu."),
            to=(ApplicationState.DRAFT, ApplicationState.SUBMITTED),
            name=N_("Mise de côté"),
        ),
    }
)


CONSENT_STATES = Table(
    {
        Consent.NONE: Stage(
            N_("La personne est majeure, ou le programme ne demande pas d’accord."),
            to=(Consent.WAITING,),
            name=N_("Pas nécessaire"),
        ),
        Consent.WAITING: Stage(
            N_("La personne est mineure et son tuteur légal n’a pas encore répondu : le dossier est caché."),
            to=(Consent.NONE, Consent.GIVEN, Consent.WITHDRAWN),
            name=N_("Attendu"),
        ),
        Consent.GIVEN: Stage(
            N_("Le tuteur légal a accepté ce sans quoi le dossier n’existe pas : il est lu comme un autre."),
            to=(Consent.NONE, Consent.WAITING, Consent.WITHDRAWN),
            name=N_("Donné"),
        ),
        Consent.WITHDRAWN: Stage(
            N_("Le tuteur légal a refusé, ou retiré son accord : le dossier est caché."),
            to=(Consent.NONE, Consent.WAITING, Consent.GIVEN),
            name=N_("Refusé ou retiré"),
        ),
    }
)


# Staff see nothing of a file with one of these consents, whatever its state.
HIDDEN = (Consent.WAITING.value, Consent.WITHDRAWN.value)

SOURCE_NAMES: Mapping[Source, str] = {
    Source.ONLINE: N_("En ligne"),
    Source.IMPORT: N_("Importée"),
    Source.PAPER: N_("Sur papier"),
}

_PERSON = "person."
_IDENTIFIER = "identifier."

# A key of up to so many letters stands whole in the numbers of files; and so much of a number is its programme's.
LONGEST_PREFIX, MOST_OF_NUMBER = 10, 23


def number_prefix(key: str) -> str:
    """What the numbers of a programme's files begin with: its key, or of a long one the first letters of its words, for
    a number is said over the telephone and written by hand."""
    words = [word for word in re.split(r"[-_]+", key) if word]
    if len(key) <= LONGEST_PREFIX or len(words) < 2:
        return key.upper()[:MOST_OF_NUMBER]
    return "".join(word[0] for word in words).upper()[:LONGEST_PREFIX]


def asked(form: Form) -> tuple[Question, ...]:
    """The questions of the application itself; the others are asked once a seat is accepted."""
    return tuple(question for question in form.questions if question.asked_at_application)


def asked_later(form: Form, answers: Mapping[str, Answer]) -> tuple[Question, ...]:
    """The questions asked once a seat is accepted, without those that the answers of the application hide."""
    out = hidden(form, answers)
    return tuple(q for q in form.questions if not q.asked_at_application and q.key not in out)


def owed_later(form: Form, answers: Mapping[str, Answer], documents: Collection[str]) -> tuple[Question, ...]:
    """Those of `asked_later` that still lack a required answer or a part. `documents` as for `missing`."""
    present = counted(form, answers)
    return tuple(
        question
        for question in asked_later(form, answers)
        if _missing_of(question, answers.get(question.key), present, documents)
        or lacking_of(form, question, present, hidden(form, answers))
    )


def asked_in(section: FormSection, out: Collection[str]) -> tuple[Question, ...]:
    """The questions of a section that the application itself asks, without those whose keys are in `out`."""
    return tuple(q for q in section.questions if q.asked_at_application and q.key not in out)


def missing(form: Form, answers: Mapping[str, Answer], documents: Collection[str]) -> list[Problem]:
    """A Problem for each required question without an answer, and for each missing part of an answer.

    `documents` are the keys of the questions with a paper. A hidden question is not asked for.
    """
    out, present = hidden(form, answers), counted(form, answers)
    return [
        problem
        for question in asked(form)
        if question.key not in out
        for problem in (
            *_missing_of(question, answers.get(question.key), present, documents),
            *one_missing(form, question, present, out),
        )
    ]


def one_missing(
    form: Form, question: Question, answers: Mapping[str, Answer], out: frozenset[str]
) -> list[Problem]:
    """The Problem that one of several answers is missing, beside the first of their questions alone."""
    absent = lacking_of(form, question, answers, out)
    if not absent or absent[0] is not question:
        return []
    return [to_answer(question, either_of(absent))]


def _missing_of(
    question: Question, answer: Answer, present: Mapping[str, Answer], documents: Collection[str]
) -> list[Problem]:
    given = question.key in documents if question.kind is QuestionKind.FILE else is_given(answer)
    if given:
        return list(incomplete(question, answer))
    if is_required(question, present):
        return [to_answer(question)]
    return []


def split_sealed(form: Form, answers: Mapping[str, Answer]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """Split the answers into those kept open and those to seal."""
    secret = {question.key for question in form.questions if question.sealed} | {
        amended.SEALED,
        settled.SEALED,
    }
    opened = {key: value for key, value in answers.items() if key not in secret}
    return opened, {key: value for key, value in answers.items() if key in secret}


def person_values(form: Form, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What the answers say about the person, by column of `Person` (`birth_date` as ISO text)."""
    return _by_target(form, counted(form, answers), _PERSON)


def identity_numbers(form: Form, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Kind of identifier (`cin`, `massar`, `passport`…) to number; hidden answers do not count."""
    present = counted(form, answers)
    found = {kind: str(value) for kind, value in _by_target(form, present, _IDENTIFIER).items()}
    for question in form.questions:
        document = present.get(question.key)
        if question.kind is QuestionKind.IDENTITY and isinstance(document, dict):
            found.setdefault(str(document["type"]), str(document["number"]))
    return found


def question_of(form: Form, target: str) -> str:
    """The key of the question with that target; an identity document will do for identifiers. Or KeyError."""
    for question in form.questions:
        if question.target == target:
            return question.key
    if target.startswith(_IDENTIFIER):
        for question in form.questions:
            if question.kind is QuestionKind.IDENTITY:
                return question.key
    raise KeyError(target)


def _by_target(form: Form, answers: Mapping[str, Answer], prefix: str) -> dict[str, Any]:
    return {
        question.target.removeprefix(prefix): answers[question.key]
        for question in form.questions
        if question.target and question.target.startswith(prefix) and answers.get(question.key)
    }


# What the answers say of a person's name, in both scripts.
NAMES = ("given_name", "family_name", "given_name_ar", "family_name_ar")
# Values that sort behind every region and every key of an option.
LAST_REGION, LAST_DIPLOMA = "ZZ", "zzzz"


def listed(definition: Definition, answers: Mapping[str, Answer], number: str) -> dict[str, Any]:
    """The columns of an application by which lists show, sort and search it, with their values.

    The diploma is the answer to `diploma_question`. The average is the mean of every grade, in thousandths
    (None unless all are given).
    """
    form = definition.form
    answers = counted(form, answers)
    person = {key: str(value) for key, value in person_values(form, answers).items()}
    given, family = person.get("given_name", ""), person.get("family_name", "")
    email = person.get("email")
    diploma = diploma_question(definition)
    values: dict[str, Any] = {
        "name": f"{given} {family}".strip()[:250],
        "sort_name": fold(f"{family} {given}")[:250],
        "search_text": search_text(form, answers, number),
        "email": email,
        "region": _region(form, answers),
        "diploma": answers.get(diploma.key) if diploma else None,
        "average_thousandths": average_thousandths(form, answers),
    }
    return {**values, **ranks(values)}


def search_text(form: Form, answers: Mapping[str, Answer], number: str) -> str:
    """The words by which a file with that number is found, parted by spaces; hidden answers do not count."""
    person = person_values(form, answers)
    names = [str(person.get(name, "")) for name in NAMES]
    return words_of(names, number, str(person.get("email", "")))


def ranks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that lists are ordered by, of those columns of `listed` that are given. A list is read by keys, and
    nothing is no key: what is missing is a value that sorts last, an average that is missing last of the best first."""
    last = {"average_thousandths": -1, "region": LAST_REGION, "diploma": LAST_DIPLOMA}
    names = {"average_thousandths": "average_rank", "region": "region_rank", "diploma": "diploma_rank"}
    return {
        names[name]: last[name] if value is None else value for name, value in values.items() if name in last
    }


def first_choice(form: Form, answers: Mapping[str, Answer], offered: Collection[str]) -> str | None:
    """The key that the answers rank first of those `offered` (keys of an intake's offerings); else None."""
    answers = counted(form, answers)
    for key in ranking_of_offerings(form, offered):
        answer = answers.get(key)
        if isinstance(answer, list) and answer and str(answer[0]) in offered:
            return str(answer[0])
    return None


def ranking_of_offerings(form: Form, offered: Collection[str]) -> list[str]:
    """The keys of the questions that rank the `offered` (keys of an intake's offerings), as `first_choice` reads
    them."""
    return [
        question.key
        for question in form.questions
        if question.kind is QuestionKind.RANKING
        and {option.key for option in question.options} <= set(offered)
    ]


def ranked_wishes(form: Form, answers: Mapping[str, Answer], offered: Collection[str]) -> tuple[str, ...]:
    """The keys of all the `offered` that the answers rank, the dearest first; those that are offered no more are left
    out."""
    answers = counted(form, answers)
    for key in ranking_of_offerings(form, offered):
        answer = answers.get(key)
        if isinstance(answer, list) and answer:
            return tuple(dict.fromkeys(wish for each in answer if (wish := str(each)) in offered))
    return ()


def diploma_question(definition: Definition) -> Question | None:
    """The first choice question that an eligibility rule reads with `one_of`; None if there is none."""
    for rule in definition.eligibility:
        if rule.operator is Operator.ONE_OF:
            question = definition.form.question(rule.question)
            if question.kind is QuestionKind.CHOICE:
                return question
    return None


def average_thousandths(form: Form, answers: Mapping[str, Answer]) -> int | None:
    """The mean of every grade asked, in thousandths; None unless all are given."""
    grades = [answers.get(q.key) for q in asked(form) if q.kind is QuestionKind.GRADE]
    if not grades or any(not isinstance(grade, str) for grade in grades):
        return None
    total = sum((Decimal(str(grade)) for grade in grades), Decimal(0))
    return int((total * 1000 / len(grades)).to_integral_value())


def _region(form: Form, answers: Mapping[str, Answer]) -> str | None:
    """The region that the person gives, else the region of their province."""
    for question in form.questions:
        answer = answers.get(question.key)
        if question.kind is QuestionKind.REGION and isinstance(answer, str):
            return answer
    for question in form.questions:
        answer = answers.get(question.key)
        if question.kind is QuestionKind.ADDRESS and isinstance(answer, dict):
            return region_of_province(str(answer.get("province")))
    return None
