"""What a new definition does otherwise is told once each, whatever part it is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cohortmgr.programmes.definition import comparing
from cohortmgr.programmes.definition.comparing import ChangeKind, changes
from cohortmgr.programmes.definition.rules import Definition, GuardianTerms, HiddenPart, Question
from cohortmgr.programmes.definition.toml import read_known

JUNIOR = read_known("ai-master-junior")
MASTER = read_known("mdia")
FIRST, SECOND, *OTHERS = MASTER.calendar.periods
TERMS = JUNIOR.guardians or GuardianTerms(18, ())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (MASTER, replace(MASTER, eligibility=()), [(ChangeKind.REMOVED, MASTER.eligibility[0].reason)]),
        (replace(MASTER, eligibility=()), MASTER, [(ChangeKind.ADDED, MASTER.eligibility[0].reason)]),
        (
            MASTER,
            replace(MASTER, eligibility=(replace(MASTER.eligibility[0], values=("droit",)),)),
            [(ChangeKind.CHANGED, MASTER.eligibility[0].reason)],
        ),
        (
            JUNIOR,
            replace(JUNIOR, eligibility=tuple(reversed(JUNIOR.eligibility))),
            [(ChangeKind.CHANGED, "L’ordre des conditions")],
        ),
        (
            MASTER,
            replace(
                MASTER, intakes=(replace(MASTER.intakes[0], starts_on=date(2025, 10, 1)), *MASTER.intakes[1:])
            ),
            [(ChangeKind.CHANGED, MASTER.intakes[0].title)],
        ),
        (
            MASTER,
            replace(MASTER, intakes=MASTER.intakes[:1]),
            [(ChangeKind.REMOVED, MASTER.intakes[1].title)],
        ),
        (
            MASTER,
            replace(MASTER, calendar=replace(MASTER.calendar, periods=(SECOND, FIRST, *OTHERS))),
            [(ChangeKind.CHANGED, comparing.PARTS["calendar"])],
        ),
        (
            MASTER,
            replace(MASTER, calendar=replace(MASTER.calendar, periods=(FIRST, *OTHERS))),
            [(ChangeKind.REMOVED, SECOND.title)],
        ),
        (
            MASTER,
            replace(MASTER, calendar=replace(MASTER.calendar, company_from=None)),
            [(ChangeKind.CHANGED, comparing.PARTS["calendar"])],
        ),
        (
            JUNIOR,
            replace(JUNIOR, guardians=replace(TERMS, under=16)),
            [(ChangeKind.CHANGED, comparing.PARTS["guardians"])],
        ),
        (
            JUNIOR,
            replace(JUNIOR, guardians=replace(TERMS, purposes=TERMS.purposes[:1])),
            [(ChangeKind.REMOVED, purpose.title) for purpose in TERMS.purposes[1:]],
        ),
    ],
)
def test_conditions_dates_and_terms_are_told_one_by_one_and_once(
    before: Definition, after: Definition, told: list[tuple[ChangeKind, object]]
) -> None:
    assert [(change.kind, change.named) for change in changes(before, after)] == told


@pytest.mark.parametrize(("was", "said"), [(False, "devient obligatoire"), (True, "n’est plus obligatoire")])
def test_a_question_that_becomes_required_or_no_longer_is_says_which(was: bool, said: str) -> None:
    first, *others = MASTER.form.sections
    asked = [replace(question, required=was) for question in first.questions]
    turned = [replace(asked[0], required=not was), *asked[1:]]

    def with_questions(questions: list[Question]) -> Definition:
        section = replace(first, questions=tuple(questions))
        return replace(MASTER, form=replace(MASTER.form, sections=(section, *others)))

    (change,) = changes(with_questions(asked), with_questions(turned))
    assert (change.named, change.details) == (asked[0].label, (said,))


def test_what_readers_see_of_a_section_or_question_is_told() -> None:
    first, *others = MASTER.form.sections
    asked = replace(first.questions[0], reader_title=first.title, reveals=(HiddenPart.NAME, HiddenPart.SEX))
    section = replace(first, reader_title=None, questions=(asked, *first.questions[1:]))
    told = changes(MASTER, replace(MASTER, form=replace(MASTER.form, sections=(section, *others))))
    title, reveals = "l’intitulé pour les évaluateurs", "ce que la réponse révèle aux évaluateurs"
    assert [(change.named, change.details) for change in told] == [
        (first.title, (title,)),
        (asked.label, (reveals, title)),
    ]
