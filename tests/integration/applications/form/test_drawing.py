"""A form filled into its drawing says what the form itself says."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from flask import Flask, current_app, g

from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.form.forms.classes import form_class
from cohortmgr.applications.form.views.drawing import questions, sections
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.toml import fingerprint, read_known

ANSWERS = {
    "family_name": "El <Idrissi> & \"fils\" l'aîné", "sex": "f", "birth_date": "2004-02-26", "region": "MA-03",
    "licence": "mathematiques", "s1": "12.5", "french": "B2", "motivation": "Deux\nlignes & <b>une</b> troisième",
    "consent_truth": True, "graduation_year": "2026", "email": "zoe@exemple.ma", "phone": "+212612345678",
}  # fmt: skip


class Elements(HTMLParser):
    """Elements with their attributes, in any order of these, and the texts between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.found.append(data.strip())


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("answers", [{}, ANSWERS], ids=["empty", "filled"])
def test_a_drawing_filled_is_the_form(app: Flask, language: str, answers: dict[str, str]) -> None:
    definition = read_known("mdia")
    with app.test_request_context():
        g.language = language
        given = typed(definition, answers)
        form = form_class(fingerprint(definition), definition)(formdata=None, data=given)
        macros = current_app.jinja_env.get_template("applications/form/question.html").module
        drawn = questions(fingerprint(definition), definition)
        asked = [question for question in definition.form.questions if question.asked_at_application]
        assert drawn.keys() == {question.key for question in asked}
        for question in asked:
            plain = Elements(str(macros.ask(form, question))).found
            assert Elements(drawn[question.key].filled(given.get(question.key))).found == plain, question.key


@pytest.mark.sqlite_only
@pytest.mark.parametrize("more", [None, "diplomas"])
@pytest.mark.parametrize("answers", [{}, ANSWERS], ids=["empty", "filled"])
def test_a_section_says_each_of_its_questions(app: Flask, answers: dict[str, str], more: str | None) -> None:
    definition = read_known("mdia")
    with app.test_request_context():
        given = typed(definition, answers)
        drawn = questions(fingerprint(definition), definition)
        for section, parts in sections(fingerprint(definition), definition, given, more):
            texts = [
                str(drawn[each.key].filled(given.get(each.key), more == each.key))
                for each in section.questions
                if each.asked_at_application and each.kind is not QuestionKind.FILE
            ]
            assert "".join(part for part in parts if isinstance(part, str)) == "".join(texts), section.key
            papers = [each for each in section.questions if each.kind is QuestionKind.FILE]
            assert [part for part in parts if not isinstance(part, str)] == papers, section.key


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_each_name_is_written_in_its_own_direction_whatever_the_page_s(app: Flask, language: str) -> None:
    definition = read_known("mdia")
    with app.test_request_context():
        g.language = language
        drawn = questions(fingerprint(definition), definition)
        for key, direction in (("family_name", "ltr"), ("given_name", "ltr"), ("family_name_ar", "rtl")):
            assert f'dir="{direction}"' in drawn[key].filled(None), key
        junior = read_known("ai-master-junior")
        drawn = questions(fingerprint(junior), junior)
        assert 'dir="auto"' in drawn["family_name"].filled(None), "asked once, in either writing"


@pytest.mark.sqlite_only
def test_nothing_that_a_minor_must_say_is_called_optional(app: Flask) -> None:
    junior = read_known("ai-master-junior")
    with app.test_request_context():
        g.language = "fr"
        drawn = questions(fingerprint(junior), junior)
        for key in ("guardian_name", "guardian_capacity", "guardian_phone"):
            shown = drawn[key].filled(None)
            assert "(facultatif)" not in shown and "Obligatoire pour une personne mineure" in shown, key
        assert "(facultatif)" in drawn["guardian_email"].filled(None)
