"""Conditions, dates and guardians' terms as pages send them: whatever that is, the draft can be shown and judged."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.eligibility.rules import assess
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.programmes.definition.rules import Operator, QuestionKind
from cohortmgr.programmes.definition.toml import as_json, judged, read_known
from cohortmgr.programmes.drafts import calendar_fields, eligibility_fields, guardian_fields
from cohortmgr.programmes.drafts.eligibility_fields import FIGURES, SORTS, TESTS
from cohortmgr.programmes.drafts.question_fields import Typed

MDIA = as_json(read_known("mdia"))
TEXTS = {
    f"{name}-{code}": "قال: said" for name in ("reason", "advice") for code in ("fr", "ar", "en")
}  # fmt: skip
KEYS = [question.key for question in read_known("mdia").form.questions]


def begun(sort: str) -> tuple[dict[str, Any], str]:
    document = copy.deepcopy(MDIA)
    return document, eligibility_fields.begin(document, sort, "Non.")


def sent(**given: str | list[str]) -> dict[str, list[str]]:
    return {name: each if isinstance(each, list) else [each] for name, each in {**TEXTS, **given}.items()}


def test_a_text_that_nobody_would_see_is_none() -> None:
    for unseen in ("\u200b", " \u2069\u200e "):
        assert Typed({}).text({"title": [unseen]}, "title", 10) == ""
    assert Typed({}).text({"title": [" \u2068Data & IA\u2069 "]}, "title", 20) == "\u2068Data & IA\u2069"


def test_every_test_is_of_one_sort_and_has_words() -> None:
    assert {test for sort in SORTS.values() for test in sort.tests} == set(Operator)
    assert TESTS.keys() == set(Operator)
    for test in Operator:
        assert test in eligibility_fields.tests_beside(test)
        assert test in FIGURES or test in (
            *eligibility_fields.CHOSEN,
            Operator.NOT_EMPTY,
            Operator.NOT_ENROLLED,
        )


@pytest.mark.parametrize(
    ("sort", "given_", "faults"),
    [
        ("age", {"question": "birth_date", "values-0": "18", "values-1": "2027-09-20"}, []),
        ("age", {"question": "birth_date", "values-0": "18.0", "values-1": "2027-09-20"}, [("values", 0)]),
        ("diplome", {"question": "licence", "values": ["droit"]}, []),
        ("moyenne", {"question": "s1", "also": ["s1", "s2"], "values-0": "12,25"}, []),
        ("nombre", {"question": "s1", "operator": "at_most", "values-0": "15"}, []),
        ("nombre", {"question": "s1", "operator": "one_of", "values-0": "15"}, []),
        ("region", {"question": "region", "values": ["MA-04", "MA-99"]}, [("values", 1)]),
        ("region", {"question": "address", "values": ["MA-04"]}, []),
        ("inscrit", {}, []),
        ("employeur", {"question": "transcripts", "when-count": "1", "when-0-question": "absente"},
         [("when", 0, "question"), ("when", 0, "values")]),
    ],
)  # fmt: skip
def test_a_condition_is_what_its_page_says(
    sort: str, given_: dict[str, Any], faults: list[tuple[Any, ...]]
) -> None:
    document, key = begun(sort)
    held, place = eligibility_fields.find(document, key)
    typed = eligibility_fields.read_rule(sent(**given_), held[place])
    held[place] = typed.table
    assert not typed.problems
    found = judged(document)
    told = {fault.path[2:] for fault in found.faults}
    assert told <= set(faults) and (bool(told) == bool(faults)), found.faults
    again = eligibility_fields.read_rule(sent(**given_), held[place])
    assert again.table == typed.table, "saved anew, it stays itself"


def test_what_no_page_shows_of_a_condition_leaves_with_its_saving() -> None:
    document, key = begun("inscrit")
    held, place = eligibility_fields.find(document, key)
    held[place]["question"] = "s1"  # as a file may say it
    assert [fault.path[2:] for fault in judged(document).faults][-1:] == [("question",)]
    assert "question" not in eligibility_fields.read_rule(sent(), held[place]).table


FIELDS = st.sampled_from(
    ["question", "operator", "values", "values-0", "values-1", "field", "also", "when-count", "when-0-question",
     "when-0-operator", "when-0-values", "when-remove", "when-add", "again", "reason-fr", "advice-ar"]
)  # fmt: skip
SAID = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*KEYS, *[each.value for each in Operator], "18", "2027-09-20", "1", "MA-04", "droit"]),
)


@given(st.sampled_from(sorted(SORTS)), st.dictionaries(FIELDS, st.lists(SAID, max_size=3)))
def test_whatever_is_sent_can_be_shown_and_what_is_sound_can_be_tried(
    sort: str, more: dict[str, list[str]]
) -> None:
    document, key = begun(sort)
    held, place = eligibility_fields.find(document, key)
    held[place] = eligibility_fields.read_rule(sent(**more), held[place]).table
    found = judged(document)
    assert found.definition is not None
    wrong = {fault.path[1] for fault in found.faults if fault.path[:1] == ("eligibility",)}
    for fault in found.faults:
        if fault.path[:1] == ("eligibility",):
            assert eligibility_fields.anchor(fault.path[2:], Operator(held[place]["operator"]))
    sound = [rule for number, rule in enumerate(found.definition.eligibility) if number not in wrong]
    for answer in ("18", "2009-09-20", "droit", None, ["droit"], [{"average": "12"}], {"province": "MA-RAB"}):
        assess(sound, dict.fromkeys(KEYS, answer), date(2026, 11, 22))


@given(st.dictionaries(st.from_regex(r"(periods|purposes|intakes)-[0-2]-(title|text)-(fr|ar|en)|under|language|"
       r"calendar-(starts_on|company_from)|(periods|intakes)-[0-2]-(starts_on|ends_on|kind|key)|purposes-[0-2]-key|"
       r"(periods|purposes)-(count|add|remove|up)|reminders-draft_hours|offers-days_to_answer", fullmatch=True),
       st.one_of(st.text(max_size=20), st.sampled_from(["2", "2025", "2027-09-20", "exams", "s1-cours"]))))  # fmt: skip
def test_dates_and_terms_without_problems_can_be_shown(more: dict[str, str]) -> None:
    form = {name: [said] for name, said in more.items()}
    document = copy.deepcopy(MDIA)
    dates = calendar_fields.read_dates(form, document)
    if not dates.problems and not dates.act:
        calendar_fields.put_dates(document, dates.table)
    terms = guardian_fields.read_terms(form, document)
    if not terms.problems and not terms.act:
        document["guardians"] = terms.table
    found = judged(document)
    assert found.definition is not None
    for fault in found.faults:
        if fault.path and fault.path[0] in calendar_fields.SHOWN:
            assert calendar_fields.anchor(fault.path)


def test_conditions_move_leave_and_are_bounded() -> None:
    document, key = begun("age")
    assert key == "age" and eligibility_fields.begin(document, "age", "Non.") == "age", "sent twice"
    assert eligibility_fields.begin(document, "age", "Non plus.") == "age_2"
    assert eligibility_fields.move(document, "age_2", -1) and not eligibility_fields.move(
        document, "licence", -1
    )
    assert [each["key"] for each in eligibility_fields.rules_of(document)] == ["licence", "age_2", "age"]
    for each in ("licence", "age", "age_2"):
        eligibility_fields.remove(document, each)
    assert "eligibility" not in document
    with pytest.raises(NotFound):
        eligibility_fields.find(document, "age")
    for number in range(eligibility_fields.MOST_RULES):
        eligibility_fields.begin(document, "inscrit", f"Non {number}.")
    with pytest.raises(Refused):
        eligibility_fields.begin(document, "inscrit", "Non.")


def test_a_new_condition_reads_the_only_question_that_can_be_meant() -> None:
    asked = [("born", QuestionKind.DATE), ("s1", QuestionKind.GRADE), ("s2", QuestionKind.GRADE)]
    assert eligibility_fields.only_readable(asked, "age") == "born"
    assert (
        eligibility_fields.only_readable(asked, "moyenne")
        == eligibility_fields.only_readable(asked, "region")
        == ""
    )


def test_the_questions_of_a_guardian_are_added_once_and_forgotten() -> None:
    document = copy.deepcopy(MDIA)
    document["guardians"] = guardian_fields.terms_of(document)
    assert judged(document).faults
    assert guardian_fields.ask(document) == "le_tuteur_legal"
    assert not judged(document).faults
    assert guardian_fields.ask(document) == ""
    guardian_fields.forget(document)
    assert not judged(document).faults
    assert not [
        q for q in guardian_fields.questions_of(document) if str(q.get("target", "")).startswith("guardian")
    ]
