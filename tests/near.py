"""`make near`: the tests of the rooms that a change touches, and of those above.

The change is what differs from a revision (`--base`; without one: what is not committed), new files included. Each
changed file means modules, and `tests.touching` says which; from these the import graph that import-linter builds is
climbed to every module that imports them, directly or through others. The tests of a module's room, or sub-room where
it has tests of its own, stand in the folder of the same name.

So that this stays under two minutes: what only wires (`app.py`, `cli.py`, `tables.py`, each `wiring.py`) and the
demonstration know everything and do not carry a change on; the rooms above do without their long tests
(`tests.lengths`); all run on SQLite, and PostgreSQL joins for the touched rooms when the change touches tables, queries
or migrations. `make test` runs everything.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grimp

from tests.lengths import is_long
from tests.touching import House, Meaning, meaning

ROOT = Path(__file__).resolve().parents[1]
# Tests of these need servers, whichever database the others run on.
SERVED = ("browser", "worker")
# So many lines or folders are shown one by one.
MANY = 12
READ = (".py", ".html", ".txt", ".css")


@dataclass
class Choice:
    """What runs: the tests of what is touched, of what stands above, and where PostgreSQL joins."""

    reasons: dict[str, str] = field(default_factory=dict)
    """Changed file to what it means, in words."""
    touched: set[str] = field(default_factory=set)
    above: set[str] = field(default_factory=set)
    long: set[str] = field(default_factory=set)
    """Tests of the rooms above that are left to `make test`."""
    both: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    """Changed files that every test stands on."""

    @property
    def everything(self) -> bool:
        """Whether all tests run."""
        return bool(self.whole)

    def tests(self) -> list[str]:
        """The test files, in order."""
        return sorted(self.touched | self.above)


def climbed(house: House, modules: Iterable[str]) -> set[str]:
    """The modules and all that import them, directly or not; what only wires is reached and not climbed from."""
    waiting = [name for name in modules if name in house.graph.modules]
    found = set(waiting)
    while waiting:
        name = waiting.pop()
        if house.only_wires(name):
            continue
        fresh = house.graph.find_modules_that_directly_import(name) - found
        found |= fresh
        waiting += fresh
    return found


def choose(house: House, changed: Sequence[str]) -> Choice:
    """The tests for the changed files, whose paths begin at the root of the project."""
    choice = Choice()
    if not changed:
        return choice
    meant = [(path, meaning(house, path)) for path in sorted(changed)]
    choice.reasons = {path: each.words for path, each in meant}
    choice.whole = [path for path, each in meant if each.everything]
    if choice.whole:
        return choice
    choice.touched |= house.tests_below("tests/architecture")
    for _, each in meant:
        _add_touched(house, choice, each)
    reached = climbed(house, {name for _, each in meant for name in each.modules})
    above: set[str] = set()
    for name in reached:
        if not house.only_wires(name):
            above |= house.tests_of(house.place(name))
    above -= choice.touched
    choice.long = {path for path in above if is_long(path)}
    choice.above = above - choice.long
    return choice


def _add_touched(house: House, choice: Choice, each: Meaning) -> None:
    found = set(each.tests)
    for place in {*each.places, *(house.place(name) for name in each.modules)}:
        # A place that has no test of its own is looked at by those of its whole room.
        found |= house.tests_of(place) or house.tests_in_room(place.split("/")[0])
    choice.touched |= found
    if each.both:
        choice.both |= {path for path in found if path.startswith("tests/integration/")}


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.replace("\n", "\0").split("\0") if name]


def changed_since(root: Path, base: str) -> list[str]:
    """The files that differ from where this branch left `base`, committed or not, new and removed ones included."""
    start = _git(root, "merge-base", base, "HEAD")[0]
    differing = _git(root, "diff", "--name-only", "--no-renames", "-z", start)
    return sorted({*differing, *_git(root, "ls-files", "--others", "--exclude-standard", "-z")})


def house_of(root: Path) -> House:
    """The sources as they stand, and who imports whom."""
    sources = {}
    for folder in ("cohortmgr", "templates", "migrations", "tests", "bench", "worker"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in READ and "__pycache__" not in path.parts:
                sources[path.relative_to(root).as_posix()] = path.read_text("utf-8")
    return House(grimp.build_graph("cohortmgr", cache_dir=None), sources)


def _folders(paths: Iterable[str]) -> str:
    """Folders and how many test files of each run; of many folders, the rooms alone."""
    folders = [path.removeprefix("tests/").rpartition("/")[0] for path in paths]
    if len(set(folders)) > MANY:
        folders = ["/".join(folder.split("/")[:2]) for folder in folders]
    return ", ".join(f"{folder} {count}" for folder, count in sorted(Counter(folders).items())) or "nothing"


def told(choice: Choice) -> str:
    """What was chosen and what was left out, for the person who waits."""
    shown = list(choice.reasons.items())[:MANY]
    width = max((len(path) for path, _ in shown), default=0)
    lines = ["Changed:", *(f"  {path:<{width}}  {words}" for path, words in shown)]
    if len(choice.reasons) > MANY:
        lines.append(f"  and {len(choice.reasons) - MANY} more")
    if choice.everything:
        reason = next(iter(choice.whole))
        return "\n".join([*lines, f"Everything runs, as in `make test`: {reason} {choice.reasons[reason]}."])
    lines += ["Test files of what is touched: " + _folders(choice.touched)]
    lines += ["Of the rooms above: " + _folders(choice.above)]
    if choice.both:
        lines += ["On PostgreSQL too: " + _folders(choice.both)]
    left = ["the other rooms", "PostgreSQL elsewhere" if choice.both else "PostgreSQL"]
    left += [f"the {kind}" for kind in SERVED if not any(f"tests/{kind}/" in path for path in choice.touched)]
    lines.append(f"Left to `make test`: {', '.join(left)}.")
    if choice.long:
        names = (path.removeprefix("tests/").removesuffix(".py") for path in sorted(choice.long))
        lines.append(f"Long tests of the rooms above, left too: {', '.join(names)}.")
    return "\n".join(lines)


def arguments_for(choice: Choice) -> list[str]:
    """What pytest is called with."""
    if choice.everything:
        return []
    served = tuple(f"tests/{kind}/" for kind in SERVED)
    both = choice.both | {path for path in choice.touched if path.startswith(served)}
    return ["--sqlite", *(f"--postgres-too={path}" for path in sorted(both)), *choice.tests()]


def main() -> int:
    """Choose, say so, run."""
    parser = argparse.ArgumentParser(prog="python -m tests.near", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--base", default="HEAD", help="all since this revision; without it what is not committed"
    )
    parser.add_argument("--show", action="store_true", help="say what would run, and do not run it")
    options, rest = parser.parse_known_args()
    changed = changed_since(ROOT, options.base)
    if not changed:
        print(
            f"Nothing differs from {options.base}. BASE=HEAD~1 takes the last commit, BASE=main the branch."
        )
        return 0
    choice = choose(house_of(ROOT), changed)
    print(told(choice), flush=True)
    if options.show:
        return 0
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments_for(choice), *rest], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
