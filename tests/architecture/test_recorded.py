"""Each field that an act records by its name has a name that people read: the trail shows nobody a key."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cohortmgr.audit.fields import FIELDS
from tests.architecture.sources import ROOT


def test_each_field_that_an_act_records_has_a_name_in_words() -> None:
    found = {key: path for path, tree in _trees() for call in _records(tree) for key in _keys(call, tree)}
    assert len(found) > 100
    assert not {key: path for key, path in found.items() if key not in FIELDS}


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "cohortmgr").rglob("*.py")):
        source = path.read_text("utf-8")
        if "record(" in source:
            yield str(path.relative_to(ROOT)), ast.parse(source)


def _records(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
            yield node


def _keys(call: ast.Call, tree: ast.Module) -> Iterator[str]:
    """The keys of what a call says was there before and after, written in it or given to a name of its module."""
    told = [keyword.value for keyword in call.keywords if keyword.arg in ("before", "after")]
    named = {each.id for each in told if isinstance(each, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and named & {getattr(each, "id", "") for each in node.targets}:
            told.append(node.value)
    for value in told:
        if isinstance(value, ast.Dict):
            yield from (key.value for key in value.keys if isinstance(key, ast.Constant))
