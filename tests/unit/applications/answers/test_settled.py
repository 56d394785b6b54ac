"""What was kept is remembered by question and text, sealed where the question is."""

from __future__ import annotations

from typing import Any

from cohortmgr.applications.answers import settled
from cohortmgr.programmes.definition.questions import Form, FormSection, Question, QuestionKind

_EMAIL = Question("email", QuestionKind.EMAIL, {"fr": "Adresse"})
_SECRET = Question("secret", QuestionKind.EMAIL, {"fr": "Autre"}, sealed=True)
_FORM = Form((FormSection("one", {"fr": "Un"}, (_EMAIL, _SECRET)),))


def test_a_text_that_was_kept_is_known_and_another_is_not() -> None:
    answers: dict[str, Any] = {}
    settled.note(_FORM, answers, {"email": "zoe@gmial.com"})
    both = {"email": "zoe@gmial.com ", "other": "zoe@gmial.com"}
    assert settled.kept(answers, both) == {"email": "zoe@gmial.com "}
    assert settled.kept(answers, {"email": "zoe@gmial.co"}) == {}


def test_a_row_that_moves_up_is_the_same_question() -> None:
    answers: dict[str, Any] = {}
    settled.note(_FORM, answers, {"email-2-part": "zoe@gmial.com"})
    assert settled.kept(answers, {"email-1-part": "zoe@gmial.com"})


def test_the_mark_of_a_sealed_answer_is_sealed_and_the_same_again_adds_none() -> None:
    answers: dict[str, Any] = {}
    for _time in range(2):
        settled.note(_FORM, answers, {"secret": "zoe@gmial.com"})
    assert set(answers) == {settled.SEALED} and len(answers[settled.SEALED]) == 1


def test_the_oldest_go_first() -> None:
    answers: dict[str, Any] = {}
    for number in range(settled.MOST + 1):
        settled.note(_FORM, answers, {"email": f"zoe{number}@gmial.com"})
    assert len(answers[settled.OPEN]) == settled.MOST
    assert not settled.kept(answers, {"email": "zoe0@gmial.com"})
