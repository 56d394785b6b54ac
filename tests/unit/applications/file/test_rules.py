"""States, completeness, and what lists repeat of the answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cohortmgr.applications.file.rules import (
    FILE_STATES,
    ApplicationState,
    asked,
    asked_later,
    average_thousandths,
    diploma_question,
    first_choice,
    identity_numbers,
    listed,
    missing,
    number_prefix,
    owed_later,
    person_values,
    ranked_wishes,
    split_sealed,
)
from cohortmgr.programmes.definition.rules import Condition, ConditionOperator
from cohortmgr.programmes.definition.toml import read_known

MDIA = read_known("mdia")
GRADES = {"s1": "12", "s2": "12.5", "s3": "13", "s4": "14", "s5": "11", "s6": "15"}


def test_every_state_has_a_name_and_its_ways_out() -> None:
    assert set(FILE_STATES.names) == set(ApplicationState)
    assert set(FILE_STATES.moves[ApplicationState.DRAFT]) == {
        ApplicationState.HELD,
        ApplicationState.SUBMITTED,
        ApplicationState.SUPERSEDED,
    }
    assert set(FILE_STATES.moves[ApplicationState.HELD]) == {
        ApplicationState.DRAFT,
        ApplicationState.SUBMITTED,
        ApplicationState.WITHDRAWN,
    }
    assert set(FILE_STATES.moves[ApplicationState.SUBMITTED]) == {
        ApplicationState.HELD,
        ApplicationState.WITHDRAWN,
        ApplicationState.SUPERSEDED,
    }
    assert FILE_STATES.moves[ApplicationState.WITHDRAWN] == (ApplicationState.DRAFT,)
    assert set(FILE_STATES.moves[ApplicationState.SUPERSEDED]) == {
        ApplicationState.DRAFT,
        ApplicationState.SUBMITTED,
    }


def test_an_empty_form_misses_every_required_question() -> None:
    expected = [
        q.key
        for q in MDIA.form.questions
        if (q.required or q.key == "email") and q.asked_at_application and not q.show_when
    ]
    assert [problem.where for problem in missing(MDIA.form, {}, ())] == expected
    assert "region" not in expected


def test_a_file_counts_by_its_document_and_not_by_an_answer() -> None:
    said = {problem.where for problem in missing(MDIA.form, {"transcripts": "x.pdf"}, ())}
    assert "transcripts" in said
    assert "transcripts" not in {problem.where for problem in missing(MDIA.form, {}, {"transcripts"})}


def test_a_refused_consent_is_missing() -> None:
    assert "consent_truth" in {p.where for p in missing(MDIA.form, {"consent_truth": False}, ())}
    assert "consent_truth" not in {p.where for p in missing(MDIA.form, {"consent_truth": True}, ())}


def test_sealed_answers_stand_apart() -> None:
    opened, sealed = split_sealed(MDIA.form, {"cin": "AB1234", "city": "Fès", "rib": "1", "phone": "2"})
    assert opened == {"city": "Fès"}
    assert set(sealed) == {"cin", "rib", "phone"}


def test_targets_give_person_and_numbers() -> None:
    answers = {"family_name": "Alaoui", "birth_date": "2003-01-02", "cin": "AB1234", "massar": "R123456789"}
    assert person_values(MDIA.form, answers) == {"family_name": "Alaoui", "birth_date": "2003-01-02"}
    assert identity_numbers(MDIA.form, answers) == {"cin": "AB1234", "massar": "R123456789"}


def test_list_columns_are_folded_and_hold_no_sealed_answer() -> None:
    answers = {
        **GRADES, "family_name": "El Idrissi", "given_name": "Zoé", "family_name_ar": "الإدريسي",
        "given_name_ar": "زوي", "email": "zoe@exemple.ma", "region": "MA-04", "licence": "physique", "cin": "AB123456",
        "phone": "+212612345678",
    }  # fmt: skip
    columns = listed(MDIA, answers, "MDIA-7K3QXP")
    assert columns["name"] == "Zoé El Idrissi"
    assert columns["sort_name"] == "el idrissi zoe"
    assert {"الادريسي", "mdia7k3qxp", "7k3qxp", "elidrissi"} <= set(columns["search_text"].split())
    assert "ab123456" not in columns["search_text"] and "212" not in columns["search_text"]
    assert (columns["region"], columns["diploma"], columns["email"]) == (
        "MA-04",
        "physique",
        "zoe@exemple.ma",
    )


def test_the_average_is_exact_and_asks_for_every_grade() -> None:
    assert average_thousandths(MDIA.form, GRADES) == 12917
    assert average_thousandths(MDIA.form, {**GRADES, "s6": None}) is None
    assert average_thousandths(MDIA.form, {}) is None


def test_the_diploma_is_the_choice_that_eligibility_reads() -> None:
    question = diploma_question(MDIA)
    assert question is not None and question.key == "licence"


def test_the_first_choice_is_that_of_the_ranking_of_what_is_offered() -> None:
    form = read_known("jobintech").of_intake("2027-1").form
    offered = [option.key for option in form.question("wishes").options]
    assert first_choice(form, {"wishes": ["ia-rabat", "donnees-fes"]}, offered) == "ia-rabat"
    for nothing in ({}, {"wishes": []}, {"wishes": ["ailleurs"]}, {"wishes": "ia-rabat"}, {"wishes": None}):
        assert first_choice(form, nothing, offered) is None
    assert first_choice(form, {"wishes": ["ia-rabat"]}, ["ia-rabat"]) is None, "it ranks something else"
    assert first_choice(MDIA.form, {}, offered) is None


def test_all_wishes_of_the_ranking_count_but_those_that_are_offered_no_more() -> None:
    form = read_known("jobintech").of_intake("2027-1").form
    offered = [option.key for option in form.question("wishes").options]
    said = {"wishes": ["ailleurs", "ia-rabat", "donnees-fes", "ia-rabat"]}
    assert ranked_wishes(form, said, offered) == ("ia-rabat", "donnees-fes")
    for nothing in ({}, {"wishes": []}, {"wishes": ["ailleurs"]}, {"wishes": "ia-rabat"}, {"wishes": None}):
        assert ranked_wishes(form, nothing, offered) == ()
    sections = tuple(
        replace(each, show_when=(Condition("moving", ConditionOperator.NOT_EMPTY),))
        if each.key == "choix"
        else each
        for each in form.sections
    )
    hidden = replace(form, sections=sections)
    assert ranked_wishes(hidden, said, offered) == ()


def test_what_is_asked_later_is_owed_until_it_is_whole() -> None:
    form = read_known("jobintech").form
    keys = ["identity_copy", "emergency_name", "emergency_phone"]
    assert [each.key for each in asked_later(form, {})] == keys
    assert not {each.key for each in asked(form)} & set(keys)
    assert [each.key for each in owed_later(form, {}, ())] == keys
    given = {"emergency_name": "Rachida", "emergency_phone": "+212612345678"}
    assert [each.key for each in owed_later(form, given, ())] == ["identity_copy"]
    assert owed_later(form, given, {"identity_copy"}) == ()
    assert not {problem.where for problem in missing(form, {}, ())} & set(keys)


@pytest.mark.parametrize(
    ("given", "family", "name", "sort_name"),
    [
        ("", "Bennis", "Bennis", "bennis"),
        ("Salma", "", "Salma", "salma"),
        ("Salma", "Bennis", "Salma Bennis", "bennis salma"),
    ],
)
def test_a_name_of_a_single_word_has_no_space_around_it(
    given: str, family: str, name: str, sort_name: str
) -> None:
    definition = read_known("mdia")
    found = listed(definition, {"given_name": given, "family_name": family}, "MDIA-1")
    assert (found["name"], found["sort_name"]) == (name, sort_name)


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("mdia", "MDIA"),
        ("jobintech", "JOBINTECH"),
        ("ai-master-junior", "AMJ"),
        ("un_programme_long", "UPL"),
        ("bootcamp-ia", "BI"),
        ("programmeunique", "PROGRAMMEUNIQUE"),
        ("x" * 40, "X" * 23),
        ("-".join("abcdefghijklmnop"), "ABCDEFGHIJ"),
    ],
)
def test_the_number_of_a_file_is_short_enough_to_say(key: str, prefix: str) -> None:
    assert number_prefix(key) == prefix
