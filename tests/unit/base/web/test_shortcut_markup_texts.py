"""A template's constant text is looked up by itself, where Jinja's code generator would call `_`."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from markupsafe import Markup

from cohortmgr.base.web.markup import House, Writer

TEXTS = (
    '{{ _("Se connecter") }}',
    '{{ gettext("Se connecter") }}',
    "{% trans %}Se connecter{% endtrans %}",
    '{{ _("Se connecter")|upper }}',
    '<a title="{{ _("<b>") }}">{% set x = _("Se connecter") %}{{ x ~ "<" }}</a>',
    '{{ _("100 %%") }}',
)
PLAIN = type("PlainWriter", (Writer,), {"visit_Call": CodeGenerator.visit_Call})
PLAIN_HOUSE = type("PlainHouse", (House,), {"code_generator_class": PLAIN})


def environment(kind: type[House]) -> House:
    """Templates with the texts of a catalogue that says them in capitals."""
    made = kind(Flask("page"), autoescape=True, extensions=["jinja2.ext.i18n"])
    made.install_gettext_callables(str.upper, lambda one, many, n: one, newstyle=True)  # type: ignore[attr-defined]
    made.said = lambda text: Markup(text.upper() % {})
    return made


@pytest.mark.parametrize("source", TEXTS)
def test_a_text_is_what_the_library_makes_of_it(source: str) -> None:
    assert (
        environment(House).from_string(source).render()
        == environment(PLAIN_HOUSE).from_string(source).render()
    )


@pytest.mark.parametrize("source", TEXTS)
def test_the_code_generator_comes_by_for_each_text(source: str) -> None:
    """When it calls its texts by another method, ours is never asked and gains nothing."""
    assert "environment.said(" in environment(House).compile(source, raw=True)
    assert "environment.said(" not in environment(PLAIN_HOUSE).compile(source, raw=True)


def test_the_method_is_called_as_ours_is_written() -> None:
    theirs, ours = (inspect.signature(each.visit_Call) for each in (CodeGenerator, Writer))
    assert list(theirs.parameters) == list(ours.parameters) == ["self", "node", "frame", "forward_caller"]
    assert nodes.Call.fields == ("node", "args", "kwargs", "dyn_args", "dyn_kwargs")
