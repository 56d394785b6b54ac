"""The results of a test come in from a sheet, and count; who did not come stands behind those who did."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.definition.rules import NoShow
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.actions.giving import give
from cohortmgr.reviews.phases import queries
from cohortmgr.reviews.phases.actions import noting
from cohortmgr.reviews.phases.models import PhaseResult
from cohortmgr.reviews.phases.result_rows import ResultRow
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.seals.queries import has_marks
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.models import Decision
from cohortmgr.selection.queries import ranking_of
from cohortmgr.selection.sealing import actions as sealed
from cohortmgr.selection.sealing import queries as sealing
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, phased, readers, someone

MARKS = ("resultats", "bases", "projet", "langues")
pytestmark = pytest.mark.usefixtures("system_context")


def upload(rows: list[list[object]]) -> dict[str, object]:
    data = write_xlsx([Sheet("Notes", ["Dossier", "Critère"], rows)])
    return {"file": (BytesIO(data), "notes.xlsx")}


def all_go_on(files: int, no_show: NoShow = NoShow.ABSENT) -> tuple[Intake, Viewer, Viewer]:
    """Files that are all read alike and all in the test; and who manages, and who reads."""
    intake = phased(files, goes_on=None, no_show=no_show)
    manager, (reader,) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 1)
    with writing():
        assignment.assign(manager, intake.reference)
        for row in own.queue(reader):
            reading.score(reader, row.reference, dict.fromkeys(MARKS, 3))
    return intake, manager, reader


def heard(intake: Intake, manager: Viewer, reader: Viewer, marks: dict[str, int]) -> None:
    files = queries.files_in(intake, "entretien")
    pairs = [(files[number].id, reader.person_id or 0) for number in marks]
    with writing():
        give(manager, intake, pairs, None, phase="entretien")
    with writing():
        for row in own.queue(reader):
            if row.phase == "entretien":
                reading.score(reader, row.reference, {"oral": marks[row.number]})


def keep(manager: Viewer, intake: Intake, results: dict[str, int | None]) -> int:
    rows = [
        ResultRow(line, number, {} if mark is None else {"ecrit": mark}, mark is None)
        for line, (number, mark) in enumerate(results.items(), start=2)
    ]
    with writing():
        return noting.keep_results(manager, intake.reference, "epreuve", rows)


def test_a_sheet_is_looked_at_before_anything_is_kept(app: Flask) -> None:
    intake, manager, reader = all_go_on(4)
    page, address = browser(app, manager), f"/staff/intakes/{intake.reference}/phases/epreuve/results"
    sheet = read_table(page.get(f"{address}.xlsx").data)
    assert [row.cells[0] for row in sheet.rows] == [f"MDIA-00000{place}" for place in range(1, 5)]
    second = db.session.scalar(sa.select(Application.reference).where(Application.number == "MDIA-000002"))
    rows: list[list[object]] = [
        ["MDIA-000001", 14], [second, "absent"], ["MDIA-000003", 21], ["MDIA-000009", 3], ["MDIA-000004", "x"],
    ]  # fmt: skip
    text = page.post(address, data=upload(rows)).text
    assert "2 lignes peuvent être gardées" in text and "3 lignes sont à corriger" in text
    assert "MDIA-000009" in text and "comprise entre" in text and "pas une note" in text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhaseResult)) == 0
    sound = unescape(re.findall(r'name="rows" value="([^"]*)"', text)[0])
    assert page.post(f"{address}/keep", data={"rows": sound}).status_code == 302
    kept = {row.application_id: row for row in queries.results_of(intake, "epreuve")}
    assert sorted((row.total_thousandths or -1, row.absent) for row in kept.values()) == [
        (-1, True), (14_000, False),
    ]  # fmt: skip
    page.post(f"{address}/keep", data={"rows": sound})  # a second press
    assert [row.version for row in queries.results_of(intake, "epreuve")] == [1, 1]


@pytest.mark.parametrize(
    "rows",
    ["", "null", "[]", "{}", "[1]", '[["MDIA-000001"]]', '[["MDIA-000001", [1]]]', "[" * 5000,
     '[["MDIA-000001", {"ecrit": 99}]]', '[["MDIA-000009", {"ecrit": 9}]]', '[["MDIA-000001", {"autre": 1}]]'],
)  # fmt: skip
def test_rows_that_somebody_made_up_are_refused_and_nothing_is_kept(app: Flask, rows: str) -> None:
    intake = phased(2, goes_on=None)
    page = browser(app, someone(intake, Role.SELECTION_MANAGER))
    address = f"/staff/intakes/{intake.reference}/phases/epreuve/results/keep"
    assert page.post(address, data={"rows": rows}).status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhaseResult)) == 0


def test_only_who_manages_readings_reaches_results_of_a_test(app: Flask) -> None:
    intake = phased(2, goes_on=None)
    home = f"/staff/intakes/{intake.reference}/phases"
    expected = {
        Role.SELECTION_MANAGER: 200, Role.PROGRAMME_ADMINISTRATOR: 200, Role.REVIEWER: 404, Role.AUDITOR: 404,
    }  # fmt: skip
    for role, status in expected.items():
        page = browser(app, someone(intake, role))
        for address in ("epreuve/results", "epreuve/results.xlsx"):
            assert page.get(f"{home}/{address}").status_code == status, (role, address)
        assert page.get(f"{home}/entretien/results").status_code == 404
        assert page.get(f"{home}/none/results").status_code == 404
    reader = someone(intake, Role.REVIEWER, "again")
    with pytest.raises(NotPermitted):
        keep(reader, intake, {"MDIA-000001": 3})


def test_results_of_a_test_await_the_seal_of_the_rules_as_readings_do() -> None:
    intake = phased(2, goes_on=None)
    manager = someone(intake, Role.SELECTION_MANAGER)
    administrator = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    content = sealing.beginning(intake, sealing.ground_of(intake))
    with writing():
        row = sealed.save(manager, intake.reference, content, 0)
    with pytest.raises(Refused, match="scellées"):
        keep(manager, intake, {"MDIA-000001": 3})
    file = db.session.scalars(sa.select(Application).where(Application.number == "MDIA-000001")).one()
    with pytest.raises(Refused, match="scellées"), writing():
        noting.note_absence(manager, file, "epreuve")
    assert not has_marks(intake), "one absence would else open the intake to all marks before the seal"
    with writing():
        row = sealed.propose(manager, intake.reference, "", row.version)
    with writing():
        found = sealed.seal(administrator, intake.reference, row.version)
    assert found.older_marks, "points were computed from the answers of files that were sent"
    assert keep(manager, intake, {"MDIA-000001": 3}) == 1
    assert has_marks(intake), "a result is a mark"


def test_the_mark_of_all_phases_ranks_decides_and_is_certified() -> None:
    intake, manager, reader = all_go_on(4)
    keep(manager, intake, {"MDIA-000001": 10, "MDIA-000002": 20, "MDIA-000003": None, "MDIA-000004": 12})
    heard(intake, manager, reader, {"MDIA-000001": 20, "MDIA-000002": 5, "MDIA-000004": 5})
    board = ranking_of(intake)
    assert [row.reference[-1] for row in board.ranking.rows] == ["2", "1", "4", "3"]
    # Points 20, files 12, a test that weighs two, an interview.
    assert [row.mean for row in board.ranking.rows][:3] == [15_400, 14_400, 12_200]
    assert board.ranking.rows[3].short == 2 and not board.unread
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    assert batch.certificate["format"] == 4 and verify(batch.certificate) == [] and batch.problems == []
    refused = db.session.scalars(sa.select(Decision.reasons).where(Decision.outcome == "refused")).all()
    assert len(refused) == 1 and "n’étiez pas là" in str(refused[0])
    with pytest.raises(Refused, match="proposée ou approuvée"):
        keep(manager, intake, {"MDIA-000001": 11})


def test_nothing_is_proposed_while_a_result_lacks() -> None:
    intake, manager, _ = all_go_on(2)
    keep(manager, intake, {"MDIA-000001": 10})
    with pytest.raises(Refused, match="Épreuve|Il manque des notes"), writing():
        decisions.propose(manager, intake.reference, open_until=intake.closes_at)


def test_not_coming_is_nought_where_the_programme_says_so() -> None:
    intake, manager, reader = all_go_on(2, NoShow.NOUGHT)
    keep(manager, intake, {"MDIA-000001": None, "MDIA-000002": 1})
    heard(intake, manager, reader, {"MDIA-000001": 10, "MDIA-000002": 10})
    rows = ranking_of(intake).ranking.rows
    assert [(row.reference[-1], row.mean, row.short) for row in rows] == [("2", 8_800, 0), ("1", 8_400, 0)]


def test_a_no_show_is_noted_by_whoever_was_to_hear_them_and_taken_back() -> None:
    intake, manager, reader = all_go_on(2)
    file = queries.files_in(intake, "entretien")["MDIA-000001"]
    with pytest.raises(NotPermitted), writing():
        noting.note_absence(reader, file, "entretien")
    with writing():
        give(manager, intake, [(file.id, reader.person_id or 0)], None, phase="entretien")
        noting.note_absence(reader, file, "entretien")
        noting.note_absence(reader, file, "entretien")  # a second press
    assert queries.marks_in(intake, file.id).of(file.id).absent == {"entretien"}
    with writing():
        noting.take_absence_back(manager, file, "entretien")
        noting.take_absence_back(manager, file, "entretien")
    assert queries.marks_in(intake, file.id).of(file.id).absent == frozenset()


def test_kept_rankings_hold_no_longer_once_a_result_or_an_answer_changed() -> None:
    intake, manager, _ = all_go_on(2)
    offering = ranking_offering(intake)
    seen = [standings.rests_on(intake, offering)]
    keep(manager, intake, {"MDIA-000001": 10})
    seen.append(standings.rests_on(intake, offering))
    keep(manager, intake, {"MDIA-000001": 11})
    seen.append(standings.rests_on(intake, offering))
    with writing() as session:
        file = session.scalars(sa.select(Application).where(Application.number == "MDIA-000002")).one()
        file.answers = {**file.answers, "s1": "10"}
    seen.append(standings.rests_on(intake, offering))
    assert len(set(seen)) == 4
    marks = queries.marks_in(intake).of(file.id)
    assert marks.readings["points"][0].scores == {"moyenne": 1}


def ranking_offering(intake: Intake) -> Offering:

    return offerings_of(intake)[0]


def test_pages_show_the_phases_of_a_file_and_of_a_ranking(app: Flask) -> None:
    intake, manager, _ = all_go_on(3)
    keep(manager, intake, {"MDIA-000001": 10, "MDIA-000002": 20, "MDIA-000003": None})
    page = browser(app, manager)
    ranking = page.get(f"/staff/intakes/{intake.reference}/ranking").text
    assert "Points calculés" in ranking and "× 2" in ranking and "arrêté à une phase" in ranking
    file = queries.files_in(intake, "epreuve")["MDIA-000003"]
    person = page.get(f"/staff/applications/{file.reference}/readings").text
    assert "absent·e" in person and "Points calculés" in person
    one = queries.files_in(intake, "epreuve")["MDIA-000001"]
    assert "10,00 sur 20" in page.get(f"/staff/applications/{one.reference}/readings").text
