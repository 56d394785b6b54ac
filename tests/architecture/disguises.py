"""The same walls against other names: aliases, names handed on, imports by a string. Each check says what it found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.conduct import CLOCK_OR_CHANCE, STATEMENTS
from tests.architecture.families import BASE, PURE, family_of, of_family, of_house
from tests.architecture.imports import MAY, Parts, module_of, modules_of
from tests.architecture.sources import Source, dotted, parsed

BY_A_STRING = re.compile(
    r"(^|\.)(__import__|import_module|import_string|find_attr|eval|exec)$|^sys\.modules\b"
)
# Who loads by a name that is computed, and why.
MAY_LOAD = {("operations", "commands", "states_page"): "finds the table of states of each room"}
# Whoever works on a connection of its own, beside the one session and `writing()` (docs/decisions/0008).
OWN_CONNECTION = {("outbox", "delivery", "tasks", "recording"), ("operations", "commands", "database_roles")}
OTHER_SESSIONS = re.compile(
    r"^(sa|sqlalchemy)\.(\w+\.)*(object_session|Session|sessionmaker|scoped_session|create_engine|Query)$"
    r"|^(db|cohortmgr\.base\.db\.db)\.(engines?|get_engine)\b"
)
# The type of what a hook of base gives.
GIVEN_SESSIONS = {("audit", "actions")}
STATEMENT = re.compile(rf"^(sa|sqlalchemy)\.(\w+\.)*({'|'.join(STATEMENTS)})$")
WRITE = re.compile(r"^(sa|sqlalchemy)\.(\w+\.)*(insert|update|delete)$|\.__table__\.(insert|update|delete)$")
SESSION = re.compile(r"^(cohortmgr\.base\.)?db(\.db)?\.session$")
TEMPLATE = re.compile(r"\w+(/\w+)+\.html$")
# What views and queries set attributes of: objects of the request and of forms, which are no rows.
NO_ROWS = {"self", "g", "request", "response", "form", "field"}
CLOCKS = re.compile(
    rf"{CLOCK_OR_CHANCE.pattern}|^numpy\.random\.|^uuid\.uuid\d|\.(iterdir|r?glob|write_text|write_bytes|unlink)$"
)


@cache
def _bound(source: Source, _text: str) -> dict[str, str]:
    """What each name that a file imports stands for."""
    return {given.bound: given.name for given in source.imports() if given.bound != given.name}


@cache
def _chains(text: str) -> tuple[tuple[int, str, bool], ...]:
    """(line, dotted name, whether an attribute follows) of each name that is read, the longest chains first."""
    nodes = list(ast.walk(parsed(text)))
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    return tuple(
        (node.lineno, dotted(node), id(node) in inner)
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
    )


def named(source: Source) -> Iterator[tuple[int, str, bool]]:
    """(line, name, whether an attribute follows) of all that a file reads, by the names of whoever defines it."""
    bound = _bound(source, source.text)
    for line, name, followed in _chains(source.text):
        first, *rest = name.split(".")
        yield line, ".".join([bound.get(first, first), *rest]), followed


def rendered_elsewhere(root: Path) -> list[str]:
    """Templates found through Jinja's environment, or pages through their names, by what neither shows nor draws."""
    held = of_family(
        root, PURE, "models", "hooks", "queries", "actions", "forms", "tasks", "commands", "wiring"
    )
    return [
        *_found(held, re.compile(r"\.(jinja_env|render_template)\b|^jinja2\b")),
        *_found(
            [each for each in of_house(root) if family_of(each.parts) != BASE],
            re.compile(r"\.view_functions\b"),
        ),
    ]


def templates_of_others(root: Path) -> list[str]:
    """Names of another room's templates: what two rooms show stands in templates/base or templates/macros."""
    return [
        f"{source.place(node.lineno)} names {node.value}"
        for source in of_house(root)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if TEMPLATE.match(node.value) and not _is_own(source, node.value.split("/"))
    ]


def _is_own(source: Source, steps: list[str]) -> bool:
    place = steps[1:] if steps[0] == "messages" and len(steps) > 2 else steps
    return place[0] == source.parts[0] or steps[0] in {source.parts[0], "base", "macros"}


def _found(sources: list[Source], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{source.place(line)} names {name}"
        for source in sources
        for line, name, _followed in named(source)
        if pattern.search(name)
    ]


def loaded_by_a_string(root: Path) -> list[str]:
    """Modules loaded by a string, which no wall reads."""
    return _found([source for source in of_house(root) if source.parts not in MAY_LOAD], BY_A_STRING)


