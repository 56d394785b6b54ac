"""Expressions are written as Jinja writes them, escaped once."""

import pytest
from flask import Flask
from jinja2 import DictLoader, UndefinedError, pass_context
from jinja2.runtime import Context

from cohortmgr.base.web.markup import House
from tests.said_names import UnknownName


@pytest.mark.parametrize(
    "source", ["{{ x }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(x) }}", "{{ x|upper }}"]
)
def test_templates_escape_by_themselves_and_never_twice(source: str) -> None:
    house = House(Flask("page"), autoescape=True)
    page = house.from_string(source).render(x="<b>")
    assert page.lower() == "&lt;b&gt;"
    assert house.from_string("{% autoescape false %}{{ x }}{% endautoescape %}").render(x="<b>") == "<b>"


def test_what_a_page_calls_gets_what_it_asks_for() -> None:
    house = House(Flask("page"), autoescape=True)

    @pass_context
    def told(context: Context, name: str) -> object:
        return context[name]

    class Callable:
        def __call__(self, value: str) -> str:
            return f"called {value}"

    house.globals.update(told=told, plain=lambda value: f"plain {value}", instance=Callable())
    source = (
        "{% macro m(x) %}[{{ x }}{{ caller() if caller }}]{% endmacro %}"
        "{% for x in xs %}{{ told('xs')|first }}{{ plain(x) }}{{ instance(x) }}"
        "{% call m(x) %}!{% endcall %}{% endfor %}"
    )
    assert house.from_string(source).render(xs=["<"]) == "&lt;plain &lt;called &lt;[&lt;!]"


def test_an_imported_macro_sees_what_all_templates_share() -> None:
    house = House(Flask("page"), autoescape=True)
    house.globals["shared"] = "all"
    house.loader = DictLoader({"macros": "{% macro m() %}{{ shared }}{{ own }}{% endmacro %}"})
    page = house.from_string("{% from 'macros' import m %}{{ m() }}{{ own }}", globals={"own": "mine"})
    assert page.render() == "allminemine"
    assert house.from_string("{% from 'macros' import m %}{{ m() }}").render() == "all"


@pytest.mark.parametrize(
    "source", ["{{ x }}", "{% if x %}y{% endif %}", "{% for y in x %}{% endfor %}", "{{ x|length }}"]
)
def test_in_tests_a_name_that_nobody_gave_is_an_error(source: str) -> None:
    house = House(Flask("page"), autoescape=True, undefined=UnknownName)
    with pytest.raises(UndefinedError):
        house.from_string(source).render()
    assert house.from_string("{{ x|default('-') }}{% if x is defined and x %}y{% endif %}").render() == "-"


def test_in_tests_a_missing_key_and_a_plain_call_stay_empty() -> None:
    house = House(Flask("page"), autoescape=True, undefined=UnknownName)
    macro = "{% macro m() %}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{{ m() }}"
    assert house.from_string(macro + "{{ x.y }}").render(x={}) == ""
