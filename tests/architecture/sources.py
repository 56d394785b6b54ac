"""The source files of the project as syntax trees, for the tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = ROOT / "cohortmgr"
OURS = ("cohortmgr", "worker", "migrations", "tests", "bench", "templates", "requirements", "docs", ".ci")


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def files(folder: Path, pattern: str = "*.py") -> list[Path]:
    """Return the files of a folder and below, sorted."""
    return sorted(path for path in folder.rglob(pattern) if "__pycache__" not in path.parts)


def our_files(*suffixes: str) -> list[Path]:
    """Return the files of the project with one of the suffixes, in its folders and at its root."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for name in OURS:
        found += [path for path in files(ROOT / name, "*") if path.is_file()]
    return sorted(path for path in found if path.suffix in suffixes)


def rooms() -> list[str]:
    """Return the rooms of the house: the packages directly in cohortmgr."""
    return sorted(path.parent.name for path in APPLICATION.glob("*/__init__.py"))


def room_files(*names: str) -> list[Path]:
    """Return the files with one of the names in every room."""
    return [path for path in files(APPLICATION) if path.name in names]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of each import, wherever it stands; `from a import b` gives `a.b`."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for an attribute chain. A call within it counts as the chain of its function."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of each call."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func)


def place(path: Path, line: int) -> str:
    """Return `file:line`, as failures show it."""
    return f"{path.relative_to(ROOT)}:{line}"
