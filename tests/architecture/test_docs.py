"""README.md and the pages of docs/ name what is there, and every module says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cohortmgr.operations.commands.states_page import page, tables
from tests.architecture.sources import APPLICATION, ROOT, files, tree

README = (ROOT / "README.md").read_text(encoding="utf-8")
WALKS, WHERE = ROOT / "docs" / "walks.md", ROOT / "docs" / "where.md"
SCALE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
# The one form in which the pages name a thing: `file` or `file: name`.
_NAMED = re.compile(r"([\w./-]+/[\w./-]+\.\w+|[\w-]+\.py)(?:: ([\w.-]+))?")
_CODE = re.compile(r"`([^`]+)`")


def defined(module: ast.Module) -> set[str]:
    """What a module defines: functions, classes, constants, and what stands in a class as `Class.name`."""
    return {name for node in module.body for name in _of(node)}


def _of(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.ClassDef):
        yield node.name
        yield from (f"{node.name}.{name}" for inner in node.body for name in _of(inner))
    elif isinstance(node, ast.Assign):
        yield from (name.id for each in node.targets for name in ast.walk(each) if isinstance(name, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def faults(page: str, root: Path = ROOT) -> list[str]:
    """What a page names and is not there: a file, or a name beside it; outside of Python a name is any word."""
    wrong = []
    for code in _CODE.findall(page):
        if "/" not in code and ".py" not in code:
            continue
        found = _NAMED.fullmatch(code)
        if found is None:
            wrong.append(f"{code}: neither `file` nor `file: name`")
            continue
        path, name = root / found[1], found[2]
        if not path.is_file():
            wrong.append(f"{found[1]}: no such file")
        elif name and path.suffix == ".py":
            if name not in defined(tree(path)):
                wrong.append(f"{code}: not defined there")
        elif name and not re.search(
            rf"(?<![\w-]){re.escape(name)}(?![\w-])", path.read_text(encoding="utf-8")
        ):
            wrong.append(f"{code}: not written there")
    return wrong


def sections(page: str) -> dict[str, list[str]]:
    """The numbered steps below each heading of the second level."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return {
        title: re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def rows(page: str) -> list[list[str]]:
    """The numbered rows of the page's table, without their edges."""
    return [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in page.splitlines()
        if re.match(r"\| \d+ \|", line)
    ]


@pytest.mark.parametrize("page", (WALKS, WHERE), ids=lambda page: page.name)
def test_every_name_is_where_the_pages_say(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(_CODE.findall(text)) > 30
    assert faults(text) == []


@pytest.mark.parametrize(
    "planted",
    (
        "`cohortmgr/selection/ranking.py: ranked`",
        "`cohortmgr/selection/rankings.py: rank`",
        "`cohortmgr/selection/ranking.py:rank`",
        "`cohortmgr/selection/ranking.py rank`",
        "`cohortmgr/selection/ranking.py: Fraction`",  # imported there, defined elsewhere
        "`cohortmgr/outbox/channels/actions/smtp.py: Connection.post`",
        "`cohortmgr/outbox/channels/actions/smtp.py: send`",
        "`cohortmgr/assets/css/components/buttons.css: .bt`",
        "`templates/messages/selection/no.txt`",
    ),
)
def test_a_wrong_name_is_seen(planted: str) -> None:
    assert len(faults(f"1. {planted} does something.")) == 1


def test_a_right_name_of_each_kind_is_taken() -> None:
    right = (
        "`cohortmgr/selection/ranking.py: rank` `cohortmgr/selection/ranking.py: BY_MEAN` `wsgi.py: app` "
        "`cohortmgr/selection/ranking.py: RankingEntry.totals` `cohortmgr/base/db.py` `writing()` `_kept` "
        "`cohortmgr/outbox/channels/actions/smtp.py: Connection.send` `cohortmgr/assets/css/tokens.css: --act`"
    )
    assert faults(right) == []


def test_four_walks_lead_from_file_to_file() -> None:
    walks = sections(WALKS.read_text(encoding="utf-8"))
    assert len(walks) == 4
    for title, steps in walks.items():
        assert len(steps) >= 6, title
        for step in steps:
            first = _CODE.match(step)
            found = _NAMED.fullmatch(first[1]) if first else None
            assert found is not None and found[2], f"{title}: a step begins with a file and a name: {step}"
            bare = [code for code in _CODE.findall(step) if "/" not in code and code != "writing()"]
            assert bare == [], f"{title}: a name without its file is looked at by no test"


def test_thirty_things_each_have_a_place_of_their_own() -> None:
    table = rows(WHERE.read_text(encoding="utf-8"))
    assert len(table) >= 30
    assert [row[0] for row in table] == [str(number) for number in range(1, len(table) + 1)]
    assert len({row[1] for row in table}) == len(table)
    for number, _wish, first, *_others in table:
        assert len(_CODE.findall(first)) == 1, f"row {number} names one file to open first"
    rooms = {code.split("/")[1] for row in table for code in _CODE.findall(row[2])}
    missing = {path.parent.name for path in (ROOT / "cohortmgr").glob("*/wiring.py")} - rooms
    assert missing == set(), "no row leads into these rooms"


def first_line(module: ast.Module) -> str:
    """The first line of a module's docstring; empty if there is none."""
    return (ast.get_docstring(module) or "").split("\n", 1)[0].strip()


def is_said(line: str) -> bool:
    """Whether a first line is a sentence that says something: a capital, four words and more, and its end."""
    return bool(re.match(r"[A-ZÀ-Þ`\"]", line)) and len(line.split()) >= 4 and line[-1] in ".:"


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    dumb = []
    for path in [*files(ROOT / "cohortmgr"), *files(ROOT / "worker"), ROOT / "wsgi.py"]:
        if len(path.read_text(encoding="utf-8").splitlines()) > 3 and not is_said(first_line(tree(path))):
            dumb.append(str(path.relative_to(ROOT)))
    assert dumb == []


@pytest.mark.parametrize(
    "line", ("", "Helpers.", "Read the tables of cohorts and", "the tables of all cohorts.")
)
def test_a_line_that_says_nothing_is_seen(line: str) -> None:
    assert not is_said(line)


def test_every_link_leads_to_a_file() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert len(targets) > 8
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_command_is_a_target() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named <= known


def test_every_setting_is_a_setting() -> None:
    settings = (ROOT / "cohortmgr" / "base" / "settings.py").read_text(encoding="utf-8")
    named = set(re.findall(r"COHORTMGR_([A-Z_]+)", README + SCALE))
    assert {"FILES_URL", "REPLICA_DATABASE_URL"} <= named
    assert [name for name in named if f"    {name.lower()}: " not in settings] == []


def test_the_page_of_states_is_the_code_s() -> None:
    written = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    assert written == page(APPLICATION), "run `flask --app wsgi operations states` and commit docs/states.md"


def test_every_way_leads_to_a_state_that_is_known_and_every_state_is_reached() -> None:
    found = list(tables(APPLICATION))
    assert len(found) >= 19
    for room, table in found:
        after = {state for ways in table.moves.values() for state in ways}
        unreached = set(table.states) - after
        assert after <= set(table.states), (room, after - set(table.states))
        assert len(unreached) <= 1, (room, "nothing leads to", unreached)
