"""Divide a form into pages of one thing each: which pages a person meets, how far each section is. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Form, FormSection, Question, QuestionKind


@dataclass(frozen=True)
class FormPage:
    """Questions that are asked together. `number` counts the pages of the section from 1, hidden ones too, so that
    a page's address does not change."""

    section: FormSection
    number: int
    questions: tuple[Question, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The questions' keys."""
        return tuple(question.key for question in self.questions)


class SectionProgress(StrEnum):
    """How far a section, or a paper, is."""

    UNTOUCHED = "untouched"
    BEGUN = "begun"
    DONE = "done"
    OPTIONAL = "optional"
    MEND = "mend"


PROGRESS_NAMES: Mapping[SectionProgress, str] = {
    SectionProgress.UNTOUCHED: N_("À faire"),
    SectionProgress.BEGUN: N_("Commencé"),
    SectionProgress.DONE: N_("Fait"),
    SectionProgress.OPTIONAL: N_("Facultatif"),
    SectionProgress.MEND: N_("À corriger"),
}
PROGRESS_KINDS: Mapping[SectionProgress, str] = {
    SectionProgress.UNTOUCHED: "neutral",
    SectionProgress.BEGUN: "wait",
    SectionProgress.DONE: "done",
    SectionProgress.OPTIONAL: "neutral",
    SectionProgress.MEND: "stop",
}


def mark_of(answer: Answer) -> str:
    """A short mark of an answer, by which to tell whether it is still the one that a page showed."""
    return _NO_ANSWER if answer is None else _marked(answer)


def _marked(answer: Answer) -> str:
    text = json.dumps(answer, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


# Computed once: it is the mark of nearly every question of a form just begun.
_NO_ANSWER = _marked(None)


def pages_of(form: Form) -> tuple[FormPage, ...]:
    """Every page of the application, in order."""
    return tuple(
        FormPage(section, number, questions)
        for section in form.sections
        for number, questions in enumerate(_together(section), start=1)
    )


def _together(section: FormSection) -> Iterator[tuple[Question, ...]]:
    asked = [question for question in section.questions if question.asked_at_application]
    # A question without a page is a page of its own: its key tells it from every other.
    for _, group in groupby(asked, key=lambda each: (each.page or each.key, bool(each.page))):
        yield tuple(group)


def met(form: Form, answers: Mapping[str, Answer]) -> tuple[FormPage, ...]:
    """The pages that ask something of the person who gave these answers, each with only what it asks."""
    out = hidden(form, answers)
    pages = pages_of(form)
    if not out:
        return pages
    found = (FormPage(each.section, each.number, _asked(form, each, out)) for each in pages)
    return tuple(page for page in found if any(key not in out for key in page.keys))


def _asked(form: Form, page: FormPage, out: Collection[str]) -> tuple[Question, ...]:
    """The questions that are shown, and those that an answer on the same page may show."""
    conditions = form.conditions_of()
    return tuple(
        question
        for question in page.questions
        if question.key not in out
        or any(each.question in page.keys for each in conditions.get(question.key, ()))
    )


def decided_elsewhere(form: Form, page: FormPage) -> frozenset[str]:
    """The questions of a page whose being shown depends on answers on other pages alone."""
    conditions = form.conditions_of()
    return frozenset(
        key
        for key in page.keys
        if key in conditions and not any(each.question in page.keys for each in conditions[key])
    )


def page_with(pages: Iterable[FormPage], key: str) -> FormPage | None:
    """The page that asks a question, or one of its parts; None when none does."""
    for page in pages:
        if any(key == each or key.startswith(f"{each}-") for each in page.keys):
            return page
    return None


def left_on(
    page: FormPage, pages: Iterable[FormPage], form: Form, absent: Iterable[Problem]
) -> list[Problem]:
    """What is absent and asked for on a page of `pages`. Of questions of which one suffices, the last page that has
    one asks: whoever has a number and no address passes the page of the address."""
    alike = {
        each.key: [other.key for other in form.instead_of(each)] for each in form.questions if each.either
    }
    last = {key: each for each in pages for key in each.keys}
    found = list[Problem]()
    for problem in absent:
        keys = [key for key in alike.get(problem.where or "", ()) if key in last]
        if not keys and page_with([page], problem.where or "") is not None:
            found.append(problem)
        elif keys and last[keys[-1]].keys == page.keys:
            found.append(replace(problem, where=next(key for key in keys if key in page.keys)))
    return found


def by_question(problems: Iterable[Problem], keys: Collection[str]) -> dict[str, list[Problem]]:
    """The problems by the question that they concern; a part is named after its question (`home-commune`)."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        key = problem.where or ""
        while key and key not in keys:
            key = key.rpartition("-")[0]
        found.setdefault(key, []).append(problem)
    return found


def progress(
    questions: Iterable[Question],
    answers: Mapping[str, Answer],
    papers: Collection[str],
    missing: Collection[str],
    mend: Collection[str] = (),
) -> SectionProgress:
    """How far these questions are; `missing`: keys of those that lack something, `mend`: of those refused."""
    asked = list(questions)
    if any(question.key in mend for question in asked):
        return SectionProgress.MEND
    given = any(_is_there(question, answers, papers) for question in asked)
    if any(question.key in missing for question in asked):
        return SectionProgress.BEGUN if given else SectionProgress.UNTOUCHED
    return SectionProgress.DONE if given else SectionProgress.OPTIONAL


def _is_there(question: Question, answers: Mapping[str, Answer], papers: Collection[str]) -> bool:
    if question.kind is QuestionKind.FILE:
        return question.key in papers
    return is_given(answers.get(question.key))


def first_undone(
    pages: Iterable[FormPage], missing: Collection[str], mend: Collection[str]
) -> FormPage | None:
    """The first page with a question that lacks something or was refused."""
    return next((page for page in pages if any(key in missing or key in mend for key in page.keys)), None)
