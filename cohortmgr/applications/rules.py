"""The life of an application: its states, when a form is complete, and what lists repeat of its answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cohortmgr.applications.answers import Answer
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.text import fold
from cohortmgr.programmes.rules import Definition, Form, Operator, Question, QuestionKind


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """By which way an application came in."""

    ONLINE = "online"
    IMPORT = "import"
    PAPER = "paper"


STATE_NAMES: Mapping[State, str] = {
    State.DRAFT: N_("Brouillon"),
    State.SUBMITTED: N_("Envoyée"),
    State.WITHDRAWN: N_("Retirée"),
}

MEANINGS: Mapping[State, str] = {
    State.DRAFT: N_("La personne remplit son dossier ; elle peut le modifier jusqu’à la clôture."),
    State.SUBMITTED: N_("Le dossier est envoyé ; c’est au programme de répondre."),
    State.WITHDRAWN: N_("La personne a retiré sa candidature ; elle n’est plus lue."),
}

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED}),
    State.SUBMITTED: frozenset({State.WITHDRAWN}),
    State.WITHDRAWN: frozenset(),
}

SOURCE_NAMES: Mapping[Source, str] = {
    Source.ONLINE: N_("En ligne"),
    Source.IMPORT: N_("Importée"),
    Source.PAPER: N_("Sur papier"),
}

_PERSON = "person."
_IDENTIFIER = "identifier."


def asked(form: Form) -> tuple[Question, ...]:
    """The questions of the application itself; the others come once a seat is accepted."""
    return tuple(question for question in form.questions if question.asked_at_application)


def missing(form: Form, answers: Mapping[str, Answer], documents: Collection[str]) -> list[Problem]:
    """A Problem for each required question without an answer; `documents` are the questions with a file."""
    problems: list[Problem] = []
    for question in asked(form):
        if not question.required:
            continue
        if question.kind is QuestionKind.FILE:
            given = question.key in documents
        else:
            given = answers.get(question.key) not in (None, "", False)
        if not given:
            what = N_("Il manque : %(question)s")
            problems.append(Problem(what, {"question": question.label}, question.key))
    return problems


def split_sealed(form: Form, answers: Mapping[str, Answer]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """The answers that stand open and those that are sealed."""
    secret = {question.key for question in form.questions if question.sealed}
    opened = {key: value for key, value in answers.items() if key not in secret}
    return opened, {key: value for key, value in answers.items() if key in secret}


def person_values(form: Form, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What the answers say of the person, by column of the person (`birth_date` as ISO text)."""
    return _by_target(form, answers, _PERSON)


def identity_numbers(form: Form, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Kind of identifier (`cin`, `massar`, …) to number."""
    return {kind: str(value) for kind, value in _by_target(form, answers, _IDENTIFIER).items()}


def question_of(form: Form, target: str) -> str:
    """The key of the question with that target; KeyError when the form has none."""
    for question in form.questions:
        if question.target == target:
            return question.key
    raise KeyError(target)


def _by_target(form: Form, answers: Mapping[str, Answer], prefix: str) -> dict[str, Any]:
    return {
        question.target.removeprefix(prefix): answers[question.key]
        for question in form.questions
        if question.target and question.target.startswith(prefix) and answers.get(question.key)
    }


def listed(definition: Definition, answers: Mapping[str, Answer], number: str) -> dict[str, Any]:
    """The columns of an application by which lists show, sort and search it.

    The diploma is the choice that eligibility turns on, the average is that of every grade, in thousandths
    (None unless all are there).
    """
    form = definition.form
    person = {key: str(value) for key, value in person_values(form, answers).items()}
    given, family = person.get("given_name", ""), person.get("family_name", "")
    arabic = f"{person.get('given_name_ar', '')} {person.get('family_name_ar', '')}"
    email = person.get("email")
    region = _first(form, QuestionKind.REGION)
    diploma = diploma_question(definition)
    return {
        "name": f"{given} {family}".strip()[:250],
        "sort_name": fold(f"{family} {given}")[:250],
        "search_text": fold(f"{family} {given} {arabic} {number} {email or ''}"),
        "email": email,
        "region": answers.get(region) if region else None,
        "diploma": answers.get(diploma.key) if diploma else None,
        "average_thousandths": average_thousandths(form, answers),
    }


def diploma_question(definition: Definition) -> Question | None:
    """The question of choices that the first rule of eligibility by choice reads."""
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


def _first(form: Form, kind: QuestionKind) -> str | None:
    return next((question.key for question in form.questions if question.kind is kind), None)
