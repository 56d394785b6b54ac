"""What `make near` runs for a change: on a house of a few rooms; and that what it names in this house is there."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import grimp
import pytest

from tests import lengths, near, touching
from tests.architecture.sources import ROOT
from tests.near import choose, house_of, told
from tests.touching import House

# Low to high; each imports what stands after it. `open.gate` is a sub-room with tests of its own.
IMPORTS = {
    "base.db": (),
    "base.wiring": (),
    "open.gate.rules": (),
    "open.gate.models": ("base.db", "open.gate.rules"),
    "open.gate.queries": ("open.gate.models",),
    "open.path.rules": ("open.gate.rules",),
    "open.notices": (),
    "seats.rules": (),
    "seats.queries": ("open.gate.queries", "seats.rules"),
    "seats.staff_views": ("seats.queries",),
    "seats.wiring": ("open.path.rules", "seats.queries"),
    "pay.rules": (),
    "pay.views": ("seats.rules", "pay.rules"),
    "demo.play": ("seats.queries",),
    "portal.views": ("demo.play",),
    "app": ("base.db", "seats.wiring", "pay.views", "portal.views"),
}
TESTS = (
    "architecture/test_house",
    "browser/test_clicks",
    "integration/accounts/test_roles",
    "integration/base/test_migrations",
    "integration/open/gate/test_gate",
    "integration/open/test_open",
    "integration/pay/test_pay",
    "integration/portal/test_home",
    "integration/seats/test_seats",
    "unit/base/test_db",
    "unit/open/gate/test_rules",
    "unit/open/path/test_rules",
    "unit/pay/test_rules",
    "unit/seats/test_rules",
)
TEXTS = {
    "cohortmgr/open/gate/models.py": '__tablename__ = "gates"',
    "cohortmgr/pay/views.py": 'render_template("pay/sheet.html")',
    "migrations/0001_gates.py": 'op.drop_column("gates", "height")',
    "templates/macros/sums.html": "",
    "templates/pay/sheet.html": '{% from "macros/sums.html" import sums %}',
    "templates/seats/plan.html": "",
    "templates/messages/seats/seat_given.txt": "",
    "tests/factories/seats.py": "",
    "tests/factories/lives.py": "from tests.factories import seats",
    "tests/integration/pay/test_pay.py": "from tests.factories.lives import life",
    "tests/integration/seats/test_seats.py": 'key = "seat_given"',
    "tests/unit/base/test_db.py": 'README = "README.md"',
    "tests/integration/open/conftest.py": "",
    "tests/conftest.py": "",
}


@pytest.fixture(scope="module")
def house() -> House:
    graph = grimp.ImportGraph()
    for name, imported in IMPORTS.items():
        parts = f"cohortmgr.{name}".split(".")
        for module in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
            graph.add_module(module)
        for each in imported:
            graph.add_import(importer=f"cohortmgr.{name}", imported=f"cohortmgr.{each}")
    sources = {f"cohortmgr/{name.replace('.', '/')}.py": "" for name in IMPORTS}
    return House(graph, sources | {f"tests/{name}.py": "" for name in TESTS} | TEXTS)


def short(paths: Sequence[str] | set[str]) -> set[str]:
    """The tests without what runs always."""
    named = {path.removeprefix("tests/").removesuffix(".py") for path in paths}
    return named - {"architecture/test_house"}


def test_rules_pick_their_room_and_those_above_and_not_those_below(house: House) -> None:
    choice = choose(house, ["cohortmgr/seats/rules.py"])
    assert short(choice.touched) == {"integration/seats/test_seats", "unit/seats/test_rules"}
    assert short(choice.above) == {"integration/pay/test_pay", "unit/pay/test_rules"}
    assert "tests/architecture/test_house.py" in choice.tests()
    assert not choice.both


def test_a_sub_room_brings_the_tests_of_its_room_as_one_and_not_of_its_neighbours(house: House) -> None:
    choice = choose(house, ["cohortmgr/open/path/rules.py"])
    assert short(choice.touched) == {"integration/open/test_open", "unit/open/path/test_rules"}
    assert short(choice.above) == set()


def test_what_only_wires_does_not_carry_a_change_on(house: House) -> None:
    choice = choose(house, ["cohortmgr/seats/queries.py"])
    assert "integration/portal/test_home" not in short(choice.tests())
    assert near.climbed(house, ["cohortmgr.seats.queries"]) == {
        f"cohortmgr.{name}" for name in ("seats.queries", "seats.staff_views", "seats.wiring", "demo.play")
    }


def test_wiring_that_changed_concerns_the_rooms_it_joins(house: House) -> None:
    choice = choose(house, ["cohortmgr/seats/wiring.py"])
    assert {"integration/seats/test_seats", "unit/open/path/test_rules"} <= short(choice.touched)
    assert "integration/pay/test_pay" not in short(choice.tests())


def test_what_stores_or_reads_runs_on_both_databases_where_it_is_touched(house: House) -> None:
    choice = choose(house, ["cohortmgr/open/gate/models.py"])
    assert {"integration/open/gate/test_gate", "integration/base/test_migrations"} <= short(choice.both)
    assert "integration/seats/test_seats" in short(choice.above) - short(choice.both)
    arguments = near.arguments_for(choice)
    assert arguments[0] == "--sqlite"
    assert "--postgres-too=tests/integration/open/gate/test_gate.py" in arguments


def test_a_migration_concerns_the_rooms_whose_tables_it_names(house: House) -> None:
    choice = choose(house, ["migrations/0001_gates.py"])
    assert {"integration/open/gate/test_gate", "integration/base/test_migrations"} <= short(choice.both)
    assert "integration/seats/test_seats" in short(choice.above)


def test_a_view_brings_the_table_of_roles_and_routes(house: House) -> None:
    choice = choose(house, ["cohortmgr/pay/views.py"])
    assert short(choice.touched) == {
        "integration/accounts/test_roles",
        "integration/pay/test_pay",
        "unit/pay/test_rules",
    }


@pytest.mark.parametrize(
    ("template", "room"),
    [("pay/sheet.html", "pay"), ("macros/sums.html", "pay"), ("seats/plan.html", "seats")],
)
def test_a_template_brings_the_rooms_whose_pages_show_it(house: House, template: str, room: str) -> None:
    assert short(choose(house, [f"templates/{template}"]).tests()) == {
        f"integration/{room}/test_{room}",
        f"unit/{room}/test_rules",
    }


def test_a_message_s_text_brings_its_room_and_the_tests_that_name_it(house: House) -> None:
    chosen = short(choose(house, ["templates/messages/seats/seat_given.txt"]).tests())
    assert chosen == {"integration/seats/test_seats", "unit/seats/test_rules"}


def test_a_test_that_changed_runs_itself(house: House) -> None:
    assert short(choose(house, ["tests/unit/pay/test_rules.py"]).tests()) == {"unit/pay/test_rules"}
    assert short(choose(house, ["tests/unit/pay/test_gone.py"]).tests()) == set()
    clicks = choose(house, ["tests/browser/test_clicks.py"])
    assert "--postgres-too=tests/browser/test_clicks.py" in near.arguments_for(clicks)


def test_a_factory_brings_the_tests_that_use_it_even_through_another(house: House) -> None:
    assert short(choose(house, ["tests/factories/seats.py"]).tests()) == {"integration/pay/test_pay"}


def test_a_folder_s_fixtures_bring_its_tests(house: House) -> None:
    assert short(choose(house, ["tests/integration/open/conftest.py"]).tests()) == {
        "integration/open/gate/test_gate",
        "integration/open/test_open",
    }


def test_a_module_that_is_gone_brings_those_of_its_package(house: House) -> None:
    assert "integration/open/gate/test_gate" in short(choose(house, ["cohortmgr/open/gate/gone.py"]).tests())


def test_a_place_without_a_test_of_its_own_brings_its_whole_room(house: House) -> None:
    bare = House(house.graph, {path: text for path, text in house.sources.items() if "test_open" not in path})
    assert short(choose(bare, ["cohortmgr/open/notices.py"]).touched) == {
        "integration/open/gate/test_gate",
        "unit/open/gate/test_rules",
        "unit/open/path/test_rules",
    }


def test_words_bring_the_tests_that_name_their_file(house: House) -> None:
    assert short(choose(house, ["README.md"]).tests()) == {"unit/base/test_db"}


@pytest.mark.parametrize(
    "path", ["unheard/of.bin", "pyproject.toml", "requirements/base.txt", "tests/conftest.py"]
)
def test_an_unknown_file_and_what_all_stand_on_run_everything(house: House, path: str) -> None:
    choice = choose(house, ["cohortmgr/pay/rules.py", path])
    assert choice.everything
    assert near.arguments_for(choice) == []
    assert f"Everything runs, as in `make test`: {path}" in told(choice)


def test_the_long_tests_of_the_rooms_above_are_left_out_and_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lengths, "LONG", ("integration/pay", "unit/seats/test_rules.py"))
    choice = choose(house, ["cohortmgr/seats/rules.py"])
    assert short(choice.long) == {"integration/pay/test_pay"}
    assert "unit/seats/test_rules" in short(choice.tests()), "long or not, what is touched runs"
    assert "integration/pay/test_pay" in told(choice).splitlines()[-1]


def test_a_change_is_what_is_committed_since_what_is_not_and_what_is_new(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@exemple.ma", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)

    for name in ("kept", "gone", "changed", "staged"):
        write(name, f"{name}\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "begin")
    git("checkout", "-b", "work")
    write("committed", "new\n")
    git("add", ".")
    git("commit", "-m", "add")
    (tmp_path / "gone").unlink()
    write("changed", "otherwise\n")
    write("staged", "otherwise\n")
    git("add", "staged")
    write("é new", "new\n")
    open_work = ["changed", "gone", "staged", "é new"]
    assert near.changed_since(tmp_path, "HEAD") == open_work
    assert near.changed_since(tmp_path, "main") == sorted([*open_work, "committed"])


def test_each_long_test_is_there() -> None:
    assert [place for place in lengths.NOT_QUICK if not (ROOT / "tests" / place).exists()] == []


def test_what_this_house_s_mapping_names_is_there() -> None:
    here = house_of(ROOT)
    named = {touching.ROUTES, *touching.SCHEMA, touching.NOTICES, *touching.READS_PAGES}
    assert named <= here.tests
    assert {name for name in touching.WIRES if name not in here.graph.modules} == set()
    found = {here.place(name).split("/")[0] for name in here.graph.modules if name.count(".") > 1}
    assert {room for room in found if not here.tests_in_room(room)} == set()
