"""What joins rooms: hooks, wirings, and the worker. Each check says what it found wrong."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.conduct import OF_SESSION
from tests.architecture.disguises import named
from tests.architecture.families import BASE, family_of, of_family, of_house
from tests.architecture.imports import module_of, modules_of
from tests.architecture.sources import Source, dotted, sources

DECLARE_HOOKS = ("hooks", "actions", "queries", BASE)
# What a wiring does not do: it joins.
NOT_OF_WIRINGS = ("writing", "add_url_rule", "route", "render_template", "execute", "scalar", "scalars")
# What a room makes for its wiring to join, by what makes it; or by its name.
MADE_BY = ("Blueprint", "AppGroup")
MADE_AS = ("WORKS", "NOTICES")
OF_WORKER = ("cohortmgr.base", "cohortmgr.app", "cohortmgr.jobs.actions.broker")


def _declared(root: Path) -> list[tuple[Source, int, str]]:
    """(file, line, name) of each hook and slot."""
    return [
        (source, node.lineno, target.id)
        for source in of_house(root)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and dotted(node.value.func).split(".")[-1] in ("Hook", "Slot")
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]


def hooks_elsewhere(root: Path) -> list[str]:
    """Hooks and slots declared by a family that no act of a lower room calls."""
    return [
        f"{source.place(line)} declares {name}"
        for source, line, name in _declared(root)
        if family_of(source.parts) not in DECLARE_HOOKS
    ]


def _joins(root: Path, *families: str) -> list[tuple[Source, int, str, list[str]]]:
    """(file, line, hook, functions) of each `register` and `fill`, by the names of those who define them."""
    found = []
    for source in of_family(root, *families) if families else of_house(root):
        bound = {given.bound: given.name for given in source.imports()}
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and dotted(node.func).endswith((".register", ".fill")):
                names = [_full(bound, dotted(each)) for each in (node.func, *node.args)]
                found.append((source, node.lineno, names[0].rpartition(".")[0], names[1:]))
    return found


def _full(bound: dict[str, str], name: str) -> str:
    first, *rest = name.split(".")
    return ".".join([bound.get(first, first), *rest])


def joined_elsewhere(root: Path) -> list[str]:
    """Hooks joined by anything but a wiring: whoever imports such a file changes what others do."""
    known = {f"cohortmgr.{'.'.join(source.parts)}.{name}" for source, _line, name in _declared(root)}
    return [
        f"{source.place(line)} joins {hook}"
        for source, line, hook, _acts in _joins(root)
        if hook in known and family_of(source.parts) != "wiring"
    ]


def unanswered(root: Path) -> list[str]:
    """Hooks and slots that no wiring joins."""
    joined = {hook for _source, _line, hook, _acts in _joins(root, "wiring")}
    return [
        f"{source.place(line)} {name}"
        for source, line, name in _declared(root)
        if f"cohortmgr.{'.'.join(source.parts)}.{name}" not in joined
    ]


def filled_twice(root: Path) -> list[str]:
    """Hooks that are filled by two: only one may answer a slot."""
    filled: dict[str, str] = {}
    return [
        f"{source.place(node.lineno)} fills {hook}, and so does {first}"
        for source in of_family(root, "wiring")
        for bound in [{given.bound: given.name for given in source.imports()}]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".fill")
        for hook in [_full(bound, dotted(node.func))]
        if (first := filled.setdefault(hook, source.place(node.lineno))) != source.place(node.lineno)
    ]


def reading_hooks(root: Path) -> list[str]:
    """Hooks that queries declare and an action answers: a query would cause what it may not do."""
    modules = modules_of(root)
    return [
        f"{source.place(line)} {act} answers {hook}"
        for source, line, hook, acts in _joins(root, "wiring")
        if hook.startswith("cohortmgr.") and family_of(module_of(modules, hook)) == "queries"
        for act in acts
        if act.startswith("cohortmgr.") and family_of(module_of(modules, act)) in ("actions", "tasks")
    ]


def acts_of_wirings(root: Path) -> list[str]:
    """What a wiring does beyond joining: pages of its own, transactions, statements."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, "wiring")
        for line, name in source.calls()
        if name.split(".")[-1] in NOT_OF_WIRINGS or OF_SESSION.search(name)
    ]


def _makes(node: ast.stmt) -> list[str]:
    """The names under which a statement makes something for a wiring; `` for the handler of a job."""
    if isinstance(node, ast.FunctionDef):
        marks = [each for each in node.decorator_list if isinstance(each, ast.Call)]
        return ["" for each in marks if dotted(each.func).split(".")[-1] == "handler"]
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [each.id for each in targets if isinstance(each, ast.Name)]
    made = isinstance(node.value, ast.Call) and dotted(node.value.func).split(".")[-1] in MADE_BY
    return [name for name in names if made or name in MADE_AS]


def left_unjoined(root: Path) -> list[str]:
    """Pages, commands, works, notices and handlers of jobs that no wiring names; wirings that app.py does not."""
    wirings = of_family(root, "wiring")
    # A module that is named alone, as in `for page in (access, codes)`, lends all of it.
    read = {(name, followed) for source in wirings for _line, name, followed in named(source)}
    imported = {given.name for source in wirings for given in source.imports()}
    app = {given.name for given in Source(root, root / "cohortmgr" / "app.py").imports()}
    found = []
    for source in of_house(root):
        module = f"cohortmgr.{'.'.join(source.parts)}"
        if family_of(source.parts) == "wiring" and module not in app:
            found.append(f"{source.place(1)} is not called by app.py")
        if source.parts[0] == BASE:
            continue
        found += [
            f"{source.place(node.lineno)} {name or 'the handler of a job'} is joined by no wiring"
            for node in source.tree.body
            for name in _makes(node)
            if (module not in imported if not name else not read & _ways(module, name))
        ]
    return found


def _ways(module: str, name: str) -> set[tuple[str, bool]]:
    """How a wiring may name what a module makes."""
    return {(module, False), (f"{module}.{name}", False), (f"{module}.{name}", True)}


def business_of_worker(root: Path) -> list[str]:
    """What worker/ imports of the house beyond base, the application and the broker: the work stands in rooms."""
    return [
        f"{source.place(given.line)} imports {given.name}"
        for source in sources(root, "worker")
        for given in source.imports()
        if given.name.split(".")[0] in ("cohortmgr", "sqlalchemy")
        and not f"{given.name}.".startswith(tuple(f"{each}." for each in OF_WORKER))
        or given.name.startswith("cohortmgr.base.db")
    ]
