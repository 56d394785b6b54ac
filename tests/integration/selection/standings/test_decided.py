"""Once decisions are proposed the ranking is theirs, in pages and lists, and what changes afterwards is said beside."""

from __future__ import annotations

import re
from dataclasses import astuple

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.standings import tasks
from cohortmgr.selection.standings.models import Standing, StandingRow
from cohortmgr.selection.standings.queries import decided as frozen
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, decided, known, read, readers, sent, someone
from tests.factories.working import work

pytestmark = pytest.mark.usefixtures("system_context")
MANAGER = "selection_manager@inpt.ma"


def withdraw(number: int) -> None:
    reference = db.session.scalar(
        sa.select(Application.reference).where(Application.number == f"MDIA-{number:06}")
    )
    with writing():
        sending.withdraw(known(f"c{number}@exemple.ma"), str(reference))


def page_of(app: Flask, intake: Intake, **asked: str) -> str:
    client = browser(app, known(MANAGER))
    text = client.get(f"/staff/intakes/{intake.reference}/ranking", query_string=asked).text
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def rows_of(page: str) -> list[tuple[str, str]]:
    """The rank and the number of each row."""
    return re.findall(r'data-label="Rang">(\d+)</td>\s*<th scope="row"><div><bdi class="ref">([^<]+)', page)


def test_a_withdrawal_after_the_approval_moves_nobody_and_is_said(app: Flask) -> None:
    intake, _batch = decided(5, seats=2, ineligible=1)
    before = page_of(app, intake)
    assert "Ces décisions ont été figées le" in before and "Retiré depuis" not in before
    assert "2 places" in before
    withdraw(1)
    after = page_of(app, intake)
    assert rows_of(after) == rows_of(before) == [(str(n), f"MDIA-{n:06}") for n in range(1, 6)]
    assert after.count("Retiré depuis") == 1
    assert "1 dossier du lot a été retiré depuis" in after


def test_lists_keep_what_was_decided_too(app: Flask) -> None:
    intake, batch = decided(5, seats=2)
    withdraw(1)
    tasks.follow(lambda: False)
    work()
    assert tasks.follow(lambda: False) == 0, "it follows a batch once"
    db.session.rollback()
    newest = standings.newest(intake, queries.offering_of(intake))
    assert newest is not None and newest.rests_on == f"batch-{batch.reference}"
    rows = db.session.scalars(
        sa.select(StandingRow).where(StandingRow.standing_id == newest.id).order_by(StandingRow.place)
    )
    assert [(row.place, row.outcome) for row in rows] == [
        (1, "offer"), (2, "offer"), (3, "waiting"), (4, "waiting"), (5, "waiting")
    ]  # fmt: skip


def test_a_file_sent_later_and_other_seats_are_said(app: Flask) -> None:
    intake, _batch = decided(4, seats=2)
    other = someone(intake, Role.REVIEWER, "other")
    with writing():
        db.session.execute(sa.text("UPDATE offerings SET seats = 3 WHERE intake_id = :i"), {"i": intake.id})
        late = db.session.scalars(sa.select(Application).order_by(Application.id.desc())).first()
        assert late is not None
        given = [each.key for each in sa.inspect(Application).columns if each.computed is None]
        values = {key: getattr(late, key) for key in given}
        person = other.person_id
        changed = {"id": None, "reference": new_reference(), "number": "MDIA-000099", "person_id": person}
        db.session.add(Application(**{**values, **changed}))
    page = page_of(app, intake)
    assert "1 dossier envoyé depuis n’a pas de décision" in page and "MDIA-000099" not in page
    assert "Places : 3 aujourd’hui, 2 dans le lot" in page


def test_a_cancelled_proposal_gives_the_ranking_of_today_back(app: Flask) -> None:
    intake, batch = decided(4, seats=2, approve=False)
    withdraw(1)
    assert rows_of(page_of(app, intake))[0] == ("1", "MDIA-000001")
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    assert rows_of(page_of(app, intake)) == [(str(n - 1), f"MDIA-{n:06}") for n in range(2, 5)]


def test_what_a_batch_shows_is_what_was_ranked() -> None:
    intake = sent(9, seats=3)
    manager = someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    board = queries.ranking_of(intake)
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    ranked = [astuple(line) for line in standings.lines_of(board)]
    found = [astuple(line) for _number, line in frozen.lines_of_batch(batch)]
    assert [(*row[:6], tuple(row[6]), *row[7:]) for row in found] == ranked
    figures, least = standings.figures_of(board), ("least", "most")
    told = frozen.figures_of_batch(batch)
    assert {key: told[key] for key in told if key not in least} == {
        key: figures[key] for key in figures if key not in least
    }


@pytest.mark.usefixtures("large")
def test_of_a_large_intake_pages_go_through_the_decisions(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = sent(9, seats=3)
    manager = someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    read(intake, readers(intake))
    page_of(app, intake)
    work()
    with writing():
        decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    work()
    monkeypatch.setattr(frozen, "SIZE", 4)
    monkeypatch.setattr(standings, "SIZE", 4)
    kept = db.session.scalar(sa.select(sa.func.count()).select_from(Standing))
    withdraw(2)
    around = rows_of(page_of(app, intake))
    assert [number for number, _ in around] == ["2", "3", "4", "5"], "around the line"
    assert [number for number, _ in rows_of(page_of(app, intake, all="1", end="1"))] == ["9"]
    assert [number for number, _ in rows_of(page_of(app, intake, sort="-rank"))] == ["9", "8", "7", "6"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Standing)) == kept, (
        "nothing is ranked anew"
    )
    assert db.session.scalars(sa.select(Batch.state)).one() == "proposed"


def test_marks_that_hundredths_would_show_alike_at_the_cut_are_written_to_the_thousandth(app: Flask) -> None:
    intake, batch = decided(5, seats=2)
    for rank, mean in ((2, 14_331), (3, 14_330)):
        row = db.session.scalars(
            sa.select(Decision).where(Decision.batch_id == batch.id, Decision.rank == rank)
        ).one()
        with writing():
            row.mean_thousandths = mean
    with writing():
        # No list was written down yet when these marks came: the page reads the decisions.
        db.session.execute(sa.delete(StandingRow))
        db.session.execute(sa.delete(Standing))
    page = page_of(app, intake)
    assert "14,331" in page and "14,330" in page
