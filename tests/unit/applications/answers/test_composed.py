"""Answers of several parts: read from fields and from cells, refused with a reason beside the part at fault."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.answers.composed import FieldValues, read_cell, read_given
from cohortmgr.applications.answers.provinces import (
    ABROAD,
    PROVINCES,
    province_name,
    province_of,
    region_of_province,
)
from cohortmgr.applications.answers.values import Answer
from cohortmgr.base.errors import Problem
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import LANGUAGE_LEVELS, Option, Question, QuestionKind

TODAY = date(2026, 11, 22)
LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}


def option(key: str, *aliases: str) -> Option:
    return Option(key, {"fr": key.upper(), "ar": f"خيار {key}", "en": f"{key} in English"}, aliases)


OPTIONS = tuple(option(key) for key in ("rabat", "fes", "oujda", "dakhla"))
ROW = (
    Question("title", QuestionKind.TEXT, LABEL, required=True),
    Question("on", QuestionKind.DATE, LABEL),
    Question("average", QuestionKind.GRADE, LABEL),
)


def question(kind: str, **more: Any) -> Question:
    listed = kind in ("choice", "choices", "ranking", "language_levels")
    filled: dict[str, Any] = {"options": OPTIONS if listed else (), "fields": ROW if kind == "group" else ()}
    if kind == "group":
        filled["maximum"] = Decimal(3)
    return Question("q", QuestionKind(kind), LABEL, **{**filled, **more})


def read(kind: str, sent: FieldValues, **more: Any) -> tuple[Answer, list[Problem]]:
    return read_given(question(kind, **more), sent, TODAY)


GOOD: list[tuple[str, FieldValues, Answer]] = [
    ("date", {"q-day": "8", "q-month": "2", "q-year": "2003"}, "2003-02-08"),
    ("date", {"q-day": "٨", "q-month": "فبراير", "q-year": "٢٠٠٣"}, "2003-02-08"),
    ("date", {"q-day": "1", "q-month": "Août", "q-year": "2003"}, "2003-08-01"),
    ("date", {"q": "1er mai 2004"}, "2004-05-01"),
    ("choices", {"q": ["oujda", "fes"]}, ["fes", "oujda"]),
    ("choices", {"q": "fes"}, ["fes"]),
    ("choices", {"q": ["", ""]}, None),
    ("identity", {"q-type": "cin", "q-number": "ab 123456"}, {"type": "cin", "number": "AB123456"}),
    ("identity", {"q-type": "passport", "q-number": "xy 123456"}, {"type": "passport", "number": "XY123456"}),
    ("identity", {"q-type": "residence_permit", "q-number": "N123456"},
     {"type": "residence_permit", "number": "N123456"}),
    ("identity", {"q-type": "cin", "q-number": " "}, None),
    ("address", {"q-province": "MA-RAB", "q-commune": "Agdal", "q-street": ""},
     {"province": "MA-RAB", "commune": "Agdal"}),
    ("address", {"q-commune": "Sidi M’hamed"}, {"commune": "Sidi M’hamed"}),
    ("address", {"q-province": "", "q-commune": ""}, None),
    ("language_levels", {"q-fes": "b2", "q-rabat": "C1"}, {"rabat": "C1", "fes": "B2"}),
    ("ranking", {"q-1": "fes", "q-2": "", "q-3": "rabat"}, ["fes", "rabat"]),
    ("ranking", {}, None),
    ("group", {"q-0-title": "DEUG", "q-0-average": "12,5", "q-2-title": "BTS", "q-2-on-day": "1", "q-2-on-month": "7",
               "q-2-on-year": "2020"}, [{"title": "DEUG", "average": "12.5"}, {"title": "BTS", "on": "2020-07-01"}]),
    ("group", {"q-0-title": "", "q-0-average": " "}, None),
    ("phone", {"q": "+33 6 12 34 56 78"}, "+33612345678"),
    ("text", {"q": ["Zoé", "autre"]}, "Zoé"),
    ("consent", {"q": "y"}, True),
    ("consent", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "answer"), GOOD)
def test_what_is_typed_becomes_an_answer(kind: str, sent: FieldValues, answer: Answer) -> None:
    assert read(kind, sent) == (answer, [])


BAD: list[tuple[str, FieldValues, dict[str, Any], str, str]] = [
    ("date", {"q-day": "8", "q-month": "", "q-year": "2003"}, {}, "q-month", "manque le mois"),
    ("date", {"q-day": "31", "q-month": "2", "q-year": "2003"}, {}, "q", "n’existe pas"),
    ("date", {"q-day": "8", "q-month": "2", "q-year": "03"}, {}, "q", "n’est pas une date"),
    ("date", {"q-day": "8", "q-month": "brumaire", "q-year": "2003"}, {}, "q", "n’est pas une date"),
    ("choices", {"q": ["fes", "lune"]}, {}, "q", "choix"),
    ("choices", {"q": ["fes", "oujda", "rabat"]}, {"maximum": Decimal(2)}, "q", "2 au plus"),
    ("choices", {"q": "fes"}, {"minimum": Decimal(2)}, "q", "au moins 2"),
    ("identity", {"q-type": "cin", "q-number": "12"}, {}, "q-number", "CIN"),
    ("identity", {"q-type": "passport", "q-number": "é"}, {}, "q-number", "passeport"),
    ("identity", {"q-type": "", "q-number": "AB123456"}, {}, "q-type", "quel document"),
    ("identity", {"q-type": "permis", "q-number": "AB123456"}, {}, "q-type", "quel document"),
    ("address", {"q-province": "MA-XXX", "q-commune": "Agdal"}, {}, "q-province", "province"),
    ("address", {"q-province": "MA-RAB", "q-commune": "a" * 81}, {}, "q-commune", "80"),
    ("address", {"q-street": "a\u202eb"}, {}, "q-street", "invisible"),
    ("language_levels", {"q-fes": "D4"}, {}, "q-fes", "niveau"),
    ("ranking", {"q-1": "fes", "q-2": "fes"}, {}, "q-2", "déjà votre n° 1"),
    ("ranking", {"q-1": "lune"}, {}, "q-1", "choix"),
    ("ranking", {"q-1": "fes"}, {"minimum": Decimal(2)}, "q-2", "au moins 2"),
    ("group", {"q-4-title": "BTS", "q-7-average": "vingt"}, {}, "q-1-average", "nombre"),
    ("group", {"q-0-title": "BTS", "q-0-on-day": "4"}, {}, "q-0-on-month", "mois"),
    ("group", {f"q-{n}-title": "BTS" for n in range(4)}, {}, "q", "3 lignes au plus"),
    ("text", {"q": "a\x00b"}, {}, "q", "invisible"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "more", "where", "part"), BAD)
def test_what_cannot_be_is_refused_beside_its_part(
    kind: str, sent: FieldValues, more: dict[str, Any], where: str, part: str
) -> None:
    _, problems = read(kind, sent, **more)
    assert [problem.where for problem in problems] == [where]
    assert part in str(problems[0])


def test_a_row_with_a_mistake_keeps_its_other_answers() -> None:
    answer, problems = read("group", {"q-0-title": "BTS", "q-0-average": "99"})
    assert answer == [{"title": "BTS"}] and len(problems) == 1


CELLS: list[tuple[str, str, Answer]] = [
    ("choices", "FES; oujda", ["fes", "oujda"]),
    ("choices", "fes، oujda", ["fes", "oujda"]),
    ("ranking", "oujda > FES", ["oujda", "fes"]),
    ("language_levels", "Fes : b2 ; RABAT: C1", {"rabat": "C1", "fes": "B2"}),
    ("identity", "AB123456", {"type": "cin", "number": "AB123456"}),
    ("identity", "Passeport : XY123456", {"type": "passport", "number": "XY123456"}),
    ("address", "Salé ; Bettana ; 12, rue X", {"province": "MA-SAL", "commune": "Bettana", "street": "12, rue X"}),
    ("number", "12,5", "12.5"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "cell", "answer"), CELLS)
def test_a_cell_holds_the_same_answers(kind: str, cell: str, answer: Answer) -> None:
    assert read_cell(question(kind), cell, TODAY) == answer


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("choices", "lune"), ("ranking", "fes > fes"), ("language_levels", "fes : Z9"), ("identity", "Permis : 12"),
     ("address", "Atlantide ; Nulle part"), ("choices", "a\x00"), ("ranking", "x" * 3000)],
)  # fmt: skip
def test_a_cell_that_says_nothing_of_the_kind_is_a_problem_of_its_question(kind: str, cell: str) -> None:
    found = read_cell(question(kind), cell, TODAY)
    assert isinstance(found, Problem) and found.where == "q"


def test_what_a_cell_must_hold_is_asked_for() -> None:
    assert read_cell(question("choices"), " ", TODAY) is None
    for cell in (" ", " ; "):
        assert read_cell(question("choices"), cell, TODAY) is None
        assert isinstance(read_cell(question("choices", required=True), cell, TODAY), Problem)


SIGNED = (
    Option("web", {"fr": "Le web (HTML, CSS)", "ar": "الويب، HTML", "en": "The web (HTML, CSS)"}),
    Option("web2", {"fr": "Le web (HTML, CSS), avancé", "ar": "w2", "en": "w2"}),
    Option("bases", {"fr": "Bases ; requêtes > SQL", "ar": "b", "en": "b"}, aliases=("SQL, tables",)),
    Option("fr", {"fr": "Langue : français", "ar": "f", "en": "f"}),
)
SIGNED_CELLS: list[tuple[str, str, list[str] | dict[str, str]]] = [
    ("choices", "Le web (HTML, CSS)", ["web"]),
    ("choices", "le web (html, css), SQL, tables", ["web", "bases"]),
    ("choices", "Bases ; requêtes > SQL ; Le web (HTML, CSS), avancé", ["web2", "bases"]),
    ("choices", "bases, web", ["web", "bases"]),
    ("choices", "الويب، HTML، fr", ["web", "fr"]),
    ("choices", "Langue : français, The web (HTML, CSS)", ["web", "fr"]),
    ("ranking", "Bases ; requêtes > SQL > Le web (HTML, CSS)", ["bases", "web"]),
    ("ranking", "Le web (HTML, CSS), avancé ; web", ["web2", "web"]),
    ("language_levels", "Le web (HTML, CSS) : B2, SQL, tables : C1", {"web": "B2", "bases": "C1"}),
    ("language_levels", "Langue : français : A1 ; web : B1", {"web": "B1", "fr": "A1"}),
]


@pytest.mark.parametrize(("kind", "cell", "answer"), SIGNED_CELLS)
def test_a_choice_whose_name_holds_a_separating_sign_is_read_whole(
    kind: str, cell: str, answer: list[str] | dict[str, str]
) -> None:
    assert read_cell(question(kind, options=SIGNED), cell, TODAY) == answer


def test_of_several_choices_the_one_that_is_none_is_named() -> None:
    found = read_cell(question("choices", options=SIGNED), "Le web (HTML, CSS), lune, SQL, tables", TODAY)
    assert isinstance(found, Problem) and "lune" in str(found) and "HTML" not in str(found)


WRONG_TYPES: list[FieldValues] = [
    {"q": []}, {"q": ["", ""]}, {"q-": "x"}, {"q-0": "x"}, {"q--title": "x"}, {"q-00000-title": "x"},
    {"q-٣-title": "x"}, {"q-1-": "x"}, {"q": "\x00"}, {"q": "\ud800"}, {"q": json.dumps({"a": 1})}, {"q": "[]"},
    {"q-type": ["cin", "cin"], "q-number": []}, {"q-province": "\u202e"}, {"q-1": "\x00", "q-fes": "\x00"},
]  # fmt: skip


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_no_shape_of_what_is_sent_breaks_any_kind(kind: QuestionKind) -> None:
    for sent in WRONG_TYPES:
        _, problems = read_given(question(kind.value), sent, TODAY)
        assert all(isinstance(problem, Problem) for problem in problems)


@given(st.sampled_from(list(QuestionKind)), st.text(max_size=60))
def test_any_text_in_every_field_is_an_answer_or_a_problem(kind: QuestionKind, raw: str) -> None:
    asked = question(kind.value)
    names = ("q", "q-day", "q-month", "q-year", "q-type", "q-number", "q-province", "q-commune", "q-street", "q-1",
             "q-2", "q-fes", "q-0-title", "q-0-average", "q-0-on-day")  # fmt: skip
    answer, problems = read_given(asked, dict.fromkeys(names, raw), TODAY)
    assert all((problem.where or "").startswith("q") for problem in problems)
    json.dumps(answer)


def test_there_are_seventy_five_provinces_each_known_in_each_language() -> None:
    assert PROVINCES.keys() == REGIONS.keys()
    codes = [code for inside in PROVINCES.values() for code in inside]
    assert len(codes) == len(set(codes)) == 75
    for region, inside in PROVINCES.items():
        for code, names in inside.items():
            assert {province_of(name) for name in (code, *names.values())} == {code}
            assert region_of_province(code) == region and province_name(code) == names
    assert province_of("Préfecture de Salé") == "MA-SAL" and province_of("hors du maroc") == ABROAD
    assert region_of_province(ABROAD) is None and province_name(ABROAD) is None


LEVELS = st.dictionaries(
    st.sampled_from([o.key for o in OPTIONS]), st.sampled_from(LANGUAGE_LEVELS), min_size=1
)


@given(LEVELS)
def test_levels_written_in_a_cell_read_the_same(levels: dict[str, str]) -> None:
    cell = " ; ".join(f"{key} : {level}" for key, level in levels.items())
    assert read_cell(question("language_levels"), cell, TODAY) == levels


@given(st.permutations([o.key for o in OPTIONS]), st.integers(1, 4))
def test_ranks_written_in_a_cell_read_the_same(keys: list[str], count: int) -> None:
    assert read_cell(question("ranking"), " > ".join(keys[:count]), TODAY) == keys[:count]
