"""Expressions are written as Jinja writes them, escaped once."""

import html

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from cohortmgr.base.markup import House, written


@given(st.one_of(st.text(), st.integers(), st.none(), st.text().map(Markup)))
def test_a_value_is_escaped_once(value: object) -> None:
    assert html.unescape(written(value)) == html.unescape(str(escape(value)))
    assert "<" not in written(value) or isinstance(value, Markup)


@pytest.mark.parametrize(
    "source", ["{{ x }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(x) }}", "{{ x|upper }}"]
)
def test_templates_escape_by_themselves_and_never_twice(source: str) -> None:
    house = House(Flask("page"), autoescape=True)
    page = house.from_string(source).render(x="<b>")
    assert page.lower() == "&lt;b&gt;"
    assert house.from_string("{% autoescape false %}{{ x }}{% endautoescape %}").render(x="<b>") == "<b>"
