"""`flask selection choose`: candidates and rules in, a certificate and a list out, on any database and on none."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.selection import verify
from tests.architecture.sources import ROOT

HEADER = ["application", "score", "region", "sex"]
BOUND = '[[bound]]\nwhere = { region = "N" }\n'
WOMEN = '[[bound]]\nwhere = { sex = "F" }\nat_most = 2\noffering = "X"\n'
SEVERAL = 'seed = "2027"\n[seats]\nX = 4\n"Y, Rabat" = 3\n'


@dataclass
class _Desk:
    """A folder with the two files, and the command over them."""

    runner: FlaskCliRunner
    folder: Path

    def choose(
        self,
        rules: str,
        rows: Sequence[Sequence[str]] | str,
        header: Sequence[str] = HEADER,
        *,
        out: str = "chosen.csv",
    ) -> Result:
        (self.folder / "rules.toml").write_text(rules, "utf-8")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows] if not isinstance(rows, str) else [])
        (self.folder / "candidates.csv").write_text(
            rows if isinstance(rows, str) else text.getvalue(), "utf-8"
        )
        return self.run("candidates.csv", out)

    def run(self, candidates: str, out: str = "chosen.csv", rules: str = "rules.toml") -> Result:
        places = [str(self.folder / name) for name in (candidates, rules, "certificate.json", out)]
        options = [places[0], "--rules", places[1], "--out", places[2], "--list", places[3]]
        return self.runner.invoke(args=["selection", "choose", *options])

    def refused(self, done: Result, *words: str) -> None:
        """Exit 1, these words, and nothing written."""
        assert done.exit_code == 1 and "Traceback" not in done.output, done.output
        for word in words:
            assert word in done.output.replace("\xa0", " "), (word, done.output)
        assert not {"certificate.json", "chosen.csv"} & {path.name for path in self.folder.iterdir()}

    @property
    def chosen(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO((self.folder / "chosen.csv").read_text("utf-8"))))

    @property
    def certificate(self) -> Any:
        return json.loads((self.folder / "certificate.json").read_text("utf-8"))


@pytest.fixture
def desk(runner: FlaskCliRunner, tmp_path: Path) -> _Desk:
    return _Desk(runner, tmp_path)


def _rows(count: int = 12, wishes: Sequence[str] = ()) -> list[list[str]]:
    chance = Random(5)
    return [
        [
            f"=A{n:02}",
            f"{chance.randint(8_000, 20_000) / 1000:.3f}",
            chance.choice("NS"),
            chance.choice("FM"),
            *chance.sample(wishes, len(wishes)),
        ]
        for n in range(count)
    ]


def _verified(desk: _Desk) -> None:
    """As a stranger does: a process of its own, given the published digest."""
    path = desk.folder / "certificate.json"
    command = [sys.executable, "-m", "cohortmgr.selection.verify", str(path), "--language", "en"]
    for expected, code in ((desk.certificate["sha256"], verify.VALID), ("0" * 64, verify.INVALID)):
        done = subprocess.run([*command, "--expect", expected], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr


def test_those_chosen_and_a_certificate_are_written(desk: _Desk) -> None:
    rows = _rows()
    done = desk.choose('seats = 4\nseed = "2027"\n', rows)
    assert done.exit_code == 0, done.output
    best = sorted(rows, key=lambda row: -float(row[1]))[:4]
    assert desk.chosen == [["application", "offering", "score"], *([row[0], "", row[1]] for row in best)]
    certificate = desk.certificate
    assert len(certificate["rows"]) == 12 and certificate["sha256"] in done.output
    assert "filled 4 of 4 seats" in done.output and "4 of 12 applications" in done.output
    assert (desk.folder / "chosen.csv").read_bytes().count(b"\r") == 0


def test_seats_of_several_offerings_are_given_out_by_wishes(desk: _Desk) -> None:
    header = [*HEADER, "wish_1", "wish_2"]
    rules = f'{SEVERAL}{BOUND}at_least = 2\nhard = false\noffering = "Y, Rabat"\n'
    done = desk.choose(rules, _rows(wishes=("X", "Y, Rabat")), header)
    assert done.exit_code == 0, done.output
    _verified(desk)
    assert [row[1] for row in desk.chosen[1:]] == ["X"] * 4 + ["Y, Rabat"] * 3
    given = {row["reference"]: row["offering"] for row in desk.certificate["rows"] if row["offering"]}
    assert given == {name: offering for name, offering, _score in desk.chosen[1:]}
    scores = [float(row[2]) for row in desk.chosen[1:5]]
    assert scores == sorted(scores, reverse=True)
    assert desk.certificate["seats"] == {"X": 4, "Y, Rabat": 3}


def test_workbooks_are_read_and_written(desk: _Desk) -> None:
    rows = _rows()
    assert desk.choose('seats = 4\nseed = "2027"\n', rows).exit_code == 0
    plain = desk.chosen
    book = write_xlsx([Sheet("x", HEADER, [[row[0], float(row[1]), *row[2:]] for row in rows])])
    (desk.folder / "book.xlsx").write_bytes(book)
    done = desk.run("book.xlsx", "out.xlsx")
    assert done.exit_code == 0, done.output
    table = read_table((desk.folder / "out.xlsx").read_bytes())
    assert table.header == ("application", "offering", "score")
    assert [(row.cells[0], float(row.cells[2])) for row in table.rows] == [
        (a, float(s)) for a, _o, s in plain[1:]
    ]


def test_faults_of_lines_are_told_and_nothing_is_written(desk: _Desk) -> None:
    rows = [["A", "12", "N", "F"], ["A", "13", "N", "F"], ["B", "20.0005", "N", "F"], ["C", "", "S", "M"]]
    done = desk.choose('seats = 4\nseed = "2027"\n', rows)
    desk.refused(
        done, "line 3: ", "line 4: La note 20.0005 a plus de trois décimales.", "line 5: ", "3 faults"
    )
    header = [*HEADER, "wish_1"]
    desk.refused(desk.choose(SEVERAL, [["A", "12", "N", "F", "Z"]], header), "line 2: L’offre « Z » (wish_1)")


def test_faults_of_rules_are_told_by_line_and_key(desk: _Desk) -> None:
    rules = f'seats = 4\nseed = "s"\n{BOUND}at_least = 3\nat_most = 2\n{BOUND}atmost = 3\n'
    done = desk.choose(rules, _rows())
    desk.refused(done, "rules.toml:5 bound[1].at_least: Le minimum (3) dépasse le maximum (2).")
    desk.refused(done, "rules.toml:9 bound[2].atmost: ", "rules.toml:7 bound[2]: ", "3 faults")


def test_an_attribute_that_no_column_has_is_a_fault_and_a_value_that_nobody_has_a_warning(
    desk: _Desk,
) -> None:
    desk.refused(
        desk.choose('seats = 4\nseed = "s"\n[[bound]]\nwhere = { regoin = "N" }\nat_most = 3\n', _rows()),
        "rules.toml:4 bound[1].where.regoin: Aucune colonne « regoin »",
        "region, sex",
    )
    done = desk.choose('seats = 4\nseed = "s"\n[[bound]]\nwhere = { region = "Q" }\nat_most = 3\n', _rows())
    assert done.exit_code == 0 and "warning: " in done.output and "rules.toml:4 bound[1].where" in done.output


def test_who_is_nearly_of_a_bounded_group_is_told_and_not_counted(desk: _Desk) -> None:
    rows = _rows()
    rows[0][2] = "n"
    done = desk.choose('seats = 4\nseed = "s"\n[[bound]]\nwhere = { region = "N" }\nat_most = 3\n', rows)
    assert done.exit_code == 0
    assert (
        "rules.toml:4 bound[1].where.region: « n » y ressemble et n’en est pas (candidatures : 1)"
        in done.output.replace("\xa0", " ")
    )


def test_bounds_that_contradict_what_there_is_are_refused(desk: _Desk) -> None:
    rules = f'seats = 4\nseed = "s"\n[[bound]]\nwhere = {{ sex = "F" }}\nat_most = 9\n{BOUND}at_least = 9\n'
    rows = [[f"A{n}", "12", "N" if n < 2 else "S", "F"] for n in range(12)]
    desk.refused(desk.choose(rules, rows), "rules.toml:6 bound[2]: ", "1 faults; nothing was written")


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (f'{BOUND}at_least = 2\noffering = "X"\n', "Écrivez `hard = false`"),
        (f"{BOUND}at_most = 2\n", "ne nomme aucune offre"),
        (f'{BOUND}at_most = 2\noffering = "X"\n{WOMEN}', "se recoupent"),
    ],
)
def test_what_several_offerings_cannot_have_is_refused_with_the_reason(
    desk: _Desk, bound: str, words: str
) -> None:
    done = desk.choose(f"{SEVERAL}{bound}", _rows(wishes=("X",)), [*HEADER, "wish_1"])
    desk.refused(done, "rules.toml:", "bound[1]", words)


@pytest.mark.parametrize("rows", [_rows(3), [[f"A{n}", "12", "N", "F"] for n in range(30)]])
@pytest.mark.parametrize("seats", [0, 5, 200])
def test_no_seats_too_many_seats_and_equal_scores_are_no_fault(
    desk: _Desk, seats: int, rows: list[list[str]]
) -> None:
    done = desk.choose(f'seats = {seats}\nseed = "2027"\n', rows)
    assert done.exit_code == 0, done.output
    filled = min(seats, len(rows))
    assert len(desk.chosen) == filled + 1
    assert ("stay empty" in done.output) == (filled < seats)
    wished = [[*row, "X"] for row in rows]
    done = desk.choose(f'seed = "2027"\n[seats]\nX = {seats}\n', wished, [*HEADER, "wish_1"])
    assert done.exit_code == 0 and len(desk.chosen) == filled + 1
    assert verify.findings(desk.certificate) == []


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("seats = ", "TOML"),
        ("seats = 3\nseats = 4\nseed = 's'", "TOML"),
        ("a = " + "[" * 100_000, "TOML"),
        ("seats = 3", "seed"),
        ("", "rules.toml"),
    ],
)
def test_rules_that_cannot_be_read_are_refused(desk: _Desk, rules: str, words: str) -> None:
    desk.refused(desk.choose(rules, _rows()), words)


@pytest.mark.parametrize(
    "text", ["", "application,score\n", "a,b\n1,2\n", 'application,score\nA,"1\n', "%PDF-1.4"]
)
def test_what_is_no_table_of_candidates_is_refused(desk: _Desk, text: str) -> None:
    desk.refused(desk.choose('seats = 3\nseed = "s"', text), "candidates.csv")


def test_files_that_are_not_there_or_the_same_are_named(desk: _Desk) -> None:
    assert desk.choose('seats = 3\nseed = "s"', _rows()).exit_code == 0
    before = (desk.folder / "certificate.json").read_bytes()
    for done in (
        desk.run("none.csv"),
        desk.run("candidates.csv", rules="none.toml"),
        desk.run("candidates.csv", "no/chosen.csv"),
        desk.run("candidates.csv", "certificate.json"),
        desk.run("candidates.csv", "candidates.csv"),
    ):
        assert done.exit_code == 1 and "Traceback" not in done.output
    assert (desk.folder / "certificate.json").read_bytes() == before, "none without the other"
    assert len(list(desk.folder.iterdir())) == 4


@pytest.mark.parametrize("name", ["rules.toml", "candidates.csv"])
def test_other_encodings_are_a_fault_of_rules_and_none_of_tables(desk: _Desk, name: str) -> None:
    desk.choose('seats = 3\nseed = "été"', [["É", "12", "N", "F"]])
    path = desk.folder / name
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    (desk.folder / "certificate.json").unlink()
    done = desk.run("candidates.csv")
    assert done.exit_code == (1 if name == "rules.toml" else 0) and "Traceback" not in done.output


@pytest.mark.sqlite_only
def test_neither_database_nor_server_is_needed(desk: _Desk, tmp_path: Path) -> None:
    """With the addresses of a database and a broker that nobody serves, and a data folder that does not exist yet."""
    assert desk.choose(SEVERAL, _rows(wishes=("X",)), [*HEADER, "wish_1"]).exit_code == 0
    made, data = desk.certificate, tmp_path / "data"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COHORTMGR_")}
    environment |= {
        "COHORTMGR_DATA": str(data),
        "COHORTMGR_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "COHORTMGR_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", "selection", "choose"]
    given, rules, out, chosen = (
        str(tmp_path / name) for name in ("candidates.csv", "rules.toml", "o.json", "l.csv")
    )
    done = subprocess.run(
        [*flask, given, "--rules", rules, "--out", out, "--list", chosen],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "o.json").read_text("utf-8")) == made
    assert not list(data.rglob("*.sqlite3"))
