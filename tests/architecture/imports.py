"""What each family may import: of the house, of base, and of packages. Each check says what it found wrong."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.families import BASE, FAMILIES, HOUSE, PURE, TOP, family_of, of_house, place_in
from tests.architecture.sources import Import, Source, files

# A family, and those of the house that it may import.
_READ = {PURE, "models", "hooks", "display", "queries"}
_ACT = {*_READ, "actions"}
MAY: dict[str, set[str]] = {
    PURE: {PURE},
    "models": {PURE, "models"},
    "hooks": {PURE, "models", "hooks"},
    "display": {PURE, "models", "hooks", "display"},
    "queries": _READ,
    "actions": _ACT,
    "forms": {PURE, "display", "forms"},
    "tasks": {*_ACT, "tasks"},
    "commands": {*_ACT, "tasks", "commands"},
    "guards": {*_ACT, "guards"},
    "views": {*_ACT, "forms", "guards", "views"},
    "wiring": {PURE, *FAMILIES, "views"} - {"wiring"},
}
PURE_BASE = ("money", "errors", "domains", "text", "typed", "states", "caching")
# Values and pure functions of modules that hold others too.
PURE_NAMES = (
    "cohortmgr.base.clock.CASABLANCA",
    "cohortmgr.base.sheets.tables",
    "cohortmgr.base.sheets.writing",
)
# What a family may take of base; the others may take all but `web`.
MAY_OF_BASE: dict[str, tuple[str, ...]] = {
    PURE: PURE_BASE,
    "models": (*PURE_BASE, "db"),
    "hooks": (*PURE_BASE, "hooks"),
    "display": (*PURE_BASE, "clock", "hooks", "i18n", "sheets", "paging", "web.markup"),
    "forms": (*PURE_BASE, "clock", "forms", "i18n", "sheets"),
}
KNOWS_PAGES = ("guards", "views", "wiring")

PURE_PACKAGES = (
    "numpy",
    "scipy",
    "tomlkit",
    "phonenumbers",
    "werkzeug.datastructures",
    # Bytes of a paper in, bytes of a paper out.
    "PIL",
    "pikepdf",
    "pillow_heif",
    "pypdfium2",
)
# Of the standard library, what computes; environment, processes and sockets are not in it. What a clock, chance or a
# file gives (`datetime.now`, `Path.glob`) is looked for by name (conduct.py, disguises.py).
PURE_STANDARD = {
    "__future__", "abc", "base64", "bisect", "calendar", "collections", "contextlib", "copy",
    "csv", "dataclasses", "datetime", "decimal", "difflib", "email", "enum", "fractions",
    "functools", "graphlib", "hashlib", "heapq", "hmac", "html", "io", "ipaddress", "itertools", "json", "math",
    "numbers", "operator", "pathlib", "random", "re", "resource", "statistics", "string", "struct",
    "sys", "textwrap", "time", "tomllib", "types", "typing", "unicodedata", "uuid", "zipfile",
    "zlib", "zoneinfo",
}  # fmt: skip
_REQUEST = ("celery", "kombu", "flask_login", "flask_wtf", "wtforms")
# Packages that a family does not import, by the beginning of the name.
REFUSED: dict[str, tuple[str, ...]] = {
    "models": ("flask", "celery", "wtforms"),
    "hooks": ("flask", "sqlalchemy", "celery", "wtforms"),
    "display": ("sqlalchemy", *_REQUEST),
    "queries": _REQUEST,
    "actions": _REQUEST,
    "forms": ("sqlalchemy", "celery", "kombu", "flask_login"),
    "tasks": ("flask_login", "flask_wtf", "wtforms"),
    "commands": ("flask_login", "flask_wtf", "wtforms"),
    "guards": ("celery", "kombu"),
    "views": ("celery", "kombu"),
}
# What a family may take of Flask itself; views, guards and wirings may take all of it.
OF_FLASK: dict[str, tuple[str, ...]] = {
    "display": ("current_app", "render_template", "url_for"),
    "queries": ("current_app",),
    "actions": ("current_app",),
    "forms": ("request",),
    "tasks": ("current_app",),
    "commands": ("current_app", "cli.AppGroup"),
}
# The adapter of the broker is what actions wake the worker by.
BROKER = ("jobs", "actions")
# The verifier is a program as well as a module: it has a command line of its own, which is no family's.
PROGRAM, OF_PROGRAM = ("selection", "verify"), {"argparse", "gc"}


Parts = tuple[str, ...]


def modules_of(root: Path) -> frozenset[Parts]:
    """The names below cohortmgr of each module and package of the house."""
    found = [Source(root, path).parts for path in files(root / "cohortmgr")]
    return frozenset(parts[:depth] for parts in found for depth in range(len(parts) + 1))


def module_of(modules: frozenset[Parts], name: str) -> Parts:
    """The names below cohortmgr of the module that an imported name comes from: the longest that is one."""
    parts = tuple(name.split(".")[1:])
    while parts not in modules:
        parts = parts[:-1]
    return parts


def _of_base(family: str, name: str) -> bool:
    inside = name.removeprefix("cohortmgr.base.")
    if family not in MAY_OF_BASE:
        return not inside.startswith("web") or family in KNOWS_PAGES
    return name.startswith(PURE_NAMES) or any(
        inside == each or inside.startswith(f"{each}.") for each in MAY_OF_BASE[family]
    )


def _of_house(modules: frozenset[Parts], family: str, given: Import) -> bool:
    parts = module_of(modules, given.name)
    other = family_of(parts)
    if other == BASE:
        return _of_base(family, given.name)
    if given.for_types:  # the type of what is shown, which somebody loaded
        return family == "display" and other == "queries"
    if other == HOUSE:
        return bool(parts) and parts[0] not in TOP and len(given.name.split(".")) > 2
    return other in MAY[family]


def _of_package(source: Source, family: str, name: str) -> bool:
    first = name.split(".")[0]
    if family == PURE:
        if source.parts == PROGRAM and first in OF_PROGRAM:
            return True
        return first in PURE_STANDARD or name.startswith(PURE_PACKAGES)
    if first == "flask" and family in OF_FLASK:
        return name.removeprefix("flask.").startswith(OF_FLASK[family])
    if first in REFUSED.get(family, ()):
        return family == "actions" and first in ("celery", "kombu") and source.parts[:2] == BROKER
    return True


def _admitted(source: Source, modules: frozenset[Parts], family: str, given: Import) -> bool:
    if given.name.split(".")[0] == "cohortmgr":
        return _of_house(modules, family, given)
    return _of_package(source, family, given.name)


def below_their_own(root: Path) -> list[str]:
    """Imports of a family that is none of those below the importing one, or of a package that is not for it."""
    modules = modules_of(root)
    return [
        f"{source.place(given.line)} ({family}) imports {given.name}"
        for source in of_house(root)
        if (family := family_of(source.parts)) not in (BASE, HOUSE)
        for given in source.imports()
        if not _admitted(source, modules, family, given)
    ]


def pages_that_lend(root: Path) -> list[str]:
    """Imports of a page, which is a module that makes a Blueprint, by anything but a wiring."""
    modules, house = modules_of(root), of_house(root)
    pages = {source.parts for source in house if _makes_page(source)}
    return [
        f"{source.place(given.line)} borrows {given.name}"
        for source in house
        if source.parts[0] not in TOP and place_in(source.parts)[0] != "wiring"
        for given in source.imports()
        if given.name.startswith("cohortmgr.") and module_of(modules, given.name) in pages - {source.parts}
    ]


def _makes_page(source: Source) -> bool:
    return any(name.split(".")[-1] == "Blueprint" for _line, name in source.calls())


def pages_elsewhere(root: Path) -> list[str]:
    """Files that make a Blueprint and are no views; the assets' own stands in base."""
    return [
        f"{source.place(line)} makes a page"
        for source in of_house(root)
        if family_of(source.parts) != "views" and source.parts != (BASE, "web", "assets")
        for line, name in source.calls()
        if name.split(".")[-1] == "Blueprint"
    ]