def other_sessions(root: Path) -> list[str]:
    """Sessions, engines and connections beside the one session."""
    free = OWN_CONNECTION | GIVEN_SESSIONS
    held = [each for each in of_house(root) if family_of(each.parts) != BASE and each.parts not in free]
    return _found(held, OTHER_SESSIONS)


def sessions_by_aliases(root: Path) -> list[str]:
    """`db.session` under an alias, by getattr, or kept under a name, in views, queries and the demonstration."""
    held = [*of_family(root, "views", "queries"), *(s for s in of_house(root) if s.parts[0] == "demo")]
    return [
        f"{source.place(line)} hands {name} on"
        for source in held
        for line, name, followed in named(source)
        if SESSION.match(name) and not followed and not name.startswith("db.session")
        if "transaction_cache" not in source.text.splitlines()[line - 1]
    ] + [
        f"{source.place(line)} calls getattr of a session"
        for source in of_house(root)
        for line in _by_getattr(source)
    ]


def _by_getattr(source: Source) -> Iterator[int]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func) == "getattr" and len(node.args) > 1:
            asked = node.args[1]
            if isinstance(asked, ast.Constant) and asked.value in ("session", "engine", "writing"):
                yield node.lineno


def statements_by_aliases(root: Path) -> list[str]:
    """Statements in views, and writing ones in queries, by whatever name SQLAlchemy has there."""
    return [*_found(of_family(root, "views"), STATEMENT), *_found(of_family(root, "queries"), WRITE)]


def rows_changed(root: Path) -> list[str]:
    """Attributes set in views and queries, but of what belongs to the request or to a form."""
    return [
        f"{source.place(node.lineno)} sets {ast.unparse(node)}"
        for source in of_family(root, "views", "queries")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and not isinstance(node.ctx, ast.Load)
        and dotted(node).split(".")[0] not in NO_ROWS
        or isinstance(node, ast.Call)
        and dotted(node.func) in ("setattr", "delattr")
    ]


def commits_by_aliases(root: Path) -> list[str]:
    """Commits of anything, whatever it is called."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_house(root)
        if source.parts != (BASE, "db") and source.parts not in OWN_CONNECTION
        for line, name in source.calls()
        if name.split(".")[-1] in ("commit", "raw_connection")
    ]


def writing_by_aliases(root: Path) -> list[str]:
    """`writing` lent by base, or kept under another name by a family that works within it."""
    held = [*of_family(root, PURE, "models", "hooks", "display", "queries", "actions", "forms", "wiring")]
    held += [each for each in of_family(root, BASE) if each.parts != (BASE, "db")]
    return _found(held, re.compile(r"^cohortmgr\.base\.db\.writing$"))


def clocks_by_aliases(root: Path) -> list[str]:
    """The clock, chance and files in what is pure, also where they are only named: handed on, or kept as a default."""
    return [
        f"{source.place(line)} names {name}"
        for source in of_family(root, PURE, "models", "hooks")
        for line, name, _followed in named(source)
        if "." in name and CLOCKS.search(name) and name.split(".")[0] not in ("PIL", "pikepdf", "Image")
    ] + [
        f"{source.place(node.lineno)} draws without a seed"
        for source in of_family(root, PURE)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("Random") and not node.args
    ]


def lent_names(root: Path) -> list[str]:
    """Names taken from a module that only imports them, from a family that is not for the importing file."""
    modules = modules_of(root)
    by_parts = {source.parts: source for source in of_house(root)}
    return [
        f"{source.place(line)} takes {name} of {'.'.join(origin)}"
        for source in by_parts.values()
        if (family := family_of(source.parts)) in MAY
        for line, name, _followed in [*named(source), *((i.line, i.name, False) for i in source.imports())]
        if name.startswith("cohortmgr.")
        for origin in [_origin(by_parts, modules, name)]
        if origin is not None and not _may(source, family, origin)
    ]


def _may(source: Source, family: str, origin: Parts) -> bool:
    other = family_of(origin)
    if source.parts[0] == "demo" and other == "models":
        return False
    return other not in MAY or other in MAY[family]


def _origin(by_parts: dict[Parts, Source], modules: frozenset[Parts], name: str) -> Parts | None:
    """The module from which the module that is named has a name; None if it is its own, or none is named."""
    parts = module_of(modules, name)
    rest = name.split(".")[len(parts) + 1 :]
    if not rest or parts not in by_parts:
        return None
    lent = _bound(by_parts[parts], by_parts[parts].text).get(rest[0], "")
    return module_of(modules, lent) if lent.startswith("cohortmgr.") else None
