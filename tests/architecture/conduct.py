"""What the files of a family do, beyond what they import. Each check says what it found wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.architecture.families import BASE, PURE, family_of, of_family, of_house
from tests.architecture.sources import Import, Source, dotted, sources

CLOCK_OR_CHANCE = re.compile(
    r"(^|\.)(now|today|utcnow|urandom|uuid4|getrandbits)$|^random\.(?!Random$)|^open$|^time\.(?!strptime$)"
)
# Whatever a view does with the session but ending a transaction that a refusal left.
OF_SESSION = re.compile(r"(^|\.)session\.(?P<method>\w+)$")
READS = {"execute", "scalar", "scalars", "get", "get_one", "connection", "expunge", "no_autoflush"}
STATEMENTS = ("select", "insert", "update", "delete", "text", "exists", "union", "union_all", "func")
STATEMENT = re.compile(rf"^(sa|sqlalchemy)\.({'|'.join(STATEMENTS)})\b")
WRITE = re.compile(r"^(sa|sqlalchemy|postgresql|sqlite)\.(insert|update|delete)\b")
WRITERS = ("append", "insert_or_leave")
MAY_WRITE = ("views", "tasks", "commands", "guards")
BELOW_VIEWER = {"base", "audit", "jobs", "outbox", "accounts"}
# What takes bodies of any shape, numbers of any length and texts of any depth.
UNBOUNDED = {
    "flask_wtf.FlaskForm",
    "tomllib",
    *(f"wtforms.{each}" for each in ("IntegerField", "DecimalField", "FloatField")),
}
ALL = "*"
# Of the actions above accounts: functions that act for nobody in particular, and why. One that is not needed fails.
WITHOUT_VIEWER: dict[str, tuple[str, tuple[str, ...]]] = {
    "applications.documents.actions.antivirus": ("adapts the antivirus", (ALL,)),
    "applications.documents.actions.receiving": ("adapts what was uploaded, before anything is kept", (ALL,)),
    "applications.documents.actions.sandbox": ("adapts the process that cleans a paper", (ALL,)),
    "applications.documents.actions.uploads": (
        "adapts the folder of unfinished uploads, by their person",
        (ALL,),
    ),
    "applications.importing.actions.tray_rows": ("makes and reads rows for the verbs of the tray", (ALL,)),
    "selection.actions.letters": ("writes what approval and the hourly sending both say", (ALL,)),
    "messages.preferences.actions.unsubscribe_links": (
        "signs and reads links: who clicks has no account",
        (ALL,),
    ),
    "applications.filling.actions.changed_answers": ("one step of three verbs", ("write_change",)),
    "applications.guardians.actions.readdressing": ("answers outbox's hook", ("to_guardians",)),
    "applications.importing.actions.loading": ("one step of two verbs", ("fill_tray",)),
    "messages.helpdesk.actions.questions": (
        "steps of the verbs on a question, and audit's hook",
        ("row_of", "back_to_desk", "checked_text", "forget", "letters_for"),
    ),
    "messages.incoming.actions": ("signs addresses, and answers outbox's hook", ("tag_of", "reply_to")),
    "messages.undelivered.actions": ("answers outbox's hook; a step", ("raise_trouble", "place_of")),
    "reviews.interviews.actions.feeds": (
        "who asks for a feed has no session: the link says whose it is",
        ("reader_of",),
    ),
    "reviews.interviews.actions.letters": ("writes what booking, days and reminding all say", (ALL,)),
    "reviews.interviews.actions.needs": ("answers audit's hook", ("forget_with",)),
    "programmes.watches.actions": (
        "who asks to be told has no account: the code and the link say who it is; the sweep",
        ("keep", "token_for", "watch_of", "stop", "headers", "due", "sweep"),
    ),
}


def clock_and_chance(root: Path) -> list[str]:
    """Calls of the clock, of chance and of files in what is pure, and in models and hooks."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, PURE, "models", "hooks")
        for line, name in source.calls()
        if CLOCK_OR_CHANCE.search(name)
    ]


@cache
def _names(given: tuple[Import, ...], package: str, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        each.bound
        for each in given
        if each.name.split(".")[0] == package and each.name.split(".")[-1] in names
    )


def _bound(source: Source, package: str, *names: str) -> frozenset[str]:
    """What a file calls some names of a package."""
    return _names(source.imports(), package, names)


