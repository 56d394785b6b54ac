"""A reader takes marks out to a spreadsheet, and brings them back in after looking at what changes."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.marksheets import queries as sheets
from cohortmgr.reviews.marksheets import tasks
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
pytestmark = pytest.mark.usefixtures("system_context")


def upload(header: list[str], rows: list[list[object]]) -> dict[str, object]:
    return {"file": (BytesIO(write_xlsx([Sheet("Notes", header, rows)])), "notes.xlsx")}


def sheet_on(answer: str) -> dict[str, object]:
    """What the page of a look says of the sheet that waits."""
    found = re.search(r'name="sheet" value="(\w+)"', answer)
    assert found is not None, answer
    return {"sheet": found[1]}


def given_out(files: int = 4) -> tuple[Intake, list[Viewer], list[Any]]:
    """An intake, its two readers, and the first one's readings by number."""
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        assignment.assign(manager, intake.reference)
    return intake, people, sorted(own.queue(people[0]), key=lambda row: row.number)


def said(viewer: Viewer, reference: str) -> tuple[str, dict[str, int], str]:
    db.session.expire_all()
    found = queries.get_for(viewer, reference)
    return found.state, found.scores, found.comment


def test_marks_go_out_and_come_back_in_after_a_look(app: Flask) -> None:
    intake, (one, _two), rows = given_out()
    page, address = browser(app, one), f"/staff/intakes/{intake.reference}/marks"
    with writing():
        reading.score(one, rows[3].reference, MARKS, "Remis")
    assert address in page.get("/staff/reviews").text
    table = read_table(page.get(f"{address}.xlsx").data)
    header = list(table.header)
    assert len(table.rows) == 4 and table.rows[3].cells[:5] == (rows[3].number, "4", "3", "5", "2")
    assert [row.cells[6] for row in table.rows] == ["1", "1", "1", "2"], "of which version each row is"
    answer = page.post(
        address,
        data=upload(
            header,
            [
                [rows[0].number, 4, 3, 5, 2, "Solide", 1],
                [rows[1].number, 4, None, None, None, "", 1],
                [rows[2].number, 9, 1, 1, 1, "", 1],
                [rows[3].number, 5, 5, 5, 5, "", 2],
                ["MDIA-999999", 1, 1, 1, 1, "", ""],
            ],
        ),
    ).text
    assert "2 lectures changent" in answer and "3 lignes ne sont pas reprises" in answer
    assert 'name="take"' not in answer
    assert {row.state for row in own.queue(one)} == {"assigned", "submitted"}, "nothing is kept by a look"
    with writing():
        reading.draft(one, rows[1].reference, {"resultats": 1})
    fields = sheet_on(answer)
    late = page.post(f"{address}/keep", data=fields | {"hand_in": "1"}).text
    assert "noté ailleurs" in late and rows[1].number in late
    assert said(one, rows[0].reference) == ("submitted", MARKS, "Solide")
    assert said(one, rows[1].reference)[1] == {"resultats": 1}


def test_a_row_of_a_reading_that_changed_since_is_shown_with_both_and_taken_if_ticked(app: Flask) -> None:
    intake, (one, _two), rows = given_out()
    page, address = browser(app, one), f"/staff/intakes/{intake.reference}/marks"
    header = list(read_table(page.get(f"{address}.xlsx").data).header)
    for row in rows[:3]:  # on another device, once the sheet was taken out
        with writing():
            reading.draft(one, row.reference, {"resultats": 1}, "Ailleurs")
    sheet = [[row.number, 5, 4, None, None, "Feuille", 1] for row in rows]
    sheet[2] = [rows[2].number, None, 4, None, None, "", 1]  # takes nothing away
    answer = page.post(address, data=upload(header, sheet)).text
    assert "2 lectures changent" in answer and "2 lignes s’opposent à des notes plus récentes" in answer
    assert answer.count('name="take"') == 2
    for marks in ("5 · 4 · – · –", "1 · – · – · –"):
        assert answer.count(marks) == 2, "both versions of both rows"
    fields = sheet_on(answer)
    assert page.post(f"{address}/keep", data=fields | {"take": rows[0].reference}).status_code == 302
    assert said(one, rows[0].reference) == ("drafted", {"resultats": 5, "bases": 4}, "Feuille")
    assert said(one, rows[1].reference) == ("drafted", {"resultats": 1}, "Ailleurs")
    assert said(one, rows[2].reference) == ("drafted", {"resultats": 1, "bases": 4}, "Ailleurs")
    assert said(one, rows[3].reference) == ("drafted", {"resultats": 5, "bases": 4}, "Feuille")


def test_a_sheet_waits_on_the_server_until_another_is_given_or_a_day_has_passed(app: Flask) -> None:
    intake, (one, two), rows = given_out(40)
    address = f"/staff/intakes/{intake.reference}/marks"
    page, other = browser(app, one), browser(app, two)
    header = list(read_table(page.get(f"{address}.xlsx").data).header)
    whole = [[row.number, 1, 1, 1, 1, "x" * 4000, 1] for row in rows]
    answers = [page.post(address, data=upload(header, whole)).text for _each in range(2)]
    assert all(len(answer) < 60_000 for answer in answers), "what is read stays where it was read"
    first, second = map(sheet_on, answers)
    for who, fields in ((page, first), (other, second), (page, {})):
        refused = who.post(f"{address}/keep", data=fields)
        assert refused.status_code == 200 and "Cette feuille n’attend plus" in refused.text
    assert {row.state for row in own.queue(one)} == {"assigned"}
    with clock.at(clock.now() + timedelta(hours=23)):
        tasks.forget(lambda: False)
        assert sheets.sheet_of(one, intake) is not None
    with clock.at(clock.now() + timedelta(hours=25)):
        tasks.forget(lambda: False)
    db.session.rollback()
    assert sheets.sheet_of(one, intake) is None
    again = sheet_on(page.post(address, data=upload(header, whole)).text)
    assert page.post(f"{address}/keep", data=again).status_code == 302
    db.session.expire_all()
    assert {row.state for row in own.queue(one)} == {"drafted"}


def test_what_is_no_sheet_of_marks_is_told_and_nobody_else_s_is_given(app: Flask) -> None:
    intake = sent(2)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        assignment.assign(manager, intake.reference)
    address = f"/staff/intakes/{intake.reference}/marks"
    answer = browser(app, people[0]).post(address, data=upload(["Nom", "Note"], [["A", 3]])).text
    assert "colonnes attendues" in answer
    answer = browser(app, people[0]).post(address, data={"file": (BytesIO(b"%PDF-1.7"), "notes.pdf")})
    assert answer.status_code == 200 and "error-summary" in answer.text
    for path in (address, f"{address}.xlsx"):
        assert browser(app, manager).get(path).status_code == 404
