"""What answers hide and require: each test of the closed set, chains, and what is missing because of them."""

from __future__ import annotations

from typing import Any

import pytest

from cohortmgr.applications.answers.conditions import counted, hidden, holds, is_required
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.rules import identity_numbers, missing, person_values, question_of
from cohortmgr.programmes.definition.rules import (
    Condition,
    ConditionOperator,
    Form,
    FormSection,
    Option,
    Question,
    QuestionKind,
)

LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
OPTIONS = tuple(Option(key, LABEL) for key in ("a", "b", "c"))


def when(question: str, operator: str, *values: str) -> tuple[Condition, ...]:
    return (Condition(question, ConditionOperator(operator), values),)


def text(key: str, **more: Any) -> Question:
    return Question(key, QuestionKind.TEXT, LABEL, **more)


def form(*questions: Question, **section: Any) -> Form:
    first = Question("first", QuestionKind.CHOICE, LABEL, options=OPTIONS)
    return Form((FormSection("one", LABEL, (first,)), FormSection("two", LABEL, questions, **section)))


@pytest.mark.parametrize(
    ("operator", "values", "answer", "expected"),
    [
        ("one_of", ("a", "b"), "b", True), ("one_of", ("a",), "b", False), ("one_of", ("a",), None, False),
        ("one_of", ("a",), ["c", "a"], True), ("one_of", ("a",), ["c"], False), ("one_of", ("fr",), {"fr": "B2"}, True),
        ("one_of", ("true",), True, True), ("none_of", ("a",), "b", True), ("none_of", ("a",), "a", False),
        ("none_of", ("a",), None, True), ("none_of", ("a",), ["a", "b"], False),
        ("not_empty", (), "x", True), ("not_empty", (), "", False), ("not_empty", (), [], False),
        ("not_empty", (), {}, False), ("not_empty", (), None, False), ("not_empty", (), True, True),
        ("empty", (), None, True), ("empty", (), ["a"], False),
        ("at_least", ("12",), "12", True), ("at_least", ("12",), "11.99", False), ("at_least", ("12",), None, False),
        ("at_least", ("12",), "texte", False), ("at_least", ("12",), ["13"], False), ("at_least", ("B1",), "B2", True),
        ("at_least", ("B1",), "A2", False), ("at_most", ("2020",), "2019", True), ("at_most", ("2020",), "2021", False),
        ("at_most", ("B1",), "nan", False),
    ],
)  # fmt: skip
def test_each_test_of_the_closed_set(
    operator: str, values: tuple[str, ...], answer: Answer, expected: bool
) -> None:
    assert holds(Condition("q", ConditionOperator(operator), values), answer) is expected


def test_a_hidden_answer_hides_in_turn_and_comes_back() -> None:
    asked = form(
        text("second", show_when=when("first", "one_of", "a"), required=True),
        text("third", show_when=when("second", "not_empty"), required=True),
        text("fourth", show_when=when("second", "empty")),
    )
    answers: dict[str, Answer] = {"first": "a", "second": "oui", "third": "encore"}
    assert hidden(asked, answers) == {"fourth"}
    answers["first"] = "b"
    assert hidden(asked, answers) == {"second", "third"}
    assert counted(asked, answers) == {"first": "b"}
    assert answers["third"] == "encore"
    assert missing(asked, answers, ()) == []
    assert [problem.where for problem in missing(asked, {"first": "a"}, ())] == ["second"]


def test_a_section_is_hidden_whole() -> None:
    asked = form(text("x", required=True), text("y", required=True), show_when=when("first", "one_of", "c"))
    assert hidden(asked, {}) == {"x", "y"}
    assert [p.where for p in missing(asked, {"first": "c", "x": "1"}, ())] == ["y"]


def test_another_answer_may_require_one() -> None:
    asked = form(text("why", require_when=when("first", "one_of", "c")))
    assert missing(asked, {"first": "a"}, ()) == []
    assert [p.where for p in missing(asked, {"first": "c"}, ())] == ["why"]
    assert not is_required(text("free"), {})


def test_a_hidden_file_and_a_hidden_consent_are_not_asked_for() -> None:
    paper = Question("paper", QuestionKind.FILE, LABEL, required=True, show_when=when("first", "one_of", "a"))
    box = Question("box", QuestionKind.CONSENT, LABEL, required=True, show_when=when("first", "one_of", "a"))
    assert missing(form(paper, box), {"first": "b"}, ()) == []
    assert [p.where for p in missing(form(paper, box), {"first": "a"}, ())] == ["paper", "box"]


def test_what_is_hidden_says_nothing_of_the_person() -> None:
    asked = form(
        text("name", target="person.given_name", show_when=when("first", "one_of", "a")),
        Question("who", QuestionKind.IDENTITY, LABEL, sealed=True),
    )
    answers: dict[str, Answer] = {"name": "Zoé", "who": {"type": "passport", "number": "XY123456"}}
    assert person_values(asked, answers) == {}
    assert identity_numbers(asked, answers) == {"passport": "XY123456"}
    assert question_of(asked, "identifier.passport") == "who"


def test_a_stored_circle_is_hidden_and_ends() -> None:
    asked = form(text("x", show_when=when("y", "empty")), text("y", show_when=when("x", "empty")))
    assert hidden(asked, {"x": "1", "y": "1"}) <= {"x", "y"}


def test_parts_that_are_missing_are_named_where_they_stand() -> None:
    group = Question(
        "rows", QuestionKind.GROUP, LABEL, minimum=None, fields=(text("title", required=True), text("b"))
    )
    home = Question("home", QuestionKind.ADDRESS, LABEL)
    answers: dict[str, Answer] = {"rows": [{"title": "x"}, {"b": "y"}], "home": {"street": "12, rue X"}}
    problems = missing(form(group, home), answers, ())
    assert [p.where for p in problems] == ["rows-1-title", "home-province", "home-commune"]
    assert problems[0].values["question"]["fr"] == "Question 2 : Question"  # type: ignore[index]
