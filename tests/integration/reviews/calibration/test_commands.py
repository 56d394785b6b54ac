"""`flask reviews calibrate`: tables in, tables out, on any database and on none."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from tests.architecture.sources import ROOT
from tests.unit.reviews.calibration.worlds import shared_out, world

HEADER = ["application", "reviewer", "score"]


def _rows() -> list[list[str]]:
    made = world(1, 60, 6)
    file, reader = shared_out(60, 6, 3, 1)
    marks = made.marks(file, reader).astype(int)
    return [[f"=A{f:02}", f"R{r}", str(mark)] for f, r, mark in zip(file, reader, marks, strict=True)]


def _written(path: Path, rows: list[list[str]], header: list[str] = HEADER, mark: str = "") -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_text(mark + text.getvalue(), "utf-8")
    return path


def _run(runner: FlaskCliRunner, *arguments: object) -> Result:
    return runner.invoke(args=["reviews", "calibrate", *map(str, arguments)])


def test_a_ranking_is_written_and_the_figures_said(runner: FlaskCliRunner, tmp_path: Path) -> None:
    scores, out = _written(tmp_path / "scores.csv", _rows()), tmp_path / "ranking.csv"
    done = _run(runner, scores, "--out", out, "--seats", 10, "--scale", "0-20")
    assert done.exit_code == 0, done.output
    for name in ("mean", "quality", "severity", "noise"):
        assert re.search(rf"^{name} [0-9]+\.[0-9]{{4}}$", done.output, re.MULTILINE), name
    severities = dict(re.findall(r"^  (R[0-9])\t([+-]?[0-9.]+)$", done.output, re.MULTILINE))
    assert len(severities) == 6
    raw = out.read_bytes()
    assert raw.startswith(b"application,estimate,standard_error,chance\n=A") and b"\r" not in raw
    rows = list(csv.DictReader(io.StringIO(raw.decode())))
    estimates = [float(row["estimate"]) for row in rows]
    assert len(rows) == 60 and estimates == sorted(estimates, reverse=True)
    assert sum(float(row["chance"]) for row in rows) == pytest.approx(10, abs=0.01)
    # By hand, with what was said alone.
    said = re.search(r"formula: mean ([0-9.]+), shrinkage ([0-9.]+)", done.output)
    assert said is not None
    mean, shrinkage = map(float, said.groups())
    over = [
        float(mark) - float(severities[r]) - mean for f, r, mark in _rows() if f == rows[0]["application"]
    ]
    assert estimates[0] == pytest.approx(mean + sum(over) / (len(over) + shrinkage), abs=0.0011)


def test_a_workbook_is_read_and_written_and_a_mark_before_a_text_is_none(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    rows, book = _rows(), tmp_path / "scores.xlsx"
    book.write_bytes(write_xlsx([Sheet("x", HEADER, [[*row[:2], int(row[2])] for row in rows])]))
    marked = _written(tmp_path / "marked.csv", rows, mark="\ufeff")
    semicolons = tmp_path / "semicolons.csv"
    semicolons.write_text("\n".join(";".join(row) for row in [HEADER, *rows]), "utf-8")
    for given in (book, marked, semicolons):
        assert _run(runner, given, "--out", tmp_path / f"{given.stem}-out.csv").exit_code == 0
    one, other, third = (
        (tmp_path / f"{name}-out.csv").read_bytes() for name in ("scores", "marked", "semicolons")
    )
    assert one == other == third
    assert _run(runner, marked, "--out", tmp_path / "out.xlsx", "--seats", 3).exit_code == 0
    table = read_table((tmp_path / "out.xlsx").read_bytes())
    assert table.header == ("application", "estimate", "standard_error", "chance")
    plain = list(csv.reader(io.StringIO(one.decode())))[1:]
    assert [row.cells[0] for row in table.rows] == [row[0] for row in plain]
    assert [float(row.cells[1]) for row in table.rows] == [float(row[1]) for row in plain]


def test_faults_are_told_by_line_and_nothing_is_written(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = [["A1", "R1", "12"], ["A1", "R1", "13"], ["A2", "R1", "x"], ["A2", "R2", ""], ["A3", "R1", "21"]]
    scores, out = _written(tmp_path / "scores.csv", rows), tmp_path / "ranking.csv"
    done = _run(runner, scores, "--out", out, "--scale", "0-20")
    assert done.exit_code == 1 and not out.exists()
    assert [line.partition(":")[0] for line in done.output.splitlines()[:4]] == [
        f"line {line}" for line in (3, 4, 5, 6)
    ]
    done = _run(runner, _written(scores, rows[-1:]), "--out", out)
    assert done.exit_code == 0, "without a scale no score is out of it"


@pytest.mark.parametrize(
    "text", ["application,reviewer\nA,B\n", "application,reviewer,score\n", "", "a,b\n1,2\n", 'a,"b\n']
)
def test_what_is_no_table_of_scores_is_refused(runner: FlaskCliRunner, tmp_path: Path, text: str) -> None:
    scores = tmp_path / "scores.csv"
    scores.write_text(text, "utf-8")
    done = _run(runner, scores, "--out", tmp_path / "out.csv")
    assert done.exit_code == 1 and "Traceback" not in done.output and str(scores) in done.output
    assert not (tmp_path / "out.csv").exists()


def test_files_that_are_not_there_are_named(runner: FlaskCliRunner, tmp_path: Path) -> None:
    scores = _written(tmp_path / "scores.csv", _rows())
    for given, out in ((tmp_path / "no.csv", tmp_path / "out.csv"), (scores, tmp_path / "no" / "out.csv")):
        done = _run(runner, given, "--out", out)
        assert done.exit_code == 1 and "no" in done.output and "Traceback" not in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.csv"]


@pytest.mark.parametrize("scale", ["20-0", "abc", "5", "3-3"])
def test_a_scale_is_two_numbers(runner: FlaskCliRunner, tmp_path: Path, scale: str) -> None:
    scores = _written(tmp_path / "scores.csv", _rows())
    done = _run(runner, scores, "--out", tmp_path / "out.csv", "--scale", scale)
    assert done.exit_code == 2 and "0-20" in done.output


def test_weights_are_each_reviewer_s_own(runner: FlaskCliRunner, tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    rows = [
        [f"A{f:03}", f"R{r}", f"{10 + 2 * np.sin(f) + chance.normal() * (4 if r == 0 else 0.5):.2f}"]
        for f in range(80)
        for r in range(4)
    ]
    scores = _written(tmp_path / "scores.csv", rows)
    plain, weighted = tmp_path / "plain.csv", tmp_path / "weighted.csv"
    assert ", weights" not in _run(runner, scores, "--out", plain).output
    done = _run(runner, scores, "--out", weighted, "--weighted")
    found = dict(re.findall(r"^  (R[0-9])\t[+-]?[0-9.]+\t([0-9.]+)$", done.output, re.MULTILINE))
    assert float(found["R0"]) < 0.4 < 1 < float(found["R1"])
    assert plain.read_bytes() != weighted.read_bytes()


@pytest.mark.sqlite_only
def test_neither_database_nor_server_is_needed(tmp_path: Path) -> None:
    """With the addresses of a database and a broker that nobody serves, and a data folder that does not exist yet."""
    scores, data = _written(tmp_path / "scores.csv", _rows()), tmp_path / "data"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COHORTMGR_")}
    environment |= {
        "COHORTMGR_DATA": str(data),
        "COHORTMGR_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "COHORTMGR_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", "reviews", "calibrate"]
    done = subprocess.run(
        [*flask, str(scores), "--out", str(tmp_path / "out.csv")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out.csv").read_text("utf-8").count("\n") == 61
    assert not list(data.rglob("*.sqlite3"))


@pytest.mark.sqlite_only
def test_numpy_and_scipy_are_loaded_only_where_they_are_used() -> None:
    """Pages and other commands do without their memory; and whoever loads them does so with one thread."""
    code = (
        "import sys, wsgi; assert not {'numpy', 'scipy'} & sys.modules.keys();"
        "import os; assert os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
