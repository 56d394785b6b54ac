"""Files that other systems misread, by the command and in pages: what is said of them, changed, and remembered."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.journey import steps
from tests.watch import rows_of

FAULTS = Path(__file__).parents[3] / "data" / "faults"


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """mdia, with `client` signed in as who manages its selection; the reference of the intake of 2025."""
    with clock.at(sheets.NOW):
        steps.load_mdia()
        steps.staff(client)
        yield sheets.intake().reference


def preview(client: FlaskClient, intake: str, data: bytes, name: str = "f.csv") -> str:
    """Send a file; the address of its preview."""
    answer = client.post(f"/staff/intakes/{intake}/imports", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def posted(page: str) -> dict[str, str]:
    """What the form of a preview would send as it stands."""
    found = {}
    for name, inside in re.findall(
        r'<select class="input" [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', inside)
        if chosen and not name.startswith("v:"):
            found[name] = chosen[1] if chosen[1] is not None else chosen[2]
    return found


def test_each_file_by_the_command(runner: FlaskCliRunner, intake: str) -> None:
    counts = {
        "apostrophes.csv": "4 loaded, 0 replaced, 0 rejected",
        "same-cin-two-people.csv": "1 loaded, 0 replaced, 1 rejected",
        "lo-last-row.xlsx": "1 loaded, 0 replaced, 0 rejected",
        "title-row.xlsx": "1 loaded, 0 replaced, 0 rejected",
        "us-birth-dates.csv": "3 loaded, 0 replaced, 0 rejected",
    }
    told = {}
    for name, expected in counts.items():
        command = ["applications", "import", "mdia", str(FAULTS / name), "--intake", "2025", "--dry-run"]
        *_before, told[name], last = words(runner.invoke(args=command).output).splitlines()
        assert last == f"dry run: {expected}", name
    assert told["title-row.xlsx"].startswith("read as: sheet Réponses; header on line 2; ")
    assert "Date de naissance: month first" in told["us-birth-dates.csv"]
    assert "UTF-8; separator ,; Horodateur: day first (no date decides)" in told["us-birth-dates.csv"]


def test_a_number_of_somebody_else_in_a_second_file_waits_in_the_tray(
    runner: FlaskCliRunner, intake: str
) -> None:
    ends = []
    for name in ("same-cin-first-file.csv", "same-cin-second-file.csv"):
        command = ["applications", "import", "mdia", str(FAULTS / name), "--intake", "2025"]
        ends.append(words(runner.invoke(args=command).output))
    assert ends[0].splitlines()[-1] == "1 loaded, 0 replaced, 0 rejected"
    assert ends[1].splitlines()[-1] == "0 loaded, 0 replaced, 1 rejected"
    assert "Yassine BERRADA" in ends[1] and "Hajar IDRISSI" in ends[1]


def test_a_preview_says_how_the_file_is_read_and_lets_it_be_changed(client: FlaskClient, intake: str) -> None:
    page = preview(client, intake, as_csv(one(sent="03/04/2025 10:00:00")))
    text = words(client.get(page).text)
    assert "1 ligne a été envoyée hors de la campagne" in text
    assert "Aucune date ne dit si le jour ou le mois vient d'abord" in text
    chosen = posted(text)
    assert chosen["line"] == "1" and chosen["encoding"] == "utf-8" and chosen["d0"] == ""
    assert client.post(f"{page}/mapping", data={**chosen, "d0": "month"}).status_code == 302
    text = words(client.get(page).text)
    assert "Choisi par vous." in text and posted(text)["d0"] == "month"
    assert client.post(f"{page}/mapping", data={**posted(text), "encoding": "utf-16"}).status_code == 302
    assert posted(words(client.get(page).text))["encoding"] == "utf-8"
    assert client.post(f"{page}/mapping", data={**posted(text), "line": "2"}).status_code == 302
    text = words(client.get(page).text)
    assert posted(text)["line"] == "2" and "Charger 1 dossier" not in text
    client.post(f"{page}/mapping", data={**posted(text), "line": "1"})
    assert "Charger 1 dossier" in words(client.get(page).text)


def test_a_preview_of_a_workbook_names_its_sheet(client: FlaskClient, intake: str) -> None:
    page = preview(client, intake, (FAULTS / "tabs-dragged.xlsx").read_bytes(), "f.xlsx")
    text = words(client.get(page).text)
    assert posted(text)["sheet"] == "Réponses"
    client.post(f"{page}/mapping", data={**posted(text), "sheet": "Calculs"})
    assert posted(words(client.get(page).text))["sheet"] == "Calculs"


def filtered() -> bytes:
    """A workbook of two people, the second hidden by a filter."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("Réponses")
    people = one(), one(cin="AB100001", massar="R100000001")
    for line, row in enumerate((list(one()), *(list(each.values()) for each in people))):
        for column, cell in enumerate(row):
            page.write_string(line, column, cell)
    page.autofilter(0, 0, 2, len(one()) - 1)
    page.set_row(2, options={"hidden": True})
    book.close()
    return out.getvalue()


