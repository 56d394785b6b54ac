"""A reader takes marks out to a spreadsheet, and brings them back in after looking at what changes."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
pytestmark = pytest.mark.usefixtures("system_context")


def upload(header: list[str], rows: list[list[object]]) -> dict[str, object]:
    return {"file": (BytesIO(write_xlsx([Sheet("Notes", header, rows)])), "notes.xlsx")}


def test_marks_go_out_and_come_back_in_after_a_look(app: Flask) -> None:
    intake = sent(4)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        assignment.assign(manager, intake.reference)
    one, page, address = people[0], browser(app, people[0]), f"/staff/intakes/{intake.reference}/marks"
    rows = sorted(own.queue(one), key=lambda row: row.number)
    with writing():
        reading.score(one, rows[3].reference, MARKS, "Remis")
    assert address in page.get("/staff/reviews").text
    table = read_table(page.get(f"{address}.xlsx").data)
    header = list(table.header)
    assert len(table.rows) == 4 and table.rows[3].cells[:5] == (rows[3].number, "4", "3", "5", "2")
    answer = page.post(
        address,
        data=upload(
            header,
            [
                [rows[0].number, 4, 3, 5, 2, "Solide"],
                [rows[1].number, 4, None, None, None, ""],
                [rows[2].number, 9, 1, 1, 1, ""],
                [rows[3].number, 5, 5, 5, 5, ""],
                ["MDIA-999999", 1, 1, 1, 1, ""],
            ],
        ),
    ).text
    assert "2 lectures changent" in answer and "3 lignes ne sont pas reprises" in answer
    assert {row.state for row in own.queue(one)} == {"assigned", "submitted"}, "nothing is kept by a look"
    fields = dict(
        re.findall(r'type="hidden"\s+name="((?:version|comment|score)-[^"]+)" value="([^"]*)"', answer)
    )
    with writing():
        reading.draft(one, rows[1].reference, {"resultats": 1})
    late = page.post(f"{address}/keep", data=fields | {"hand_in": "1"}).text
    assert "noté ailleurs" in late and rows[1].number in late
    db.session.expire_all()
    first = queries.get_for(one, rows[0].reference)
    assert (first.state, first.scores, first.comment) == ("submitted", MARKS, "Solide")
    assert queries.get_for(one, rows[1].reference).scores == {"resultats": 1}
    assert (
        page.post(f"{address}/keep", data=fields | {f"version-{rows[1].reference}": "2"}).status_code == 302
    )
    db.session.expire_all()
    assert queries.get_for(one, rows[1].reference).scores == {"resultats": 4}


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
