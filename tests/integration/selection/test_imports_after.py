"""A file that is imported after the decisions says, before it is loaded, that its people are in no batch."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Offering
from cohortmgr.selection.models import Batch, Decision
from tests.factories.choices import browser, decided, someone
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.watch import rows_of

pytestmark = pytest.mark.usefixtures("system_context")
TOLD = "Personnes de ce fichier qui arrivent après : 2"
ROWS = as_csv(one(), one(cin="AB100001", massar="R100000001", mail="b@exemple.ma"))
MEANS = {
    "fr": "elles ne sont dans aucun lot",
    "ar": "ليسوا في أي دفعة",
    "en": "they are in no batch",
}


@pytest.mark.parametrize("language", MEANS)
def test_the_preview_says_what_it_means_to_come_after_the_decisions(app: Flask, language: str) -> None:
    intake, _batch = decided(3, 1)
    desk = browser(app, someone(intake, Role.SELECTION_MANAGER, "samir"))
    desk.set_cookie("language", language)
    sent = desk.post(
        f"/staff/intakes/{intake.reference}/imports", data={"file": (io.BytesIO(ROWS), "dossiers.csv")}
    )
    page = words(desk.get(sent.location).text)
    assert MEANS[language] in page
    if language == "fr":
        assert TOLD in page and "Ce fichier arrive après les décisions." in page
    before = rows_of(Decision)
    assert desk.post(sent.location).status_code == 302
    db.session.rollback()
    assert rows_of(Decision) == before, "as it said"


def test_the_command_prints_the_same_line_and_ends_as_ever(runner: FlaskCliRunner, tmp_path: Path) -> None:
    decided(3, 1)
    path = tmp_path / "dossiers.csv"
    path.write_bytes(ROWS)
    command = ["applications", "import", "mdia", str(path), "--intake", "2025"]
    for option, last in ((["--dry-run"], "dry run: "), ([], "")):
        lines = words(runner.invoke(args=[*command, *option]).output).splitlines()
        assert any(TOLD in line and MEANS["fr"] in line for line in lines)
        assert lines[-2].startswith("read as: ") and lines[-1] == f"{last}2 loaded, 0 replaced, 0 rejected"
    assert TOLD not in words(runner.invoke(args=command).output), "who stands already comes after nothing"


@pytest.mark.parametrize("state", ["proposed", "cancelled", "other"])
def test_nothing_is_said_while_the_batch_is_not_approved_or_is_another_s(
    runner: FlaskCliRunner, tmp_path: Path, state: str
) -> None:
    intake, batch = decided(3, 1)
    with writing() as session:
        row = session.get_one(Batch, batch.id)
        if state == "other":
            first = session.get_one(Offering, row.offering_id)
            columns = {each.name: getattr(first, each.name) for each in Offering.__table__.columns}
            second = Offering(**{**columns, "id": None, "reference": "O" * 26, "key": "autre", "taken": 0})
            session.add(second)
            session.flush()
            row.offering_id = second.id
        else:
            row.state = state
    path = tmp_path / "dossiers.csv"
    path.write_bytes(ROWS)
    told = runner.invoke(args=["applications", "import", "mdia", str(path), "--intake", "2025", "--dry-run"])
    assert "arrivent après" not in words(told.output) and "2 loaded" in told.output