def _session(source: Source, name: str) -> str | None:
    """The method of the database's session that a call uses; Flask's `session` is a visitor's."""
    found = OF_SESSION.search(name)
    if found is None or (name.startswith("session.") and "session" in _bound(source, "flask", "session")):
        return None
    return found["method"]


def session_elsewhere(root: Path) -> list[str]:
    """Uses of the database's session in what is pure, in models, hooks, display and forms."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, "models", "hooks", PURE, "display", "forms")
        for line, name in source.calls()
        if _session(source, name)
    ]


def sessions_by_other_names(root: Path) -> list[str]:
    """Sessions that views and queries call by another name, or hand on, where no test sees what is done with them."""
    return [
        f"{source.place(node.lineno)} {ast.unparse(node)}"
        for source in of_family(root, "views", "queries")
        for node in _handed_on(source.tree)
    ]


def _handed_on(tree: ast.Module) -> list[ast.expr]:
    """Each `db.session` of which nothing is called at once, but by `transaction_cache`; each `writing() as` a name."""
    nodes = list(ast.walk(tree))
    used = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    used |= {
        id(each) for node in nodes if isinstance(node, ast.Call) for each in node.args if _is_cache(node)
    }
    items = [item for node in nodes if isinstance(node, ast.With) for item in node.items]
    loose = [node for node in nodes if isinstance(node, ast.Attribute) and dotted(node) == "db.session"]
    return [
        *(node for node in loose if id(node) not in used),
        *(
            item.context_expr
            for item in items
            if item.optional_vars and dotted(item.context_expr) == "writing"
        ),
    ]


def _is_cache(call: ast.Call) -> bool:
    return dotted(call.func) == "transaction_cache"


def statements_of_views(root: Path) -> list[str]:
    """Statements, and uses of the session, in views: what is loaded is for queries, what changes for actions."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, "views")
        for line, name in source.calls()
        if _session(source, name) not in (None, "rollback")
        or STATEMENT.match(name)
        or name.split(".")[0] in _bound(source, "sqlalchemy", *STATEMENTS)
    ]


def writes_of_queries(root: Path) -> list[str]:
    """What changes a row in queries."""
    return [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, "queries")
        for line, name in source.calls()
        if (_session(source, name) or "execute") not in READS or WRITE.match(name) or _is_writer(source, name)
    ] + [
        f"{source.place(node.lineno)} says {node.value.split()[0]}"
        for source in of_family(root, "queries", "views")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"\s*(INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", node.value)
    ]


def _is_writer(source: Source, name: str) -> bool:
    """Whether a call is of base.db's functions that insert, or of a bare `insert` of SQLAlchemy."""
    *before, last = name.split(".")
    writers = _bound(source, "cohortmgr", *WRITERS) | _bound(
        source, "sqlalchemy", "insert", "update", "delete"
    )
    return (name in writers) if not before else (last in WRITERS and before in (["db"], ["database"]))


def commits(root: Path) -> list[str]:
    """Commits, and transactions begun, outside of `writing()`."""
    return [
        f"{source.place(line)} calls {name}"
        for source in sources(root, "cohortmgr", "worker")
        if source.parts != (BASE, "db")
        for line, name in source.calls()
        if name.endswith(("session.commit", ".session.begin"))
    ]


def writing_opened(root: Path) -> list[str]:
    """`writing()` opened, or only imported, by a family that works within it."""
    held = [
        source for source in of_house(root) if family_of(source.parts) not in (*MAY_WRITE, BASE, "wiring")
    ]
    return [
        f"{source.place(line)} calls {name}"
        for source in held
        for line, name in source.calls()
        if name.split(".")[-1] == "writing"
    ] + [
        f"{source.place(given.line)} imports {given.name}"
        for source in held
        for given in source.imports()
        if given.name == "cohortmgr.base.db.writing"
    ]


def without_viewer(root: Path) -> list[str]:
    """Actions above accounts that do not say for whom they act: `viewer` first, and without a default."""
    return [place for place, name, function in _nobody_s(root) if not _is_excused(name, function)]


def needless_excuses(root: Path) -> list[str]:
    """Names in `WITHOUT_VIEWER` that no function needs."""
    needed = {(name, function) for _place, name, function in _nobody_s(root)}
    modules = {name for name, _function in needed}
    return [
        f"{name}: {function}"
        for name, (_why, functions) in WITHOUT_VIEWER.items()
        for function in functions
        if ((name, function) not in needed if function != ALL else name not in modules)
    ]


