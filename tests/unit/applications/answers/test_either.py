"""Questions of which one answer suffices: what is missing, in a form and in an imported file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cohortmgr.applications.corrections.rules import unanswered
from cohortmgr.applications.file.rules import missing
from cohortmgr.applications.importing.rules import Rejection, propose_mapping, read_record, read_records
from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.programmes.definition.questions import Form, FormSection, Question, QuestionKind
from cohortmgr.programmes.definition.rules import ImportLayout
from cohortmgr.programmes.definition.toml import read_known

TODAY = date(2026, 11, 22)
LAYOUT = ImportLayout()


def named(key: str) -> dict[str, str]:
    return {"fr": key.upper(), "ar": f"{key} ع", "en": key}


CIN = Question(
    "cin",
    QuestionKind.CIN,
    named("cin"),
    required=True,
    sealed=True,
    target="identifier.cin",
    columns=("CIN",),
)
MAIL = Question("mail", QuestionKind.EMAIL, named("mail"), columns=("Mail",), either="contact")
CALL = Question("call", QuestionKind.PHONE, named("call"), columns=("Tel",), either="contact")
FORM = Form((FormSection("one", named("one"), (CIN, MAIL, CALL)),))


def faults(text: str, form: Form = FORM) -> list[tuple[str | None, str]]:
    table = read_table(text.encode(), "file.csv")
    mapping = propose_mapping(table.header, form, LAYOUT)
    read = read_records(table, mapping, form, LAYOUT, TODAY)
    return [(fault.column, str(fault.problem)) for row in read.rejected for fault in row.faults]


@pytest.mark.parametrize("given", [{"mail": "a@b.ma"}, {"call": "+212612345678"}])
def test_one_of_them_is_enough(given: dict[str, str]) -> None:
    assert missing(FORM, {"cin": "AB1234", **given}, ()) == []


def test_none_of_them_is_one_problem_that_names_both() -> None:
    (problem,) = missing(FORM, {"cin": "AB1234"}, ())
    assert problem.where == "mail"
    assert problem.values["question"] == {
        "fr": "MAIL ou CALL",
        "ar": "mail ع أو call ع",
        "en": "mail or call",
    }


def test_a_correction_that_empties_the_last_of_them_is_refused() -> None:
    assert [each.where for each in unanswered(FORM, (CALL,), {"cin": "AB1234"}, ())] == ["call"]
    assert unanswered(FORM, (CALL,), {"cin": "AB1234", "mail": "a@b.ma"}, ()) == []


def test_a_row_of_a_file_needs_one_of_them_too() -> None:
    assert faults("CIN;Mail;Tel\nAB1234;a@b.ma;\nAB1235;;0612345678\n") == []
    ((column, said),) = faults("CIN;Mail;Tel\nAB1234;;\n")
    assert column == "Mail" and "Une de ces réponses manque" in said
    assert faults("CIN;Tel\nAB1234;0612345678\n") == [], "a file may hold one column alone"


def test_a_wrong_address_is_said_once() -> None:
    ((column, said),) = faults("CIN;Mail;Tel\nAB1234;nobody;\n")
    assert column == "Mail" and "adresse" in said


def test_a_file_without_any_of_their_columns_is_refused_with_both_names() -> None:
    with pytest.raises(Refused) as caught:
        faults("CIN\nAB1234\n")
    assert caught.value.problems[0].values["column"] == "Mail / Tel"


def test_a_definition_may_ask_of_files_what_it_leaves_open_to_people() -> None:
    strict = Form((replace(FORM.sections[0], questions=(CIN, replace(MAIL, required_in_files=True), CALL)),))
    assert missing(strict, {"cin": "AB1234", "call": "+212612345678"}, ()) == []
    ((column, said),) = faults("CIN;Mail;Tel\nAB1234;;0612345678\n", strict)
    assert column == "Mail" and "manque" in said
    assert isinstance(
        read_record(
            {"CIN": "AB1234", "Mail": "", "Tel": "0612345678"},
            propose_mapping(("CIN", "Mail", "Tel"), strict, LAYOUT),
            strict,
            LAYOUT,
            TODAY,
        ),
        Rejection,
    )


@pytest.mark.parametrize("key", ["mdia", "jobintech"])
def test_the_known_programmes_ask_for_an_address_or_a_number(key: str) -> None:
    form = read_known(key).form
    assert [each.key for each in form.instead_of(form.question("email"))] == ["email", "phone"]
