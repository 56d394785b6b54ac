"""Where files and folders stand and how large they are. Each check says what it found wrong."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.families import (
    BASE,
    ENDINGS,
    FAMILIES,
    TOP,
    of_family,
    of_house,
    place_in,
    rooms,
    sub_rooms,
)
from tests.architecture.sources import Source, files, our_files

LONGEST = 400
# Files that may be longer, and why.
LONG_FOR_A_REASON = {
    "cohortmgr/selection/verify.py": "one file with nothing of ours, which a stranger copies and runs alone",
}
MOST_FILES, MOST_TEMPLATES = 20, 30
# Folders of the house that hold no Python.
NOT_ROOMS = {"assets", "translations", "__pycache__"}
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc", "stuff", "shared", "lib", "core"} | {
    # Families under the names of other houses, and in the singular.
    "service", "manager", "managers", "handlers",
    "model", "view", "query", "action", "rule", "task", "hook",
}  # fmt: skip
# Folders of tests that mirror no room: what tests share, and what is no room of the house.
BESIDE_ROOMS = {"architecture", "factories", "data", "worker", "wiring"}
KINDS_OF_TESTS = {
    "architecture",
    "browser",
    "data",
    "factories",
    "hostile",
    "integration",
    "many",
    "unit",
    "worker",
}
NO_PYTHON = {"node_modules", "__pycache__"}


def without_family(root: Path) -> list[str]:
    """Files whose name and place give them no family.

    A family stands directly in a room or a sub-room, as NAME.py or NAME/, and a folder of a family has no folders. Any
    other name is a pure one, as long as it does not end as if it said a family; so is a folder in a sub-room.
    """
    return [
        str(path.relative_to(root))
        for path in files(root / "cohortmgr")
        if _why_strange(Source(root, path).parts)
    ]


def _why_strange(parts: tuple[str, ...]) -> bool:
    """Whether a module below cohortmgr has no family."""
    if len(parts) == 1:
        return parts[0] in FAMILIES  # app.py and the rooms are import-linter's exhaustive list
    if not parts or parts[0] == BASE:
        return len(parts) > 3
    family, below = place_in(parts)
    if family in FAMILIES:
        return len(below) > 1
    said = any(part in FAMILIES for part in parts[1:]) or any(part.endswith(ENDINGS) for part in parts)
    return said or len(parts) > 4


def strays(root: Path) -> list[str]:
    """Files at the top of the house that are not its three, and folders with Python that are no packages."""
    house = root / "cohortmgr"
    top = [path for path in house.glob("*.py") if path.stem not in (*TOP, "__init__")]
    packages = {path.parent for path in files(house, "__init__.py")}
    folders = {path.parent for path in files(house)} - packages
    return [str(path.relative_to(root)) for path in sorted({*top, *folders})]


def families_twice(root: Path) -> list[str]:
    """Families that a room or sub-room has as a file and as a folder: which of the two is imported is chance."""
    twice = [path for path in files(root / "cohortmgr") if path.with_suffix("").is_dir()]
    return [str(path.relative_to(root)) for path in twice]


def crowded(root: Path) -> list[str]:
    """Folders of over 20 Python files, migrations apart, or 30 templates."""
    found = []
    for name in ("cohortmgr", "worker", "tests", "bench", "requirements", "templates"):
        most, pattern = (MOST_TEMPLATES, "*.*") if name == "templates" else (MOST_FILES, "*.py")
        counts: dict[Path, int] = {}
        for path in files(root / name, pattern):
            counts[path.parent] = counts.get(path.parent, 0) + (path.is_file() and path.name != "__init__.py")
        found += [
            f"{folder.relative_to(root)}: {count} files" for folder, count in counts.items() if count > most
        ]
    return found


def long(root: Path) -> list[str]:
    """Files of over 400 lines, but those that have a reason; and reasons that no file needs."""
    counts = {
        str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines())
        for path in our_files(".py", ".js", ".css", ".html", root=root)
    }
    found = [f"{name}: {count} lines" for name, count in counts.items() if count > LONGEST]
    needless = [name for name in LONG_FOR_A_REASON if counts.get(name, 0) <= LONGEST]
    return [each for each in found if each.split(":")[0] not in LONG_FOR_A_REASON] + [
        f"{name}: needs no reason" for name in needless
    ]


def vague(root: Path) -> list[str]:
    """Files and folders whose name says nothing."""
    return [
        str(path.relative_to(root))
        for path in our_files(".py", ".js", ".css", ".html", root=root)
        if VAGUE & {part.split(".")[0] for part in path.relative_to(root).parts}
    ]


def tests_of_nothing(root: Path) -> list[str]:
    """Folders of tests/unit and tests/integration that mirror no room and no sub-room."""
    known = {name: sub_rooms(root, name) for name in rooms(root)}
    found = []
    for kind in ("unit", "integration"):
        top = root / "tests" / kind
        for folder in sorted(path for path in top.rglob("*") if path.is_dir() and path.name not in NO_PYTHON):
            room, *inside = folder.relative_to(top).parts
            if room in BESIDE_ROOMS:
                continue
            if room not in known or inside and (len(inside) > 1 or inside[0] not in known[room]):
                found.append(str(folder.relative_to(root)))
    return found


def tests_beside_rooms(root: Path) -> list[str]:
    """Tests that stand in no room's folder, and folders of tests of a kind that is not known."""
    top = root / "tests"
    folders = [
        path for path in top.iterdir() if path.is_dir() and path.name not in {*KINDS_OF_TESTS, *NO_PYTHON}
    ]
    loose = [path for folder in (top, top / "unit", top / "integration") for path in folder.glob("test_*.py")]
    nested = list((top / "browser").glob("*/*.py"))
    return [str(path.relative_to(root)) for path in sorted([*folders, *loose, *nested])]