def test_rows_that_a_filter_hides_are_said_and_may_be_left_out(client: FlaskClient, intake: str) -> None:
    page = preview(client, intake, filtered(), "f.xlsx")
    text = words(client.get(page).text)
    assert (
        "1 ligne masquée dans le classeur est lue comme les autres" in text and "Charger 2 dossiers" in text
    )
    client.post(f"{page}/mapping", data={**posted(text), "hidden": "skip"})
    text = words(client.get(page).text)
    assert "Charger 1 dossier" in text and posted(text)["hidden"] == "skip"
    assert "est lue comme les autres" not in text
    client.post(page)
    assert rows_of(Application) == 1


def test_the_command_says_hidden_rows_and_leaves_them_out_if_told(
    runner: FlaskCliRunner, intake: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "f.xlsx", tmp_path / "m.toml"
    file.write_bytes(filtered())
    command = ["applications", "import", "mdia", str(file), "--intake", "2025", "--dry-run"]
    told = words(runner.invoke(args=command).output)
    assert "hidden rows: 1, read as the others" in told and "dry run: 2 loaded" in told
    for said, expected in (
        ('hidden = "skip"', "hidden rows: 1, left out"),
        ('hidden = "no"', "« read » ou « skip »"),
    ):
        mapping.write_text(said, "utf-8")
        told = words(runner.invoke(args=[*command, "--mapping", str(mapping)]).output)
        assert expected in told, told
    assert "dry run" not in told


def test_damaged_text_is_told_before_it_is_loaded(
    client: FlaskClient, runner: FlaskCliRunner, intake: str, tmp_path: Path
) -> None:
    data = as_csv(one(city="SalÃ©"), one(cin="AB100001", massar="R100000001", city="?????? ???"))
    text = words(client.get(preview(client, intake, data)).text)
    assert "2 cellules contiennent un texte abîmé" in text
    assert "Ligne 2, colonne « Ville »" in text and "Ligne 3, colonne « Ville »" in text
    file = tmp_path / "f.csv"
    file.write_bytes(data)
    command = ["applications", "import", "mdia", str(file), "--intake", "2025", "--dry-run"]
    assert "line 3, column Ville: the text is damaged" in runner.invoke(args=command).output
    assert "texte abîmé" not in words(client.get(preview(client, intake, as_csv(one(city="Salé")))).text)


def test_dates_in_doubt_are_said_and_asked(client: FlaskClient, intake: str) -> None:
    born = "Date de naissance"
    rows = one(), one(cin="AB100001", massar="R100000001")
    page = preview(client, intake, as_csv({**rows[0], born: "02/26/2002"}, {**rows[1], born: "2002-04-03"}))
    text = words(client.get(page).text)
    assert "Les dates de « Date de naissance » sont à vérifier" in text
    [place] = [name for name in posted(text) if f'id="{name}-hint">À vérifier' in text]
    assert posted(text)[place] == ""
    client.post(f"{page}/mapping", data={**posted(text), place: "turned"})
    text = words(client.get(page).text)
    assert "« Date de naissance » sont à vérifier" not in text and posted(text)[place] == "turned"
    client.post(page)
    db.session.rollback()
    found = {str(each.birth_date) for each in db.session.query(Person) if each.birth_date}
    assert found == {"2002-02-26", "2002-03-04"}
    page = preview(client, intake, as_csv(one(sent="06/18/2025 10:00:00") | {born: "03/04/2002"}))
    assert "mais dans « Horodateur » le mois vient d'abord" in words(client.get(page).text)


def test_both_sides_of_each_replacement_are_named_and_the_button_counts_files(
    client: FlaskClient, intake: str
) -> None:
    first = one(sent="08/06/2025 10:00:00")
    page = preview(client, intake, as_csv(first, one(sent="09/06/2025 10:00:00", name="JABRAN")))
    text = words(client.get(page).text)
    assert "Charger 1 dossier" in text and "Noms différents" in text and "Oumaima JABRANE" in text
    client.post(page)
    again = preview(client, intake, as_csv(one(sent="10/06/2025 10:00:00", name="TAZI")))
    text = words(client.get(again).text)
    assert "Oumaima TAZI" in text and "Oumaima JABRAN" in text and "dossier déjà là" in text
    assert "Charger 1 dossier" in text


def test_pages_remember_how_the_same_columns_were_read_and_the_command_does_not(
    client: FlaskClient, runner: FlaskCliRunner, intake: str, tmp_path: Path
) -> None:
    row = {("Family" if key == "Nom" else key): value for key, value in one().items()}
    page = preview(client, intake, as_csv(row), "juin.csv")
    client.post(f"{page}/mapping", data={**posted(client.get(page).text), "c1": "family_name"})
    client.post(page)
    assert rows_of(Application) == 1
    other = {**row, "CIN": "ZZ123456", "Code Massar": "Z987654321"}
    page = preview(client, intake, as_csv(other), "juillet.csv")
    text = words(client.get(page).text)
    assert "comme la dernière fois" in text and "juin.csv" in text and "Charger 1 dossier" in text
    client.post(f"{page}/mapping", data={**posted(text), "way": "afresh"})
    assert "La colonne « Nom » manque" in words(client.get(page).text)
    file = tmp_path / "aout.csv"
    file.write_bytes(as_csv(other))
    command = ["applications", "import", "mdia", str(file), "--intake", "2025", "--dry-run"]
    assert "La colonne « Nom » manque" in words(runner.invoke(args=command).output)
    wider = preview(client, intake, as_csv({**other, "Observations": "vu"}))
    assert "comme la dernière fois" not in words(client.get(wider).text)
    db.session.rollback()
