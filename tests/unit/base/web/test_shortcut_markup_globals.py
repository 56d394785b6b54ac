"""A template without names of its own has the environment's, where Jinja would lay an empty map above them."""

from __future__ import annotations

import inspect
from collections import ChainMap

from flask import Flask
from flask.templating import Environment
from jinja2 import DictLoader

from cohortmgr.base.web.markup import House

PAGES = {
    "macros": "{% set shared = 'its own' %}{% macro m() %}{{ shared }}{% endmacro %}",
    "page": "{% from 'macros' import m %}{% include 'part' %}{% set shared = 'mine' %}{{ m() }} {{ shared }}",
    "part": "{{ shared }} ",
}


def environment(kind: type[Environment]) -> Environment:
    """Templates that share one name."""
    made = kind(Flask("page"), autoescape=True, loader=DictLoader(PAGES))
    made.globals["shared"] = "all"
    return made


def test_pages_are_the_librarys_and_leave_the_shared_names_alone() -> None:
    for kind in (House, Environment):
        made = environment(kind)
        assert [made.get_template("page").render() for _ in range(2)] == ["all its own mine"] * 2
        assert made.globals["shared"] == "all"


def test_the_library_still_makes_a_map_of_two_layers() -> None:
    """When it no longer does, the short cut may go."""
    theirs, ours = environment(Environment), environment(House)
    assert isinstance(theirs.get_template("page").globals, ChainMap)
    assert ours.get_template("page").globals is ours.globals
    assert list(inspect.signature(Environment.make_globals).parameters) == ["self", "d"]


def test_names_of_its_own_stand_above_the_shared_ones() -> None:
    for kind in (House, Environment):
        made = environment(kind)
        assert made.from_string("{{ shared }}", globals={"shared": "own"}).render() == "own"
        assert made.globals["shared"] == "all"
