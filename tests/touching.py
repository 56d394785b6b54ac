"""What a changed file means for the tests: the modules it changes, the places it is seen in, the tests that read it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import grimp

HOUSE = "cohortmgr"
WIRES = (f"{HOUSE}.app", f"{HOUSE}.cli", f"{HOUSE}.tables", f"{HOUSE}.demo")
# Tests that look at every room from one place: a room's change is theirs too.
ROUTES = "tests/integration/accounts/test_roles.py"
SCHEMA = ("tests/integration/base/test_migrations.py", "tests/integration/base/test_tenancy.py")
NOTICES = "tests/integration/messages/texts/test_notices.py"
READS_PAGES = ("tests/unit/base/web/test_assets.py", "tests/unit/base/test_translations.py")
TRANSLATIONS = "tests/unit/base/test_translations.py"
SHOWN = re.compile(r"views|display|pages")
STORED = re.compile(r"models|queries")
TABLE = re.compile(r"""__tablename__ = ["'](\w+)["']""")
PLAIN = (".md", ".png", ".yml", ".yaml")
PLAIN_NAMES = (
    "Makefile",
    "Procfile",
    "Dockerfile",
    "LICENSE",
    ".gitignore",
    ".dockerignore",
    ".editorconfig",
)


@dataclass(frozen=True)
class Meaning:
    """What a changed file stands for."""

    words: str
    modules: frozenset[str] = frozenset()
    """Changed modules: who imports them is concerned."""
    places: frozenset[str] = frozenset()
    """Rooms or sub-rooms that are concerned, and nobody above them for that."""
    tests: frozenset[str] = frozenset()
    both: bool = False
    everything: bool = False


@dataclass(frozen=True)
class House:
    """Who imports whom among the modules, and the text of each source by its path."""

    graph: grimp.ImportGraph
    sources: Mapping[str, str]

    @cached_property
    def tests(self) -> frozenset[str]:
        """The test files."""
        return frozenset(path for path in self.sources if re.fullmatch(r"tests/(.+/)?test_\w+\.py", path))

    def only_wires(self, module: str) -> bool:
        """Whether a module joins the rooms and nothing else: it knows all of them, and says nothing of one."""
        return module.endswith(".wiring") or any(f"{module}.".startswith(f"{top}.") for top in WIRES)

    def tests_below(self, folder: str) -> set[str]:
        """The tests of a folder and of those in it."""
        return {path for path in self.tests if path.startswith(f"{folder}/")}

    def tests_in(self, folder: str) -> set[str]:
        """The tests of a folder and not of those in it."""
        return {path for path in self.tests if path.rpartition("/")[0] == folder}

    def tests_in_room(self, room: str) -> set[str]:
        """All tests of a room."""
        return self.tests_below(f"tests/unit/{room}") | self.tests_below(f"tests/integration/{room}")

    def tests_of(self, place: str) -> set[str]:
        """The tests of a room's own files, or of a sub-room; with these, those that look at the room as one."""
        room, _, below = place.partition("/")
        found = self.tests_in(f"tests/unit/{room}") | self.tests_in(f"tests/integration/{room}")
        return found | self.tests_in_room(place) if below else found

    def place(self, module: str) -> str:
        """ROOM or ROOM/SUBROOM of a module: a sub-room is what has a folder of tests."""
        parts = module.split(".")[1:3]
        if len(parts) == 2 and self.tests_in_room("/".join(parts)):
            return "/".join(parts)
        return parts[0] if parts else ""

    def modules_below(self, package: str) -> frozenset[str]:
        """A package and the modules in it."""
        return frozenset(name for name in self.graph.modules if f"{name}.".startswith(f"{package}."))

    def naming(self, what: str, prefix: str) -> set[str]:
        """The sources below a prefix that name something in quotes."""
        quoted = re.compile(rf"""["']{re.escape(what)}["']""")
        return {
            path for path, text in self.sources.items() if path.startswith(prefix) and quoted.search(text)
        }

    @cached_property
    def _imports(self) -> dict[str, set[str]]:
        """Files of tests, bench and worker, each with those of them that it imports."""
        files = {path for path in self.sources if path.startswith(("tests/", "bench/", "worker/"))}
        return {path: set(_imported(self.sources[path], files)) for path in files if path.endswith(".py")}

    def tests_importing(self, path: str) -> set[str]:
        """The tests that import a file of tests, bench or worker, directly or through others of these."""
        found = {path}
        while fresh := {each for each, known in self._imports.items() if known & found} - found:
            found |= fresh
        return found & self.tests


def module_of(path: str) -> str:
    """The dotted name of a Python file."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def _imported(source: str, files: set[str]) -> Iterable[str]:
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = name.replace(".", "/")
            yield from {f"{path}.py", f"{path}/__init__.py"} & files


def _python(house: House, path: str) -> Meaning:
    name = module_of(path)
    if house.only_wires(name) and not name.startswith(f"{HOUSE}.demo"):
        joined = house.graph.find_modules_directly_imported_by(name) if name in house.graph.modules else set()
        places = {house.place(each) for each in {name, *joined} if each.startswith(f"{HOUSE}.")}
        rooms = places - {"app", "cli", "tables"}
        return Meaning(f"wires {len(rooms)} rooms and sub-rooms: theirs", places=frozenset(rooms))
    parts = "/".join(path.split("/")[2:])
    stored = bool(STORED.search(parts)) or path == f"{HOUSE}/base/db.py"
    tests = {TRANSLATIONS} | ({ROUTES} if "views" in parts or "guards" in parts else set())
    tests |= set(SCHEMA) if "models" in parts else set()
    modules, words = frozenset({name}), name.removeprefix(f"{HOUSE}.")
    if path.endswith("__init__.py") or name not in house.graph.modules:
        package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        modules, words = house.modules_below(package), f"all of {package.removeprefix(f'{HOUSE}.')}"
    if not modules or HOUSE in modules:
        return Meaning("the whole application", everything=True)
    return Meaning(words, modules, tests=frozenset(tests) & house.tests, both=stored)


def _data(house: House, path: str) -> Meaning:
    package = path
    while "/" in package:
        package = package.rpartition("/")[0]
        modules = house.modules_below(package.replace("/", "."))
        if modules and package != HOUSE:
            return Meaning(f"read by {package.removeprefix(f'{HOUSE}/')}", modules)
    return Meaning("read by who knows whom", everything=True)


def _asset(house: House, path: str) -> Meaning:
    tests = house.tests_in("tests/unit/base")
    if path.endswith(".js"):
        tests |= house.tests_below("tests/browser")
        return Meaning("a script: the browser alone runs it", tests=frozenset(tests))
    return Meaning("an asset; how it looks is the browser's (`make test`)", tests=frozenset(tests))


def _translation(house: House, _path: str) -> Meaning:
    """Pages are French in the tests but where they say otherwise, in Arabic letters or by another language's name."""
    tests = {
        path
        for path in house.tests
        if path.startswith("tests/integration/")
        and re.search(r"""[\u0600-\u06ff]|["'](?:en|ar)["']""", house.sources[path])
    }
    return Meaning(
        "a catalogue: what reads catalogues, and tests that speak Arabic or English",
        tests=frozenset(tests | {TRANSLATIONS}) & house.tests,
    )


def _message(house: House, path: str) -> Meaning:
    """A message's text: the room that declares it, and the rooms whose sources name it."""
    key = PurePosixPath(path).name.split(".")[0]
    room = path.split("/")[2]
    rooms = {house.place(module_of(each)) for each in house.naming(key, f"{HOUSE}/")}
    tests = {each for each in house.naming(key, "tests/") if each in house.tests}
    places = rooms | {room, "messages/texts", "outbox/texts"}
    return Meaning(
        f"the text of a message of {room}",
        places=frozenset(place for place in places if house.tests_of(place)),
        tests=frozenset(tests | {NOTICES, *READS_PAGES}) & house.tests,
    )


def _template(house: House, path: str) -> Meaning:
    """The views and displays of its room, and what names it in a source; so each template that takes it in."""
    parts = path.split("/")
    if parts[1] == "messages" and path.endswith(".txt"):
        return _message(house, path)
    found, waiting = {path}, [path]
    while waiting:
        fresh = house.naming(waiting.pop().removeprefix("templates/"), "templates/") - found
        found |= fresh
        waiting += fresh
    modules: set[str] = set()
    for each in found:
        folder = ".".join([HOUSE, *each.split("/")[1:-1]])
        if each in house.sources:
            modules |= {name for name in house.modules_below(folder) if SHOWN.search(name[len(folder) :])}
        modules |= {module_of(name) for name in house.naming(each.removeprefix("templates/"), f"{HOUSE}/")}
    modules = {name for name in modules if not house.only_wires(name)}
    rooms = {house.place(name) for name in modules}
    words = f"a page of {', '.join(sorted(rooms))}" if len(rooms) < 4 else f"on pages of {len(rooms)} rooms"
    return Meaning(
        words if path in house.sources else "gone: who still names it",
        places=frozenset(rooms),
        tests=frozenset(READS_PAGES) & house.tests,
    )


def _migration(house: House, path: str) -> Meaning:
    """The models whose tables it names."""
    quoted = set(re.findall(r"""["'](\w+)["']""", house.sources.get(path, "")))
    models = frozenset(
        module_of(each)
        for each, text in house.sources.items()
        if each.startswith(f"{HOUSE}/") and quoted & set(TABLE.findall(text))
    )
    rooms = sorted({house.place(name) for name in models})
    tests = house.tests & {*SCHEMA, *house.tests_in("tests/integration/base")}
    return Meaning(f"tables of {', '.join(rooms) or 'no room'}", models, tests=frozenset(tests), both=True)


def _test(house: House, path: str) -> Meaning:
    folder, _, name = path.rpartition("/")
    if path in house.tests:
        return Meaning("a test", tests=frozenset({path}), both=True)
    if name.startswith("test_"):
        return Meaning("a test that is gone", tests=frozenset())
    if folder in ("tests", "tests/integration", "tests/unit") or folder.startswith("tests/data"):
        readers = house.tests_importing(path)
        named = {each for each in house.tests if f'"{name}"' in house.sources[each]}
        if name == "conftest.py" or not (readers | named):
            return Meaning("what all tests stand on", everything=True)
        return Meaning("tests that use it", tests=frozenset(readers | named))
    if name == "conftest.py":
        return Meaning("the tests of its folder", tests=frozenset(house.tests_below(folder)))
    return Meaning("tests that use it", tests=frozenset(house.tests_importing(path)))


def _beside(house: House, path: str) -> Meaning:
    folder = path.split("/")[0]
    tests = house.tests_importing(path) | house.tests_below(f"tests/{folder}")
    return Meaning(f"{folder}: tests that use it", tests=frozenset(tests))


def _plain(house: House, path: str) -> Meaning:
    name = path.rpartition("/")[2]
    tests = {each for each in house.tests if f'"{name}"' in house.sources[each]}
    return Meaning("no code: the tests that name it", tests=frozenset(tests))


READERS: tuple[tuple[str, Callable[[House, str], Meaning]], ...] = (
    (rf"{HOUSE}/assets/.*", _asset),
    (rf"{HOUSE}/translations/.*", _translation),
    (rf"{HOUSE}/.*\.py", _python),
    (rf"{HOUSE}/.*", _data),
    (r"templates/.*", _template),
    (r"migrations/.*", _migration),
    (r"tests/.*", _test),
    (r"(bench|worker)/.*", _beside),
)


def meaning(house: House, path: str) -> Meaning:
    """What a changed file means; one that nothing is known of means everything."""
    for pattern, read in READERS:
        if re.fullmatch(pattern, path):
            return read(house, path)
    if path.startswith("docs/") or path.endswith(PLAIN) or path.rpartition("/")[2] in PLAIN_NAMES:
        return _plain(house, path)
    return Meaning("may be used by all", everything=True)
