"""The buttons inside a form: those of the questions that it asks, and no others."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cohortmgr.applications.form.buttons import Pressed, pressed
from cohortmgr.programmes.definition.rules import Form, FormSection, Question, QuestionKind

DIPLOMAS = Question("diplomas", QuestionKind.GROUP, {"fr": "Diplômes"})
WISHES = Question("wishes", QuestionKind.RANKING, {"fr": "Vœux"}, maximum=Decimal(3))
LATER = replace(DIPLOMAS, key="children", asked_at_application=False)
FORM = Form((FormSection("one", {"fr": "Un"}, (DIPLOMAS, WISHES, LATER)),))


def test_a_button_is_known_by_its_question_and_number() -> None:
    assert pressed(FORM, ["name", "add-diplomas"]) == Pressed("diplomas")
    assert pressed(FORM, ["remove-diplomas-2"]) == Pressed("diplomas", 2)
    assert pressed(FORM, ["up-wishes-2"]) == Pressed("wishes", 2, -1)
    for name in (
        "up-wishes-1",
        "down-wishes-3",
        "up-wishes-٢",
        "remove-wishes-1",
        "add-wishes",
        "up-wishes-x",
    ):
        assert pressed(FORM, [name]) is None, name


def test_a_form_knows_no_button_of_what_is_asked_another_time() -> None:
    assert pressed(FORM, ["add-children"]) is None
    assert pressed(FORM, ["add-children"], later=True) == Pressed("children")
    assert pressed(FORM, ["add-diplomas"], later=True) is None
