"""A form filled into its drawing says what the form itself says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask, current_app, g
from markupsafe import Markup

from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.form.forms.classes import form_class
from cohortmgr.applications.form.views.drawing import parts, questions, sections
from cohortmgr.base.i18n import localized
from cohortmgr.programmes.definition.rules import Definition, Question, QuestionKind
from cohortmgr.programmes.definition.toml import fingerprint, read_known

REFERENCE = "0123456789ABCDEFGHJKMNPQRS"
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


def with_groups(definition: Definition, given: dict[str, Any], more: str | None) -> str:
    """Each section in its group, each question in it, papers with the way to their page."""
    macros = current_app.jinja_env.get_template("macros/forms.html").module
    paper = current_app.jinja_env.get_template("applications/form/paper.html").module.paper  # type: ignore[attr-defined]
    drawn = questions(fingerprint(definition), definition)
    whole = ""
    for section, asked in sections(definition):
        texts = [
            str(paper(each, drawn[each.key].filled(None), REFERENCE))
            if each.kind is QuestionKind.FILE
            else str(drawn[each.key].filled(given.get(each.key), more == each.key))
            for each in asked
        ]
        whole += macros.group(localized(section.title), caller=partial(Markup("").join, map(Markup, texts)))  # type: ignore[attr-defined]
    return whole


@pytest.mark.sqlite_only
@pytest.mark.parametrize("more", [None, "diplomas"])
@pytest.mark.parametrize("answers", [{}, ANSWERS], ids=["empty", "filled"])
@pytest.mark.parametrize("root", ["", "/candidatures"])
def test_a_whole_form_says_each_section_with_each_of_its_questions(
    app: Flask, answers: dict[str, str], more: str | None, root: str
) -> None:
    definition = read_known("mdia")
    with app.test_request_context(base_url=f"http://localhost{root}"):
        given = typed(definition, answers)
        whole = parts(fingerprint(definition), definition, given, more, REFERENCE, lambda key: False)
        assert whole == [with_groups(definition, given, more)]
        assert f'"{root}/my/documents/' in str(whole[0]) or f'"{root}/my/applications/{REFERENCE}' in str(
            whole[0]
        )


@pytest.mark.sqlite_only
def test_a_paper_that_was_sent_is_left_to_the_page(app: Flask) -> None:
    definition = read_known("mdia")
    with app.test_request_context():
        whole = parts(fingerprint(definition), definition, {}, None, REFERENCE, {"transcripts"}.__contains__)
        before, paper, after = whole
        assert isinstance(paper, Question) and paper.key == "transcripts"
        assert isinstance(before, str) and isinstance(after, str)
        plain = with_groups(definition, {}, None)
        assert plain.startswith(before) and plain.endswith(after)
        assert 'name="transcripts"' in plain and 'name="transcripts"' not in before + after


@pytest.mark.sqlite_only
def test_a_form_on_a_shared_device_tells_it_to_remember_nothing_and_others_are_not_told(app: Flask) -> None:
    definition, told = read_known("mdia"), {}
    for shared in (True, False, True):
        with app.test_request_context():
            g.viewer = replace(ANONYMOUS, shared=shared)
            told[shared] = questions(fingerprint(definition), definition)["email"].filled(None)
    assert 'autocomplete="off"' in told[True] and 'autocomplete="email"' in told[False]


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
