"""A thousand files of JobInTech, each known by the document that its CIN says, load by the command."""

from __future__ import annotations

import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.models import Identifier
from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import db
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