def packages_that_say(root: Path) -> list[str]:
    """An `__init__.py` that says more than what its package is for: what stands there is looked for in a file."""
    return [
        str(source.path.relative_to(root))
        for source in of_house(root)
        if source.path.name == "__init__.py"
        and any(not isinstance(getattr(node, "value", None), ast.Constant) for node in source.tree.body)
    ]


def templates_elsewhere(root: Path) -> list[str]:
    """Folders of templates that mirror no room; texts of messages in a room's folder that declares no such notice."""
    known, top = {*rooms(root), "macros"}, root / "templates"
    folders = [path for path in top.iterdir() if path.is_dir() and path.name not in known]
    texts = [path for path in (top / "messages").glob("*/*.txt") if not _is_declared(root, path)]
    return [str(path.relative_to(root)) for path in sorted([*folders, *texts])]


def _is_declared(root: Path, text: Path) -> bool:
    """Whether the room of a text declares its key; the outbox's own texts are of no notice."""
    room, key = text.parent.name, text.name.split(".")[0]
    notices = root / "cohortmgr" / room / "notices.py"
    return room == "outbox" or notices.is_file() and f'"{key}"' in notices.read_text("utf-8")


def rules_without_tests(root: Path) -> list[str]:
    """Rooms and sub-rooms with rules whose folder of unit tests holds no test."""
    return [
        str(path.relative_to(root))
        for path in files(root / "cohortmgr", "rules.py")
        if not list((root / "tests" / "unit").joinpath(*Source(root, path).parts[:-1]).glob("test_*.py"))
    ]


def models_left_out(root: Path) -> list[str]:
    """Models that tables.py does not import: Alembic and the worker would not know their tables."""
    known = {given.name for given in Source(root, root / "cohortmgr" / "tables.py").imports()}
    return [
        str(source.path.relative_to(root))
        for source in of_family(root, "models")
        if not any(f"{each}.".startswith(f"cohortmgr.{'.'.join(source.parts)}.") for each in known)
    ]


def of_the_application(root: Path) -> list[str]:
    """Imports of the application by migrations."""
    return _imported(root, ("migrations",), {"cohortmgr", "worker", "tests"})


def of_tests(root: Path) -> list[str]:
    """Imports of tests and bench by the application."""
    return _imported(root, ("cohortmgr", "worker"), {"tests", "bench"})


def _imported(root: Path, folders: tuple[str, ...], names: set[str]) -> list[str]:
    return [
        f"{source.place(given.line)} imports {given.name}"
        for folder in folders
        for source in (Source(root, path) for path in files(root / folder))
        for given in source.imports()
        if given.name.split(".")[0] in names
    ]


def loose_ends(root: Path) -> list[str]:
    """Lines that say that something is not done, or not looked at."""
    words = re.compile(
        r"\b(TODO|FIXME)\b|pytest\.mark\.(skip|xfail)|pytest\.skip\(|raise NotImplementedError"
        r"|pragma: no cover|type: ignore(?!\[)"
    )
    return [
        f"{path.relative_to(root)}:{number} {line.strip()[:80]}"
        for path in our_files(".py", ".js", ".css", ".html", ".toml", root=root)
        if path.name not in (Path(__file__).name, "test_planted_breaches.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
