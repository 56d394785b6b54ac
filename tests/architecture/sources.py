"""The source files of the project as syntax trees, for the tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = ROOT / "cohortmgr"
OURS = ("cohortmgr", "worker", "migrations", "tests", "bench", "templates", "requirements", "docs", ".ci")


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a text; most texts are looked at by many tests."""
    return ast.parse(text)


def tree(path: Path) -> ast.Module:
    """The syntax tree of a file as it stands now."""
    return parsed(path.read_text(encoding="utf-8"))


def files(folder: Path, pattern: str = "*.py") -> list[Path]:
    """Return the files of a folder and below, sorted."""
    return sorted(path for path in folder.rglob(pattern) if "__pycache__" not in path.parts)


def our_files(*suffixes: str, root: Path = ROOT) -> list[Path]:
    """Each file of the project with one of the suffixes: its folders, and the files at its root."""
    found = [path for path in root.iterdir() if path.is_file()]
    for name in OURS:
        found += [path for path in files(root / name, "*") if path.is_file()]
    return sorted(path for path in found if path.suffix in suffixes)


@dataclass(frozen=True)
class Import:
    """One name that a file imports, wherever it does. `from a import b` gives `a.b`; `bound`: what the file calls it;
    `for_types`: at no time but while types are checked."""

    line: int
    name: str
    bound: str
    for_types: bool


@dataclass(frozen=True)
class Source:
    """A Python file below a root; a breach is planted in a copy of the tree, which has another root."""

    root: Path
    path: Path

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return parsed(self.text)

    @property
    def parts(self) -> tuple[str, ...]:
        """Its module's names below the first folder: of cohortmgr/a/b.py, (a, b)."""
        inside = self.path.relative_to(self.root).with_suffix("").parts[1:]
        return inside[:-1] if inside and inside[-1] == "__init__" else inside

    def place(self, line: int) -> str:
        """`file:line`, as failures name it."""
        return f"{self.path.relative_to(self.root)}:{line}"

    @property
    def text(self) -> str:
        """What it says now."""
        return self.path.read_text(encoding="utf-8")

    def imports(self) -> tuple[Import, ...]:
        """What it imports."""
        return _imports(self.text, self.path.relative_to(self.root).with_suffix("").parts[:-1])

    def calls(self) -> tuple[tuple[int, str], ...]:
        """(line, dotted name) of each call."""
        return _calls(self.text)


@cache
def _imports(text: str, package: tuple[str, ...]) -> tuple[Import, ...]:
    found = []
    for node, for_types in _walk(parsed(text), False):
        if isinstance(node, ast.Import):
            found += [
                Import(node.lineno, each.name, each.asname or each.name, for_types) for each in node.names
            ]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [
                Import(node.lineno, f"{base}.{each.name}", each.asname or each.name, for_types)
                for each in node.names
            ]
    return tuple(found)


@cache
def _calls(text: str) -> tuple[tuple[int, str], ...]:
    nodes = (node for node in ast.walk(parsed(text)) if isinstance(node, ast.Call))
    return tuple((node.lineno, dotted(node.func)) for node in nodes)


def _walk(node: ast.AST, for_types: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, for_types
    if isinstance(node, ast.If) and dotted(node.test).split(".")[-1] == "TYPE_CHECKING":
        for each in node.body:
            yield from _walk(each, True)
        for each in node.orelse:
            yield from _walk(each, for_types)
        return
    for each in ast.iter_child_nodes(node):
        yield from _walk(each, for_types)


def sources(root: Path, *folders: str) -> list[Source]:
    """The Python files of some folders of a tree."""
    return [Source(root, path) for folder in folders for path in files(root / folder)]


def place(path: Path, line: int) -> str:
    """`file:line`, as failures name it."""
    return f"{path.relative_to(ROOT)}:{line}"


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for an attribute chain. A call within it counts as the chain of its function."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""