def _is_excused(name: str, function: str) -> bool:
    excused = WITHOUT_VIEWER.get(name, ("", ()))[1]
    return ALL in excused or function in excused


def _nobody_s(root: Path) -> list[tuple[str, str, str]]:
    """(place with its parameters, module, name) of each function of actions whose first parameter is no viewer."""
    return [
        (f"{source.place(node.lineno)} {node.name}({', '.join(names)})", ".".join(source.parts), node.name)
        for source in of_family(root, "actions")
        if source.parts[0] not in BELOW_VIEWER
        for node in functions_of(source.tree.body)
        if not node.name.startswith(("_", "prepare_"))
        for names in [[argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]]
        if not names or names[0] != "viewer" or len(node.args.defaults) == len(names)
    ]


def functions_of(body: Iterable[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module, and those that stand in its conditions; a lambda with a name is refused by ruff."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from functions_of(each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt))


def verbs_of_classes(root: Path) -> list[str]:
    """Public methods of classes in actions above accounts that are no property: a verb is a function, viewer first."""
    return [
        f"{source.place(node.lineno)} {each.name}.{node.name}"
        for source in of_family(root, "actions")
        if source.parts[0] not in BELOW_VIEWER
        and ALL not in WITHOUT_VIEWER.get(".".join(source.parts), ("", ()))[1]
        for each in source.tree.body
        if isinstance(each, ast.ClassDef)
        for node in functions_of(each.body)
        if not node.name.startswith("_") and not node.decorator_list and _changes(node)
    ]


def _changes(function: ast.AST) -> bool:
    """Whether a function sets an attribute, or uses the session."""
    return any(
        isinstance(node, ast.Attribute)
        and (not isinstance(node.ctx, ast.Load) or dotted(node).split(".")[-1] == "session")
        for node in ast.walk(function)
    )


def prepared_changes(root: Path) -> list[str]:
    """What a `prepare_` function of actions changes: it runs before the transaction, and for nobody."""
    return [
        f"{source.place(node.lineno)} {node.name}"
        for source in of_family(root, "actions")
        for node in functions_of(source.tree.body)
        if node.name.startswith("prepare_") and _changes(node)
    ]


def behaviour_of_models(root: Path) -> list[str]:
    """Functions of models but properties and private makers of columns; classes that are no table; listeners."""
    return [
        f"{source.place(node.lineno)} {node.name}"
        for source in of_family(root, "models")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (not _is_read(node) or _changes(node))
        or isinstance(node, ast.ClassDef)
        and "Model" not in {dotted(base) for base in node.bases}
    ] + [
        f"{source.place(line)} calls {name}"
        for source in of_family(root, "models")
        for line, name in source.calls()
        if "event.listen" in name
    ]


def _is_read(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = {dotted(each).split(".")[-1] for each in node.decorator_list}
    return bool(marks & {"property", "declared_attr", "directive"}) or node.name.startswith("_")


def unbounded(root: Path) -> list[str]:
    """What reads a request past the bounds of base.forms, base.typed and base.web.asked: a number, a day or a text that
    nests is read there, and a form is a HouseForm."""
    held = [
        source for source in of_house(root) if family_of(source.parts) in ("views", "forms", "guards", PURE)
    ]
    return [
        f"{source.place(node.lineno)} {ast.unparse(node)[:80]}"
        for source in held
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and _is_unbounded(node)
    ] + [
        f"{source.place(given.line)} imports {given.name}"
        for source in of_house(root)
        if source.parts[:1] != (BASE,)
        for given in source.imports()
        if given.name in UNBOUNDED
    ]


def _is_unbounded(call: ast.Call) -> bool:
    """Whether a call reads JSON of any depth, or gives a value of the request to a type."""
    name, inside = dotted(call.func) or "", " ".join(ast.unparse(each) for each in call.args)
    if name.endswith(".get_json"):
        return True
    if name.startswith("request.") and name.endswith((".get", ".getlist")):
        return len(call.args) > 2 or any(each.arg == "type" for each in call.keywords)
    return name in ("int", "float", "Decimal", "json.loads", "date.fromisoformat") and "request." in inside


def guards_elsewhere(root: Path) -> list[str]:
    """Guards anywhere but in accounts."""
    return [source.place(1) for source in of_family(root, "guards") if source.parts != ("accounts", "guards")]
