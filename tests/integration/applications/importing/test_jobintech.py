"""A thousand files of JobInTech, each known by the document that its CIN says, load by the command."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.models import Account, Identifier, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, writing
from tests.factories import sheets_of_jobintech as sheet
from tests.integration.applications.importing.sheets import words
from tests.watch import rows_of


def test_the_file_is_what_its_script_writes() -> None:
    assert sheet.FILE.read_bytes() == sheet.content()


def test_an_identity_document_says_whose_row_it_is(
    runner: FlaskCliRunner, system_context: AppContext
) -> None:
    assert runner.invoke(args=["programmes", "load", "jobintech"]).exit_code == 0
    command = ["applications", "import", "jobintech", str(sheet.FILE)]
    dry = runner.invoke(args=[*command, "--dry-run"])
    assert words(dry.output).splitlines()[-1] == "dry run: 1000 loaded, 0 replaced, 0 rejected", dry.output
    done = runner.invoke(args=command)
    assert words(done.output).splitlines()[-1] == "1000 loaded, 0 replaced, 0 rejected", done.output
    assert rows_of(Application) == rows_of(Identifier) == 1000
    again = runner.invoke(args=command)
    assert words(again.output).splitlines()[-1] == "0 loaded, 0 replaced, 0 rejected"
    first = sheet.content().decode("utf-8-sig").splitlines()[1].split(";")
    known = sa.select(Identifier.kind).where(Identifier.blind == crypto.blind_index("cin", first[3]))
    assert db.session.scalars(known).all() == ["cin"]
    answers = db.session.scalars(sa.select(Application.answers).order_by(Application.id)).all()
    assert {"web", "code", "donnees"} == {each for row in answers for each in row["known"]}
    assert all(0 < len(row["wishes"]) <= 3 for row in answers)


def _file(tmp_path: Path, *rows: dict[int, str]) -> str:
    """A file of the thousand's first row as often as said, with other cells in the columns named."""
    header, first = list(csv.reader(io.StringIO(sheet.content().decode("utf-8-sig")), delimiter=";"))[:2]
    out = io.StringIO(newline="")
    changed = ([row.get(at, cell) for at, cell in enumerate(first)] for row in rows)
    csv.writer(out, delimiter=";").writerows([header, *changed])
    path = tmp_path / "file.csv"
    path.write_text(out.getvalue(), "utf-8", newline="")
    return str(path)


HERS = {0: "ALAMI", 1: "Salma", 2: "26/02/2002", 4: "salma@example.org", 5: "0612345698"}
OTHER = {0: "TAZI", 1: "Omar", 2: "01/09/2001", 4: "omar@example.org", 5: "0612345699"}


@pytest.fixture
def loaded(runner: FlaskCliRunner, system_context: AppContext) -> list[str]:
    """JobInTech is loaded; the command that imports into it."""
    assert runner.invoke(args=["programmes", "load", "jobintech"]).exit_code == 0
    return ["applications", "import", "jobintech"]


def test_a_number_alone_hands_no_file_to_somebody_else(
    runner: FlaskCliRunner, loaded: list[str], tmp_path: Path
) -> None:
    """The same CIN with another name and birth date is another person, whose CIN was typed wrong."""
    first = runner.invoke(args=[*loaded, _file(tmp_path, HERS)])
    assert words(first.output).splitlines()[-1] == "1 loaded, 0 replaced, 0 rejected", first.output
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, OTHER)]).output)
    assert told.splitlines()[-1] == "0 loaded, 0 replaced, 1 rejected"
    assert "line 2, column CIN: Ce numéro est celui de Salma ALAMI" in told and "Omar TAZI" in told
    assert db.session.scalars(sa.select(Application.name)).all() == ["Salma ALAMI"]
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, HERS), "--dry-run"]).output)
    assert told.splitlines()[-1] == "dry run: 0 loaded, 0 replaced, 0 rejected"


@pytest.mark.parametrize("name", [("TAZI", "Omar"), ("ALAMI", "Omar")])
def test_a_birth_date_that_agrees_hands_no_file_to_another_name(
    runner: FlaskCliRunner, loaded: list[str], tmp_path: Path, name: tuple[str, str]
) -> None:
    """A twin's row with her number, or that of whoever was born the same day, waits with both names: for a file that
    stands, and for a row of the same file."""
    runner.invoke(args=[*loaded, _file(tmp_path, HERS)])
    twin = {**HERS, 0: name[0], 1: name[1]}
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, twin)]).output)
    assert told.splitlines()[-1] == "0 loaded, 0 replaced, 1 rejected"
    assert "line 2, column CIN: Ce numéro est celui de Salma ALAMI" in told and f"Omar {name[0]}" in told
    assert db.session.scalars(sa.select(Application.name)).all() == ["Salma ALAMI"]
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, HERS, twin), "--dry-run"]).output)
    assert told.splitlines()[-1] == "dry run: 0 loaded, 0 replaced, 1 rejected"
    assert "line 3, column CIN: Ce numéro est celui de Salma ALAMI" in told


def test_two_people_of_one_number_in_one_file_are_told_apart(
    runner: FlaskCliRunner, loaded: list[str], tmp_path: Path
) -> None:
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, HERS, OTHER)]).output)
    assert told.splitlines()[-1] == "1 loaded, 0 replaced, 1 rejected"
    assert "line 3, column CIN: Ce numéro est celui de Salma ALAMI" in told


def test_the_command_names_a_replacement_under_another_name(
    runner: FlaskCliRunner, loaded: list[str], tmp_path: Path
) -> None:
    """A name alone may have changed: the row replaces, and is said."""
    runner.invoke(args=[*loaded, _file(tmp_path, HERS)])
    married = {**HERS, 0: "BERRADA"}
    for option, ending in (("--dry-run", "dry run: "), ("--intake=2027-1", "")):
        told = words(runner.invoke(args=[*loaded, _file(tmp_path, married), option]).output)
        assert "line 2: Salma BERRADA replaces Salma ALAMI (a file that stands); the names differ" in told
        assert told.splitlines()[-1] == f"{ending}0 loaded, 1 replaced, 0 rejected"
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, HERS, married), "--dry-run"]).output)
    assert "line 3: Salma BERRADA replaces Salma ALAMI (line 2); the names differ" in told


def test_a_file_that_its_person_claimed_is_not_replaced_under_another_name(
    runner: FlaskCliRunner, loaded: list[str], tmp_path: Path
) -> None:
    runner.invoke(args=[*loaded, _file(tmp_path, HERS)])
    with writing():
        person = db.session.scalars(sa.select(Person)).one()
        db.session.add(Account(person_id=person.id, email="salma@example.org", created_at=clock.now()))
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, {**HERS, 0: "BERRADA"})]).output)
    assert told.splitlines()[-1] == "0 loaded, 0 replaced, 1 rejected"
    told = words(runner.invoke(args=[*loaded, _file(tmp_path, {**HERS, 5: "0612345600"})]).output)
    assert told.splitlines()[-1] == "0 loaded, 1 replaced, 0 rejected"
