"""Expressions and attributes are written as Jinja and WTForms write them, escaped."""

from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup, escape

from cohortmgr.base.markup import attributes, escaped, init_markup

NAMES = st.sampled_from(["class_", "data_count", "aria_describedby", "value", "required", "id"])


def test_names_and_special_values() -> None:
    made = attributes(class_="input w-s", data_count=3, aria_invalid="true", required=True, disabled=False)
    assert made == 'aria-invalid="true" class="input w-s" data-count="3" required'


@given(st.dictionaries(NAMES, st.text(), max_size=4))
def test_no_value_leaves_its_quotes(given_values: dict[str, str]) -> None:
    made = attributes(**given_values)
    assert isinstance(made, Markup)
    assert made.count('"') == 2 * len(given_values)
    for value in given_values.values():
        assert f'="{escape(value)}"' in made
        assert "<" not in made


@given(st.one_of(st.text(), st.integers(), st.none(), st.text().map(Markup)))
def test_expressions_are_escaped_once(value: object) -> None:
    assert escaped(value) == escape(value)
    init_markup()
    page = Environment(autoescape=True).from_string("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(value) }}")
    assert page.render(value=value) == str(escape(value))
