"""Read a request's answers to the questions of the conditions, and show what is wrong with them."""

from __future__ import annotations

from typing import Any

from cohortmgr.applications.answers.composed import read_given
from cohortmgr.applications.answers.conditions import counted, is_required
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.form.buttons import Pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, show_answers
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.definition.rules import Definition, Question

NEEDED = N_("Répondez pour savoir si vous pouvez candidater.")


def read_asked(
    definition: Definition, asked: tuple[Question, ...], given: dict[str, Any]
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers that count, and what is wrong: each shown and required question needs one."""
    answers: dict[str, Answer] = {}
    problems: list[Problem] = []
    for question in asked:
        answers[question.key], wrong = read_given(question, given, clock.today())
        problems += wrong
    answers = counted(definition.form, answers)
    faulty = {(problem.where or "").partition("-")[0] for problem in problems}
    for question in asked:
        missing = question.key in answers and answers[question.key] in (None, "", [])
        if missing and question.key not in faulty and is_required(question, answers):
            problems.append(Problem(NEEDED, {}, question.key))
    return answers, [each for each in problems if (each.where or "").partition("-")[0] in answers]


def show_asked(page: ApplicationForm, button: Pressed | None, problems: list[Problem]) -> None:
    """Show the problems, unless a button only added or removed a row: then nothing is missing yet."""
    if button is None:
        show_answers(page, Refused(*problems))
    elif button.adds:
        page[button.key].add_row()
