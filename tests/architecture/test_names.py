"""One word, one thing: a class is named once in the house, and no module's name hides what is in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from cohortmgr.audit.fields import FIELDS
from tests.architecture.sources import APPLICATION, ROOT, files, place, tree

# A class's name that two modules may define, and why. Each must still be one of two.
EXCEPTIONS: Mapping[str, str] = {}

# Words that do not say what they name: the issue of the names has what stands for them now.
HIDING = frozenset(
    {
        "aside", "readback", "drawn", "written", "awaited", "facts", "lots", "ways", "troubles", "recalls", "doubles",
        "remembered", "softening", "guarding", "locating", "asking", "answering", "traying", "correcting",
        "campaigning",
    }
)  # fmt: skip
# A wish is an apprentice's rank of a company; of messages people have preferences.
ONLY_IN = {"wishes": "placements"}

ENDINGS = ("ings", "ing", "ions", "ion", "ers", "er", "ed", "es", "s", "e")


def _house() -> list[Path]:
    return [*files(APPLICATION), *files(ROOT / "worker")]


def types(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of each class that stands at the top of a module, and of each other name written as a class's: an
    alias of a type is one to its readers. Type variables of one letter are not."""
    for node in _standing(module.body):
        if isinstance(node, ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and target.id[0].isupper() and not target.id.isupper():
                    yield node.lineno, target.id


def _standing(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those in its conditions and its `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _standing(each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt))


def shared(modules: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """The names that several modules define, and where (`file:line`)."""
    found: dict[str, dict[str, int]] = {}
    for where, module in modules.items():
        for line, name in types(module):
            found.setdefault(name, {}).setdefault(where, line)
    return {
        name: [f"{where}:{line}" for where, line in places.items()]
        for name, places in sorted(found.items())
        if len(places) > 1
    }


def stem(name: str) -> str:
    """A module's name without its endings: imports and importing have one stem, and so have answers and answering."""
    ending = next((each for each in ENDINGS if name.endswith(each) and len(name) > len(each) + 2), None)
    return name if ending is None else stem(name.removesuffix(ending))


def alike(folder: Mapping[str, list[str]]) -> list[str]:
    """What stands in one folder (its path, and the names in it) under names that differ only by an ending."""
    found = []
    for path, names in folder.items():
        by_stem: dict[str, list[str]] = {}
        for name in names:
            by_stem.setdefault(stem(name), []).append(name)
        found += [f"{path}: {' and '.join(sorted(each))}" for each in by_stem.values() if len(each) > 1]
    return sorted(found)


def hides(path: str) -> bool:
    """Whether a part of a module's path is a word that hides."""
    parts = path.removesuffix(".py").split("/")
    return any(each in HIDING or (each in ONLY_IN and ONLY_IN[each] not in parts) for each in parts)


def hiding(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of what a module defines at its top, or imports under another name, by a word that hides."""
    for node in module.body:
        names: list[str] = []
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.asname for alias in node.names if alias.asname]
        yield from ((node.lineno, name) for name in names if name.strip("_").lower() in HIDING)


def _folders() -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for path in _house():
        parts = path.relative_to(ROOT).with_suffix("").parts
        for depth in range(1, len(parts)):
            found.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
    return {folder: sorted(names - {"__init__"}) for folder, names in found.items()}


def test_a_class_s_name_stands_in_one_module() -> None:
    found = shared({str(path.relative_to(ROOT)): tree(path) for path in _house()})
    assert {name: places for name, places in found.items() if name not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) <= set(found), "an exception that nothing needs"


def test_a_name_that_two_modules_define_is_seen() -> None:
    one, other = ast.parse("class Line:\n    pass"), ast.parse("\nLine = tuple[int, str]\nclass Sum: ...")
    assert shared({"a.py": one, "b.py": other}) == {"Line": ["a.py:1", "b.py:2"]}
    assert shared({"a.py": one}) == {}
    hidden = ast.parse("try:\n    if True:\n        class Line: ...\nexcept ImportError: ...")
    assert shared({"a.py": one, "b.py": hidden}) == {"Line": ["a.py:1", "b.py:3"]}
    assert (
        shared({"a.py": ast.parse("T = 1\nclass Sum:\n    class Line: ...\nclass Sum: ..."), "b.py": one})
        == {}
    )


def test_no_two_modules_of_a_folder_differ_by_an_ending() -> None:
    assert alike(_folders()) == []


@pytest.mark.parametrize(
    "pair",
    [
        ("importing", "imports"), ("import", "importing"), ("correcting", "corrections"), ("tray", "traying"),
        ("campaigning", "campaigns"), ("answering", "answers"), ("page", "pages"), ("paging", "pages"),
    ],
)  # fmt: skip
def test_a_pair_that_differs_by_an_ending_is_seen(pair: tuple[str, str]) -> None:
    assert alike({"a": list(pair)}) == [f"a: {' and '.join(sorted(pair))}"]
    assert alike({"a": [pair[0]], "b": [pair[1]]}) == []
    assert alike({"a": ["tray", "tray_rows", "undo", "use"]}) == []


def test_no_name_hides_what_it_names() -> None:
    assert [str(path) for path in _house() if hides(str(path.relative_to(ROOT)))] == []
    assert [f"{place(path, line)} {name}" for path in _house() for line, name in hiding(tree(path))] == []


def test_a_name_that_hides_is_seen() -> None:
    assert hides("cohortmgr/messages/wishes/queries.py") and hides("cohortmgr/messages/aside/rules.py")
    assert not hides("cohortmgr/placements/wishes/rules.py") and not hides("cohortmgr/base/set_aside.py")
    text = "from a import b as troubles, c as d\ndef _drawn(): ...\nclass Facts: ...\n_ASIDE = 1\ndef shown(ways): ..."
    assert [name for _line, name in hiding(ast.parse(text))] == ["troubles", "_drawn", "Facts", "_ASIDE"]


def test_each_field_that_an_act_records_has_a_name_in_words() -> None:
    """The trail shows nobody a key."""
    found = {
        key: place(path, call.lineno)
        for path in files(APPLICATION)
        if "record(" in path.read_text("utf-8")
        for module in [tree(path)]
        for call in _records(module)
        for key in _keys(call, module)
    }
    assert len(found) > 100
    assert not {key: path for key, path in found.items() if key not in FIELDS}


def _records(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
            yield node


def _keys(call: ast.Call, module: ast.Module) -> Iterator[str]:
    """The keys of what a call says was there before and after, written in it or given to a name of its module."""
    told = [keyword.value for keyword in call.keywords if keyword.arg in ("before", "after")]
    named = {each.id for each in told if isinstance(each, ast.Name)}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and named & {getattr(each, "id", "") for each in node.targets}:
            told.append(node.value)
    for value in told:
        if isinstance(value, ast.Dict):
            yield from (str(key.value) for key in value.keys if isinstance(key, ast.Constant))
