"""The texts of templates, said in the language of the page."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.base.errors import Problem
from cohortmgr.base.i18n import quoted, say, speaking, told

pytestmark = pytest.mark.sqlite_only


def test_a_text_is_said_in_the_language_of_the_page_each_time(app: Flask) -> None:
    page = app.jinja_env.from_string('{{ _("Se connecter") }}|{% trans %}Se connecter{% endtrans %}')
    plain = app.jinja_env.from_string('{% autoescape false %}{{ _("Se connecter") }}{% endautoescape %}')
    with app.test_request_context():
        for spoken, said in (("fr", "Se connecter"), ("en", "Sign in"), ("fr", "Se connecter")):
            with speaking(spoken):
                assert page.render() == f"{said}|{said}"
                assert plain.render() == said


def test_a_text_with_variables_escapes_them(app: Flask) -> None:
    page = app.jinja_env.from_string('{{ _("Erreur %(code)s", code=code) }}')
    with app.test_request_context(), speaking("fr"):
        assert page.render(code="<4>") == "Erreur &lt;4&gt;"


def test_names_bear_the_marks_of_their_language(app: Flask) -> None:
    said = {}
    with app.app_context():
        for language in ("fr", "ar", "en"):
            with speaking(language):
                said[language] = (quoted(["S1", "S2"]), told("S1", 12))
    assert said == {
        "fr": ("« S1 », « S2 »", "S1 : 12"),
        "ar": ("«\u2068S1\u2069»، «\u2068S2\u2069»", "S1: 12"),
        "en": ("“S1”, “S2”", "S1: 12"),
    }


def test_a_reason_that_names_several_says_them_so_too(app: Flask) -> None:
    reason = Problem("%(columns)s", {"columns": ["S1", "S2"]})
    with app.app_context():
        for language in ("fr", "ar", "en"):
            with speaking(language):
                assert say(reason) == quoted(["S1", "S2"])
