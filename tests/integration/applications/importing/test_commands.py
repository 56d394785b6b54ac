"""`flask applications import` and `invite`: what they print, and one clear message for each bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.applications.importing.queries.invited import JUST_LEFT
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.journey import steps
from tests.watch import rows_of

Import = Callable[..., Result]


@pytest.fixture
def bring(runner: FlaskCliRunner, system_context: AppContext, tmp_path: Path) -> Import:
    """Import bytes, or the file of 2025; mdia is loaded."""
    steps.load_mdia()

    def run(data: bytes | None = None, *options: str, name: str = "file.csv") -> Result:
        path = sheets.FILE if data is None else tmp_path / name
        if data is not None:
            path.write_bytes(data)
        return runner.invoke(args=["applications", "import", "mdia", str(path), *options])

    return run


def test_the_command_names_each_problem_and_ends_with_the_counts(bring: Import) -> None:
    first = bring()
    assert first.exit_code == 0, words(first.output)
    lines = words(first.output).splitlines()
    assert lines[-1] == "600 loaded, 17 replaced, 14 rejected"
    assert "line 364, column S3: 145 n'est pas entre 0 et 20. Corrigez ce nombre." in lines
    assert len([line for line in lines if line.startswith("line ")]) == 15
    assert bring().output.splitlines()[-1] == "0 loaded, 0 replaced, 14 rejected"
    assert rows_of(TrayRow) == 14


def test_a_dry_run_says_the_same_and_changes_nothing(bring: Import) -> None:
    result = bring(None, "--dry-run")
    assert words(result.output).splitlines()[-1] == "dry run: 600 loaded, 17 replaced, 14 rejected"
    assert "line 79, column Nom" in words(result.output)
    assert rows_of(Application) == rows_of(ImportRun) == rows_of(TrayRow) == 0


def test_the_intake_is_that_in_which_the_rows_were_sent_or_the_one_named(bring: Import) -> None:
    two = as_csv(one(), one(cin="AB100001", massar="R100000001", sent="05/11/2026 10:00:00"))
    refused = bring(two)
    assert refused.exit_code == 1
    assert "une seule campagne" in words(refused.output) and "2025, 2027" in words(refused.output)
    assert bring(as_csv(one(sent=""))).exit_code == 1
    assert bring(two, "--intake", "2027").output.endswith("2 loaded, 0 replaced, 0 rejected\n")
    assert "has no intake 1999" in bring(two, "--intake", "1999").output


def test_a_mapping_names_columns_and_values(bring: Import, tmp_path: Path) -> None:
    row = {("Family" if key == "Nom" else key): value for key, value in one(licence="Info").items()}
    assert "La colonne « Nom » manque" in words(bring(as_csv(row)).output)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[columns]\nFamily = "family_name"\n[values.licence]\nInfo = "informatique"\n', "utf-8"
    )
    assert bring(as_csv(row), "--mapping", str(mapping)).output.endswith("1 loaded, 0 replaced, 0 rejected\n")
    assert db.session.query(Application.diploma).scalar() == "informatique"
    mapping.write_text('[columns]\nAbsente = "cin"\n', "utf-8")
    assert "« Absente » de la correspondance" in (words(bring(as_csv(row), "--mapping", str(mapping)).output))


WRONG = {
    "another sheet": ('sheet = "Feuil 2025"', True, "« Feuil 2025 » n'est pas dans ce classeur. Choisissez parmi"),
    "a line below all": ("line = 99", False, "La ligne 99, où les titres devraient être, est vide ou n'existe pas"),
    "an empty line": ("line = 12", True, "de la ligne 1 à la ligne 2"),
    "dates of no column": ('[dates]\n"Né le" = "day"', False, "« Né le » de la correspondance n'est pas"),
    "dates of a name": ('[dates]\n"Nom" = "day"', False, "« Nom » ne répond à aucune question de date"),
    "a sheet of a text": ('sheet = "2025"', False, "Ce fichier est un texte, qui n'a pas de feuilles"),
    "an encoding of a workbook": ('encoding = "cp1252"', True, "qui n'a pas d'encodage à choisir"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_a_mapping_says_and_does_not_fit_is_refused_by_name(
    bring: Import, tmp_path: Path, wrong: str
) -> None:
    said, in_workbook, expected = WRONG[wrong]
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(said, "utf-8")
    data = as_csv(one())
    if in_workbook:
        data = write_xlsx([Sheet("2025", list(one()), [list(one().values())])])
    result = bring(data, "--mapping", str(mapping), "--intake", "2025")
    assert result.exit_code == 1 and expected in words(result.output), words(result.output)
    assert rows_of(Application) == 0


def test_a_mapping_may_name_a_header_below_the_first_ten_lines(bring: Import, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_bytes(b"line = 13")
    data = "".join(f"Note {number}\n" for number in range(12)).encode() + as_csv(one())
    told = words(bring(data, "--mapping", str(mapping), "--intake", "2025").output)
    assert "header on line 13" in told and told.endswith("1 loaded, 0 replaced, 0 rejected\n"), told


def test_a_whole_file_that_is_refused_says_what_was_taken(bring: Import) -> None:
    lacking = {key: value for key, value in one().items() if key != "CIN"}
    told = words(bring(as_csv(lacking)).output)
    assert told.endswith("(read as: header on line 1; UTF-8; separator ,)\n"), told
    told = words(bring(write_xlsx([Sheet("2025", list(lacking), [list(lacking.values())])])).output)
    assert told.endswith("(read as: sheet 2025; header on line 1)\n"), told
    told = words(bring(as_csv(one(sent="04/05/2020 10:00:00"))).output)
    assert "une seule campagne" in told and "Horodateur: day first (no date decides)" in told, told


HEADER = ",".join(sheets.one())
BAD = {
    "empty": (b"", "vide"),
    "only a header": (HEADER.encode(), "aucune ligne"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "CSV"),
    "pdf": (b"%PDF-1.4\n", "CSV"),
    "broken workbook": (b"PK\x03\x04" + b"x" * 50, "abîmé"),
    "no encoding that we know": (b"Nom,CIN\n\x81\x8d,\x00\x01\n" * 3, "fichier"),
    "missing column": (as_csv({k: v for k, v in one().items() if k != "CIN"}), "La colonne « CIN » manque"),
    "missing columns": (b"Nom,CIN\na,b\n", "20 colonnes manquent dans le fichier : « "),
    "too heavy": (b"a,b\n" + b"x" * (21 * 1024 * 1024), "Mo"),
}


@pytest.mark.parametrize("bad", BAD)
def test_each_bad_file_gets_one_clear_message(bring: Import, bad: str) -> None:
    data, says = BAD[bad]
    result = bring(data)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert says in words(result.output) and words(result.output).startswith("Error: file.csv: "), words(
        result.output
    )
    assert len(words(result.output).splitlines()) == 1
    assert rows_of(ImportRun) == 0


def test_formula_cells_are_rejected_by_line_and_column(bring: Import) -> None:
    result = bring(as_csv(one(name='=HYPERLINK("http://x")')))
    assert "line 2, column Nom: Cette cellule contient une formule" in words(result.output)
    assert words(result.output).endswith("0 loaded, 0 replaced, 1 rejected\n")


@pytest.mark.parametrize("path", ["/absent/file.csv", "/"])
def test_a_file_that_cannot_be_read_is_said(bring: Import, runner: FlaskCliRunner, path: str) -> None:
    result = runner.invoke(args=["applications", "import", "mdia", path])
    assert (result.exit_code, words(result.output).count("\n")) == (1, 1)
    assert "no such programme" in runner.invoke(args=["applications", "import", "x", str(sheets.FILE)]).output


def letters(key: str) -> list[tuple[Message, dict[str, object]]]:
    """The messages of a kind, opened."""
    with writing():
        found = db.session.query(Message).filter_by(key=key).order_by(Message.id).all()
        return [(message, content_of(message) or {}) for message in found]


def test_people_are_invited_once_and_enter_by_their_link(
    bring: Import, runner: FlaskCliRunner, client: FlaskClient
) -> None:
    bring(
        as_csv(one(mail="elle@exemple.ma"), one(cin="AB100001", massar="R100000001", mail="lui@exemple.ma"))
    )
    invite = ["applications", "invite", "mdia", "--intake", "2025"]
    assert runner.invoke(args=invite).output == "2 invited\n"
    assert runner.invoke(args=invite).output == "0 invited\n"
    (message, content), _other = letters("claim_file")
    variables = content["variables"]
    assert isinstance(variables, dict) and content["address"] == "elle@exemple.ma"
    [words] = render_all([message], [content])
    assert isinstance(words, Rendered)
    subject, body = words.subject, words.text
    assert "Master Data" in subject and f"/links/{variables['token']}" in body and "MDIA-" in body
    path = f"/links/{variables['token']}"
    assert "elle@exemple.ma" in client.get(path).text
    answer = client.post(path, data={"password": steps.PASSWORD})
    assert answer.status_code == 302 and answer.location.endswith("/my")
    page = client.get("/my").text
    assert db.session.query(Application.reference).filter_by(email="elle@exemple.ma").scalar() in page
    assert runner.invoke(args=[*invite, "--again"]).output == "0 invited\n"  # one has just left
    with clock.at(clock.now() + JUST_LEFT):
        assert runner.invoke(args=[*invite, "--again"]).output == "1 invited\n"
        assert deliver() == 3


def test_who_has_an_account_already_finds_the_file_there(
    bring: Import, runner: FlaskCliRunner, client: FlaskClient
) -> None:
    intake = steps.load_mdia()
    with clock.at(steps.DURING):
        steps.sign_up(client)
        reference = steps.begin(client, intake)
        steps.fill(client, reference)
        client.post(f"/my/applications/{reference}/check")
    hers = one(cin="AB123456", massar="R123456789")
    assert bring(as_csv(hers)).output.splitlines()[-1].endswith("1 rejected")  # another name and birth date
    hers |= {"Nom": "EL IDRISSI", "Prénom": "Zoé"}
    assert bring(as_csv(hers)).output.splitlines()[-1].startswith("1 loaded")
    assert rows_of(Application) == 2
    assert db.session.query(Application.person_id).distinct().count() == 1
    assert runner.invoke(args=["applications", "invite", "mdia", "--intake", "2025"]).output == "0 invited\n"
    assert "Rentrée 2025" in client.get("/my").text
