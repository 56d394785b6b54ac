"""A draft brought to an amended form keeps every answer: in place, read again, or aside."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.answers.amended import (
    NEW,
    Amended,
    amended,
    changed,
    new_questions,
    retired_answers,
    seen,
)
from cohortmgr.applications.answers.values import Answer
from cohortmgr.programmes.definition.rules import Form, FormSection, Option, Question, QuestionKind

TODAY = date(2026, 11, 22)
LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}


def ask(key: str, kind: str = "text", **more: Any) -> Question:
    return Question(key, QuestionKind(kind), LABEL, **more)


def form(*questions: Question) -> Form:
    return Form((FormSection("one", LABEL, questions),))


def move(
    before: Form, after: Form, opened: dict[str, Answer], sealed: dict[str, Answer] | None = None
) -> Amended:
    return amended(before, after, opened, sealed or {}, TODAY)


def test_the_same_question_keeps_its_answer_and_a_new_one_is_told() -> None:
    before, after = form(ask("a")), form(ask("a"), ask("b"))
    found = move(before, after, {"a": "x"})
    assert found.opened == {"a": "x", NEW: ["b"]} and found.asked_again == ("b",)
    assert [q.key for q in new_questions(after, found.opened)] == ["b"]
    seen(found.opened, ["a", "b"])
    assert found.opened == {"a": "x"}


def test_a_removed_question_is_kept_aside_and_comes_back_with_it() -> None:
    before, after = form(ask("a"), ask("b")), form(ask("a"))
    found = move(before, after, {"a": "x", "b": "y"})
    assert found.opened["a"] == "x" and "b" not in found.opened
    assert list(retired_answers(found.opened)) == [(LABEL, "y")]
    again = move(after, before, found.opened)
    assert again.opened["b"] == "y" and list(retired_answers(again.opened)) == []


def test_a_sealed_answer_stays_sealed_aside() -> None:
    before, after = form(ask("cin", "cin", sealed=True), ask("a")), form(ask("a"))
    found = move(before, after, {"a": "x"}, {"cin": "AB123456"})
    assert "AB123456" not in str(found.opened) and "AB123456" in str(found.sealed)
    back = move(after, before, found.opened, found.sealed)
    assert back.sealed == {"cin": "AB123456"}


def test_a_changed_kind_is_read_again_or_asked_again() -> None:
    before, after = form(ask("n"), ask("m")), form(ask("n", "number"), ask("m", "number"))
    found = move(before, after, {"n": "12,5", "m": "douze"})
    assert found.opened["n"] == "12.5" and "m" not in found.opened
    assert list(retired_answers(found.opened)) == [(LABEL, "douze")]
    assert found.asked_again == ("m",)


def test_a_removed_choice_is_asked_again_and_its_name_is_kept() -> None:
    old = (Option("a", {**LABEL, "fr": "Rabat"}), Option("b", {**LABEL, "fr": "Fès"}))
    new = (Option("f", {**LABEL, "fr": "Fès"}),)
    before, after = (
        form(ask("c", "choice", options=old), ask("d", "choice", options=old)),
        form(ask("c", "choice", options=new), ask("d", "choice", options=new)),
    )
    found = move(before, after, {"c": "a", "d": "b"})
    assert found.opened["d"] == "f" and list(retired_answers(found.opened)) == [(LABEL, "Rabat")]


def test_parts_stay_where_they_are_still_asked() -> None:
    options = tuple(Option(key, LABEL) for key in "abc")
    row = (ask("title"), ask("year", "year"))
    before = form(
        ask("r", "ranking", options=options),
        ask("g", "group", fields=row, maximum=Decimal(5)),
        ask("h", "address"),
    )
    after = form(
        ask("r", "ranking", options=options[1:]),
        ask("g", "group", fields=row[:1], maximum=Decimal(1)),
        ask("h"),
    )
    answers: dict[str, Answer] = {
        "r": ["a", "c"], "g": [{"title": "x", "year": "2020"}, {"title": "y"}], "h": {"commune": "Salé"},
    }  # fmt: skip
    found = move(before, after, answers)
    assert found.opened["r"] == ["c"] and found.opened["g"] == [{"title": "x"}]
    assert list(retired_answers(found.opened)) == [(LABEL, "Salé")]


def test_answers_of_parts_come_back_from_aside() -> None:
    row = (ask("title"), ask("year", "year"))
    options = tuple(Option(key, LABEL) for key in "abc")
    before = form(
        ask("a"), ask("g", "group", fields=row, maximum=Decimal(5)), ask("h", "address"), ask("ok", "consent"),
        ask("c", "choices", options=options), ask("w", "identity", sealed=True),
    )  # fmt: skip
    opened: dict[str, Answer] = {
        "a": "x", "g": [{"title": "x", "year": "2020"}], "h": {"commune": "Salé"}, "ok": True, "c": ["a", "c"],
    }  # fmt: skip
    sealed: dict[str, Answer] = {"w": {"type": "cin", "number": "AB123456"}}
    away = move(before, form(ask("a")), opened, sealed)
    assert set(away.opened) == {"a", "_aside"} and set(away.sealed) == {"_aside_sealed"}
    back = move(form(ask("a")), before, away.opened, away.sealed)
    assert {
        key: value for key, value in back.opened.items() if key != NEW
    } == opened and back.sealed == sealed


def test_what_was_agreed_to_is_asked_again_in_other_words() -> None:
    other = Question("ok", QuestionKind.CONSENT, {**LABEL, "fr": "Autre engagement"})
    found = move(form(ask("ok", "consent")), form(other), {"ok": True})
    assert "ok" not in found.opened and found.asked_again == ("ok",)
    assert move(form(ask("ok", "consent")), form(ask("ok", "consent")), {"ok": True}).opened == {"ok": True}


def test_only_what_decides_on_answers_is_a_change() -> None:
    assert not changed(form(ask("a"), ask("b")), form(ask("b"), ask("a", help=LABEL)))
    assert changed(form(ask("a")), form(ask("a", sealed=True)))
    assert changed(form(ask("a", "consent")), form(Question("a", QuestionKind.CONSENT, {**LABEL, "fr": "x"})))


KEYS = st.sets(st.sampled_from("abcdef"))


@given(KEYS, KEYS, st.dictionaries(st.sampled_from("abcdef"), st.text("xyz", min_size=1)))
def test_nothing_is_lost_on_the_way_there_and_back(
    first: set[str], second: set[str], texts: dict[str, str]
) -> None:
    before, after = form(*map(ask, sorted(first))), form(*map(ask, sorted(second)))
    answers: dict[str, Answer] = {key: value for key, value in texts.items() if key in first}
    there = move(before, after, answers)
    back = move(after, before, there.opened)
    assert {key: value for key, value in back.opened.items() if key != NEW} == answers
