"""Answers that serve another programme's form: the same question, a valid answer, and nothing written for one alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cohortmgr.applications.answers.carried import carried
from cohortmgr.programmes.definition.rules import Form, FormSection, Option, Question, QuestionKind
from cohortmgr.programmes.definition.toml import read_known

TODAY = date(2026, 11, 28)


def form(*questions: Question) -> Form:
    return Form((FormSection("all", {"fr": "Tout"}, questions),))


def asked(key: str, kind: QuestionKind = QuestionKind.TEXT, **more: object) -> Question:
    return Question(key, kind, {"fr": key}, **more)  # type: ignore[arg-type]


def test_the_same_target_answers_under_another_key_and_the_same_key_with_another_target_does_not() -> None:
    before = form(
        asked("nom", target="person.family_name"), asked("city"), asked("tel", target="person.phone")
    )
    after = form(
        asked("family_name", target="person.family_name"), asked("city"), asked("tel", target="person.email")
    )
    said = {"nom": "Alami", "city": "Fès", "tel": "0612345678"}
    assert carried(before, after, said, TODAY) == {"family_name": "Alami", "city": "Fès"}


def test_an_answer_that_the_other_form_would_refuse_stays() -> None:
    level = {"options": (Option("bac", {"fr": "Bac"}), Option("licence", {"fr": "Licence"}))}
    before = form(
        asked("level", QuestionKind.CHOICE, **level), asked("mark", QuestionKind.GRADE, maximum=Decimal(20))
    )
    after = form(
        asked("level", QuestionKind.CHOICE, options=(Option("licence", {"fr": "Licence"}),)),
        asked("mark", QuestionKind.GRADE, maximum=Decimal(10)),
    )
    assert carried(before, after, {"level": "bac", "mark": "15"}, TODAY) == {}
    assert carried(before, after, {"level": "licence", "mark": "9.5"}, TODAY) == {
        "level": "licence",
        "mark": "9.5",
    }


def test_what_was_written_or_agreed_to_for_one_programme_stays_there() -> None:
    own = (
        asked("why", QuestionKind.LONG_TEXT),
        asked("yes", QuestionKind.CONSENT),
        asked("order", QuestionKind.RANKING, options=(Option("a", {"fr": "A"}), Option("b", {"fr": "B"}))),
    )
    said = {"why": "Apprendre.", "yes": True, "order": ["b", "a"]}
    assert carried(form(*own), form(*own), said, TODAY) == {}


def test_what_is_asked_after_a_seat_is_accepted_is_not_answered_before() -> None:
    here, later = asked("rib", QuestionKind.RIB), asked("rib", QuestionKind.RIB, asked_at_application=False)
    assert carried(form(here), form(later), {"rib": "011810000001234567890193"}, TODAY) == {}


def test_a_card_s_number_says_which_document_it_is() -> None:
    before = form(asked("cin", QuestionKind.CIN, target="identifier.cin"))
    after = form(asked("document", QuestionKind.IDENTITY))
    assert carried(before, after, {"cin": "AB123456"}, TODAY) == {
        "document": {"type": "cin", "number": "AB123456"}
    }


def test_a_master_s_file_begins_one_of_jobintech() -> None:
    mdia, jobintech = read_known("mdia").form, read_known("jobintech").form
    said = {
        "family_name": "Alami", "given_name": "Zoé", "birth_date": "2004-02-26", "cin": "AB123456",
        "email": "zoe@exemple.ma", "phone": "+212612345678", "motivation": "Apprendre.", "consent_data": True,
    }  # fmt: skip
    found = carried(mdia, jobintech, said, TODAY)
    assert found.keys() == {"family_name", "given_name", "birth_date", "document", "email", "phone"}
