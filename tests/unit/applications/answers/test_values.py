"""Each kind of question: what is read the same, and what is refused with a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.answers.regions import region_of
from cohortmgr.applications.answers.values import normalise_email, normalise_phone, read_value
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.questions import COMPOSED
from cohortmgr.programmes.definition.rules import Option, Question, QuestionKind

TODAY = date(2026, 11, 22)
LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
OPTIONS = (
    Option("f", {"fr": "Féminin", "ar": "أنثى", "en": "Female"}, ("F", "femme")),
    Option("m", {"fr": "Masculin", "ar": "ذكر", "en": "Male"}, ("homme",)),
)


def read(kind: str, raw: str, **more: Any) -> object:
    return read_value(Question("q", QuestionKind(kind), LABEL, **more), raw, TODAY)


def problem(kind: str, raw: str, **more: Any) -> str:
    found = read(kind, raw, **more)
    assert isinstance(found, Problem), found
    assert found.where == "q"
    return str(found)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  Aït   Taleb ", "Aït Taleb"),
        ("text", "e\u0301tude", "étude"),
        ("long_text", " a\r\nb ", "a\nb"),
        ("grade", "12,50", "12.5"),
        ("grade", "12.5", "12.5"),
        ("grade", "١٢٫٥", "12.5"),
        ("grade", "0", "0"),
        ("grade", "20/20", "20"),
        ("grade", "14 / 20", "14"),
        ("number", "1 000", "1000"),
        ("year", "2025", "2025"),
        ("date", "28/02/2003", "2003-02-28"),
        ("date", "8-2-2003", "2003-02-08"),
        ("date", "2003-02-28", "2003-02-28"),
        ("date", "٢٨/٠٢/٢٠٠٣", "2003-02-28"),
        ("date", "28 février 2003", "2003-02-28"),
        ("date", "1er mai 2004", "2004-05-01"),
        ("date", "3 غشت 2001", "2001-08-03"),
        ("email", " Salma@UM5.Example ", "salma@um5.example"),
        ("phone", "06 12 34 56 78", "+212612345678"),
        ("phone", "06-12-34-56-78", "+212612345678"),
        ("phone", "00212612345678", "+212612345678"),
        ("phone", "+212 6 12 34 56 78", "+212612345678"),
        ("phone", "612345678", "+212612345678"),
        ("phone", "+33 6 12 34 56 78", "+33612345678"),
        ("cin", "ab 123456", "AB123456"),
        ("massar", "r 131 234 567", "R131234567"),
        ("region", "rabat sale kenitra", "MA-04"),
        ("region", "جهة الرباط - سلا - القنيطرة", "MA-04"),
        ("region", "ma-09", "MA-09"),
        ("city", "Salé ", "Salé"),
        ("language_level", "b2", "B2"),
        ("choice", " FEMININ ", "f"),
        ("choice", "ذكر", "m"),
        ("choice", "Homme", "m"),
        ("consent", "on", True),
        ("consent", "non", None),
    ],
)
def test_what_says_the_same_reads_the_same(kind: str, raw: str, value: object) -> None:
    assert read(kind, raw, options=OPTIONS if kind == "choice" else ()) == value


@pytest.mark.parametrize(
    ("kind", "raw", "part"),
    [
        ("text", "a\x00b", "invisible"),
        ("text", "a\u202eb", "invisible"),
        ("text", "a" * 301, "300"),
        ("long_text", "a" * 10_001, "10000"),
        ("grade", "20,01", "entre 0 et 20"),
        ("grade", "-1", "entre 0 et 20"),
        ("grade", "quatorze", "nombre"),
        ("grade", "nan", "nombre"),
        ("grade", "1e1", "nombre"),
        ("grade", "1 2", "nombre"),
        ("grade", "14/15", "nombre"),
        ("year", "25", "année"),
        ("year", "1900", "entre"),
        ("date", "31/02/2003", "n’existe pas"),
        ("date", "12/13/2003", "n’existe pas"),
        ("date", "le 3 mai", "n’est pas une date"),
        ("date", "01/01/1800", "vraisemblable"),
        ("email", "salma.example.com", "valable"),
        ("email", "a@b", "valable"),
        ("email", "a@@b.ma", "valable"),
        ("email", "a..b@c.ma", "valable"),
        ("email", "a@-b.ma", "valable"),
        ("email", "a b@c.ma", "valable"),
        ("email", "a@b..ma", "valable"),
        ("email", "a@1.2.3.4", "valable"),
        ("phone", "12", "valable"),
        ("phone", "0112345678", "valable"),
        ("phone", "06123456789", "valable"),
        ("phone", "appelez-moi", "valable"),
        ("cin", "123456", "CIN"),
        ("massar", "R12345678", "Massar"),
        ("region", "Atlantide", "région"),
        ("language_level", "D1", "niveau"),
        ("choice", "autre", "choix"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(kind: str, raw: str, part: str) -> None:
    assert part in problem(kind, raw, options=OPTIONS if kind == "choice" else ())


@pytest.mark.parametrize(
    "name", ["Salma", "O'Neil", "Aït-Taleb", "L'Hermite", "سلمى", "عبد الله", "Anne-Marie", "J. P."]
)
def test_names_hold_letters_of_any_script(name: str) -> None:
    assert read("text", name, target="person.family_name") == name


@pytest.mark.parametrize("name", ["=HYPERLINK()", "Salma2", "<b>", "--", "a@b", "R2-D2"])
def test_names_hold_nothing_else(name: str) -> None:
    assert "lettres" in problem("text", name, target="person.given_name")


def test_a_birth_date_gives_a_plausible_age() -> None:
    birth = {"target": "person.birth_date"}
    assert read("date", "22/11/2011", **birth) == "2011-11-22"
    assert "14 ans" in problem("date", "23/11/2011", **birth)
    assert "futur" in problem("date", "05/05/2035", **birth)
    assert "ans" in problem("date", "01/01/1940", **birth)
    assert read("date", "01/01/2018", minimum=Decimal(8), maximum=Decimal(18), **birth) == "2018-01-01"


def test_what_is_required_is_asked_for_and_the_rest_may_be_empty() -> None:
    assert read("text", "  ") is None
    assert "manque" in problem("text", " \u200b ", required=True)
    assert "case" in problem("consent", "", required=True)
    assert "case" in problem("consent", "non", required=True)
    assert "document" in problem("file", "", required=True)


def test_bounds_of_one_side_are_said_as_such() -> None:
    assert "maximum est 3" in problem("number", "4", maximum=Decimal(3))
    assert "minimum est 3" in problem("number", "2", minimum=Decimal(3))


def test_a_file_may_write_dates_its_own_way() -> None:
    question = Question("q", QuestionKind.DATE, LABEL)
    assert read_value(question, "02/28/2003", TODAY, ("%m/%d/%Y",)) == "2003-02-28"


def test_each_region_is_known_in_each_language() -> None:
    assert len(REGIONS) == 12
    for code, names in REGIONS.items():
        assert {region_of(name) for name in (code, *names.values())} == {code}
        assert region_of(names["fr"].replace("-", " ").upper()) == code


@given(st.sampled_from([kind for kind in QuestionKind if kind not in COMPOSED]), st.text(max_size=60))
def test_any_text_gives_an_answer_that_reads_as_itself_or_a_problem(kind: QuestionKind, raw: str) -> None:
    question = Question("q", kind, LABEL, options=OPTIONS)
    value = read_value(question, raw, TODAY)
    if isinstance(value, str):
        assert read_value(question, value, TODAY) == value


@given(
    st.integers(500_000_000, 799_999_999), st.sampled_from(["0{}", "+212{}", "00212{}", "+212 (0) {}", "{}"])
)
def test_a_telephone_normalised_stays_as_it_is(number: int, form: str) -> None:
    first = normalise_phone(form.format(number))
    assert first == f"+212{number}"
    assert normalise_phone(first) == first


@given(st.emails())
def test_real_addresses_are_taken_and_stay_as_they_are(address: str) -> None:
    try:
        first = normalise_email(address)
    except Refused:
        assert address.rpartition("@")[2].rpartition(".")[2].isdigit() or not address.isascii()
    else:
        assert normalise_email(first) == first
