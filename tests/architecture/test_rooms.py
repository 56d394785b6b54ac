"""What each file of a room may know and do, read from the syntax trees."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from tests.architecture.sources import (
    APPLICATION,
    ROOT,
    calls,
    files,
    imports,
    our_files,
    place,
    room_files,
    rooms,
)

# Pure files of the rooms beside rules.py: values in, values and reasons out.
ALGORITHMS = {
    "assignment.py", "binding.py", "blocks.py", "bounds.py", "calibration.py", "certificate.py",
    "checking.py", "checking_guardians.py", "comparing.py", "contacts.py", "correcting.py", "describing.py",
    "drafting.py", "editing.py", "eligibility.py", "failures.py", "figures.py", "guarding.py", "incoming.py",
    "kinds.py", "likeness.py",
    "locating.py", "mailing.py", "matching.py", "minors.py", "notices.py", "pages.py", "payments.py",
    "places.py", "proofreading.py", "quoting.py", "ranking.py", "rates.py", "requirements.py",
    "scoring.py", "sections.py",
    "segments.py", "softening.py", "ways.py", "wording.py",
}  # fmt: skip
PURE_BASE = ("cohortmgr.base.money", "cohortmgr.base.errors", "cohortmgr.base.text")
PURE_PACKAGES = ("numpy", "scipy", "tomlkit", "phonenumbers")
NOT_PURE_STANDARD = {
    "sqlite3",
    "socket",
    "subprocess",
    "urllib",
    "http",
    "secrets",
    "threading",
    "tempfile",
}
LONGEST = 400
# Actions that are too many for one file are named after what they do: docs/decisions/0006.
ACTION_FILES = (
    "access.py",
    "actions.py",
    "amending.py",
    "campaigns.py",
    "changes.py",
    "codes.py",
    "confirming.py",
    "corrections.py",
    "extensions.py",
    "files.py",
    "guardians.py",
    "paper_entry.py",
    "undoing.py",
    "holding.py",
    "imports.py",
    "joining.py",
    "invitations.py",
    "late_starts.py",
    "lots.py",
    "merges.py",
    "notes.py",
    "offers.py",
    "overrides.py",
    "preferences.py",
    "reminders.py",
    "revisions.py",
    "runs.py",
    "saved_lists.py",
    "saving.py",
    "tray.py",
    "wordings.py",
    "answering.py",
)
VIEW_FILES = (
    "views.py",
    "access_views.py",
    "campaign_views.py",
    "code_views.py",
    "watch_views.py",
    "candidate_views.py",
    "staff_views.py",
    "company_views.py",
    "guardian_views.py",
    "group_views.py",
    "import_views.py",
    "paper_views.py",
    "joining_views.py",
    "late_views.py",
    "journey_views.py",
    "preference_views.py",
    "text_views.py",
    "definition_views.py",
    "definition_publishing_views.py",
    "definition_rule_views.py",
    "definition_terms_views.py",
)
ROWS = {
    "models.py",
    "guardian_models.py",
    "late_models.py",
    "queries.py",
    "forms.py",
    "commands.py",
    "guards.py",
    *ACTION_FILES,
    *VIEW_FILES,
}
# Files at the top of the house, and folders that hold no Python.
NOT_ROOMS = {"assets", "translations", "__pycache__"}
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc", "stuff", "shared", "lib", "core"}


def source_of(name: str) -> Path | None:
    """The file of a room that an imported name comes from; None for base and for what is not a file."""
    parts = name.split(".")
    if len(parts) < 3 or parts[0] != "cohortmgr" or parts[1] == "base":
        return None
    path = APPLICATION / parts[1] / f"{parts[2]}.py"
    return path if path.exists() else None


def pure_files() -> list[Path]:
    """rules.py, the algorithms beside it, and whatever of the rooms these import."""
    waiting = room_files("rules.py", *ALGORITHMS)
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [source for _, name in imports(path) if (source := source_of(name))]
    return sorted(found)


def is_pure_import(name: str) -> bool:
    """Whether a pure file may import the name; a file of a room is pure itself, being among `pure_files`."""
    first = name.split(".")[0]
    if first != "cohortmgr":
        return first in PURE_PACKAGES or (first in sys.stdlib_module_names and first not in NOT_PURE_STANDARD)
    if name.startswith(PURE_BASE):
        return True
    source = source_of(name)
    return source is not None and source.name not in ROWS


def test_rules_and_algorithms_import_nothing_but_values() -> None:
    wrong = [
        f"{place(path, line)} imports {name}"
        for path in pure_files()
        for line, name in imports(path)
        if not is_pure_import(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_rules_and_algorithms_ask_no_clock_and_no_chance() -> None:
    forbidden = re.compile(
        r"(^|\.)(now|today|utcnow|urandom|uuid4|getrandbits)$|^random\.(?!Random$)|^open$|^time\.(?!strptime$)"
    )
    wrong = [
        f"{place(path, line)} calls {name}"
        for path in pure_files()
        for line, name in calls(path)
        if forbidden.search(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_models_hold_columns_and_no_behaviour() -> None:
    wrong = []
    for path in room_files("models.py"):
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] == "cohortmgr" and not (
                name.startswith(("cohortmgr.base.db", "cohortmgr.base.text", *PURE_BASE))
                or (len(parts) > 2 and f"{parts[2]}.py" in {"rules.py", "models.py", *ALGORITHMS})
            ):
                wrong.append(f"{place(path, line)} imports {name}")
            if parts[0] in {"flask", "celery", "wtforms"}:
                wrong.append(f"{place(path, line)} imports {name}")
        wrong += [
            f"{place(path, line)} calls {name}"
            for line, name in calls(path)
            if re.match(r"(db\.)?session\.", name)
        ]
    assert not wrong, "\n".join(wrong)


def test_nothing_commits_but_writing() -> None:
    allowed = {APPLICATION / "base" / "db.py"}
    wrong = [
        f"{place(path, line)} calls {name}"
        for folder in (APPLICATION, ROOT / "worker")
        for path in files(folder)
        if path not in allowed
        for line, name in calls(path)
        if name.endswith(("session.commit", ".session.begin"))
    ]
    assert not wrong, "Only writing() commits:\n" + "\n".join(wrong)


def test_actions_do_not_open_the_transaction_that_they_work_in() -> None:
    wrong = [
        f"{place(path, line)} calls {name}"
        for path in room_files("queries.py", *ACTION_FILES)
        for line, name in calls(path)
        if name.split(".")[-1] == "writing"
    ]
    assert not wrong, "\n".join(wrong)


def test_the_first_parameter_of_a_view_s_action_is_the_viewer() -> None:
    """An action of a room above accounts says for whom it acts: `viewer` first, and without a default."""
    below = {"base", "audit", "jobs", "outbox", "accounts"}
    wrong = []
    for path in room_files(*ACTION_FILES):
        if path.parent.name in below:
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in module.body:
            if (
                not isinstance(node, ast.FunctionDef)
                or node.name.startswith(("_", "prepare_"))
                or node.decorator_list
            ):
                continue
            names = [argument.arg for argument in node.args.args]
            if not names or names[0] != "viewer" or len(node.args.defaults) == len(names):
                wrong.append(f"{place(path, node.lineno)} {node.name}({', '.join(names)})")
    assert not wrong, "The first parameter is `viewer`, without a default:\n" + "\n".join(wrong)


def test_views_call_actions_and_do_not_change_rows() -> None:
    forbidden = re.compile(r"session\.(commit|add|add_all|delete|merge|flush)$")
    wrong = [
        f"{place(path, line)} calls {name}"
        for path in room_files(*VIEW_FILES)
        for line, name in calls(path)
        if forbidden.search(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_tables_and_the_application_import_every_model() -> None:
    tables = APPLICATION / "tables.py"
    known = {name for _, name in imports(tables)}
    missing = [
        path
        for path in room_files("models.py")
        if not any(name.startswith(f"cohortmgr.{path.parent.name}.models") for name in known)
    ]
    assert not missing, f"tables.py does not import {missing}"


def test_migrations_import_nothing_of_the_application() -> None:
    wrong = [
        f"{place(path, line)} imports {name}"
        for path in files(ROOT / "migrations")
        for line, name in imports(path)
        if name.split(".")[0] in {"cohortmgr", "worker", "tests"}
    ]
    assert not wrong, "\n".join(wrong)


def test_the_application_does_not_import_its_tests_or_its_bench() -> None:
    wrong = [
        f"{place(path, line)} imports {name}"
        for folder in (APPLICATION, ROOT / "worker")
        for path in files(folder)
        for line, name in imports(path)
        if name.split(".")[0] in {"tests", "bench"}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in our_files(".py", ".js", ".css", ".html")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]
    assert not long, "A file over 400 lines asks to be divided:\n" + "\n".join(long)


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    vague = [
        path.relative_to(ROOT)
        for path in our_files(".py", ".js", ".css", ".html")
        if VAGUE & {part.split(".")[0] for part in path.relative_to(ROOT).parts}
    ]
    assert not vague, vague


def test_tests_mirror_the_rooms() -> None:
    expected = {*rooms(), "architecture", "factories", "data", "worker", "wiring"}
    strange = [
        path.relative_to(ROOT)
        for kind in ("unit", "integration")
        for path in sorted((ROOT / "tests" / kind).glob("*/"))
        if path.name != "__pycache__" and path.name not in expected
    ]
    assert not strange, f"No room of that name: {strange}"


def test_every_room_s_rules_have_a_test() -> None:
    missing = [
        path.parent.name
        for path in room_files("rules.py")
        if not list((ROOT / "tests" / "unit" / path.parent.name).glob("test_*.py"))
    ]
    assert not missing, f"tests/unit has nothing for the rules of {missing}"


def test_a_room_is_a_package_with_a_place_among_the_floors() -> None:
    strays = [
        path.name
        for path in APPLICATION.iterdir()
        if path.is_dir()
        and path.name not in NOT_ROOMS
        and list(path.glob("*.py"))
        and path.name not in rooms()
    ]
    assert not strays, f"No __init__.py: {strays}"


def test_sources_hold_no_loose_ends() -> None:
    words = re.compile(
        r"\b(TODO|FIXME)\b|pytest\.mark\.(skip|xfail)|pytest\.skip\(|raise NotImplementedError"
        r"|pragma: no cover|type: ignore(?!\[)"
    )
    found = [
        f"{place(path, number)} {line.strip()[:80]}"
        for path in our_files(".py", ".js", ".css", ".html", ".toml")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert not found, "\n".join(found)
