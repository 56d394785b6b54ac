"""Who reads files without a part sees no answer and no paper that tells it, of whatever kind and wherever kept."""

from __future__ import annotations

import pytest

from cohortmgr.programmes.definition.revealing import as_read, is_paper_read, is_read, revealed_by
from cohortmgr.programmes.definition.rules import TARGETS, HiddenPart, Question, QuestionKind

LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
NUMBERS = (QuestionKind.CIN, QuestionKind.MASSAR, QuestionKind.IDENTITY, QuestionKind.RIB)


def asked(kind: QuestionKind = QuestionKind.TEXT, **said: object) -> Question:
    return Question("question", kind, LABEL, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_what_a_kind_tells_is_hidden_with_it_and_numbers_are_never_read(kind: QuestionKind) -> None:
    question = asked(kind)
    apart = kind in (*NUMBERS, QuestionKind.FILE, QuestionKind.CONSENT)
    assert is_read(question, ()) is not apart
    for part in revealed_by(question):
        assert not is_read(question, (part,))


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_kept_of_a_person_is_hidden_with_its_part_or_never_read(target: str) -> None:
    question = asked(target=target)
    assert not is_read(question, tuple(HiddenPart))
    assert is_read(question, ()) == (target.startswith("person.") and bool(revealed_by(question)))


@pytest.mark.parametrize("part", list(HiddenPart))
def test_what_an_author_says_that_it_tells_is_hidden_with_it(part: HiddenPart) -> None:
    question, paper = asked(reveals=(part,)), asked(QuestionKind.FILE, reveals=(part,))
    others = tuple(each for each in HiddenPart if each is not part)
    assert not is_read(question, (part,)) and is_read(question, others)
    assert not is_paper_read(paper, (part,)) and is_paper_read(paper, others)


def test_what_is_sealed_or_asked_of_the_admitted_is_no_reader_s() -> None:
    assert not is_read(asked(sealed=True), ())
    assert not is_read(asked(asked_at_application=False), ())
    assert not is_paper_read(asked(QuestionKind.FILE, asked_at_application=False), ())


def test_rows_of_a_group_lose_the_fields_that_tell() -> None:
    school, year = asked(reveals=(HiddenPart.SCHOOL,)), asked(QuestionKind.YEAR)
    group = asked(QuestionKind.GROUP, fields=(school, year))
    assert as_read(group, (HiddenPart.SCHOOL,)).fields == (year,)
    assert as_read(group, ()).fields == (school, year)


def test_an_answer_that_tells_several_parts_is_hidden_with_each_of_them() -> None:
    parts = (HiddenPart.NAME, HiddenPart.SCHOOL)
    letter, paper = asked(reveals=parts), asked(QuestionKind.FILE, reveals=parts)
    for part in parts:
        assert not is_read(letter, (part,)) and not is_paper_read(paper, (part,))
    assert is_read(letter, (HiddenPart.CITY,)) and is_paper_read(paper, (HiddenPart.CITY,))
