"""A large intake's batch is frozen by the worker, in chunks, and holds what a small one holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import queries as programmes
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions, freezing
from cohortmgr.selection.certificate import outcomes_of, verify
from cohortmgr.selection.deciding import decisions as decide
from tests.factories.choices import browser, known, someone
from tests.factories.large import (
    MANAGER,
    drafted,
    nothing_shows,
    of,
    proposed,
    ranked,
    rows,
)
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context", "large")


def test_a_proposal_is_prepared_by_the_worker_and_holds_what_the_small_one_holds() -> None:
    intake = ranked()
    reference = drafted(intake)
    batch = of(reference)
    assert (batch.state, rows(), batch.proposed_by) == ("draft", [], known(MANAGER).reference)
    assert drafted(intake) == reference  # a second click
    another = someone(intake, Role.SELECTION_MANAGER, "another")
    with pytest.raises(Refused), writing():
        decisions.propose(another, intake.reference)
    file = db.session.scalars(sa.select(Application).order_by(Application.id)).first()
    assert file is not None and queries.is_frozen(file)
    work()
    batch = of(reference)
    board = queries.ranking_of(intake)
    expected = decide(board, programmes.definition_of(intake).eligibility)
    assert [row[:5] for row in rows()] == [
        (each.file.number, each.outcome, each.rank, each.mean, each.position) for each in expected
    ]
    assert verify(batch.certificate) == [] and batch.problems == [] and batch.checked_at is not None
    assert batch.digest == batch.certificate["sha256"]
    assert batch.summary["all"] == 11 and batch.summary["offer"] == 3 and batch.summary["ineligible"] == 2
    assert sum(batch.summary["languages"].values()) == 11
    assert {row[0]: (row[1], row[2]) for row in rows() if row[2]} == outcomes_of(batch.certificate)
    nothing_shows(reference)


@pytest.mark.parametrize("step", range(1, 5))
def test_a_proposal_whose_worker_dies_at_any_step_ends_right(step: int) -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(step)
    assert of(reference).state == "draft"
    assert work() == 1
    assert of(reference).state == "proposed" and len(rows()) == 11
    assert [row[2] for row in rows()][:9] == list(range(1, 10))
    assert verify(of(reference).certificate) == []


def test_what_changes_while_a_proposal_is_written_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(3)
    whole = freezing.settle

    def settle(*args: Any) -> bool:
        monkeypatch.setattr(freezing, "settle", whole)
        db.session.execute(
            sa.text(
                "UPDATE applications SET eligible = false, reasons = '[\"licence\"]' WHERE number = 'MDIA-000001'"
            )
        )
        return whole(*args)

    monkeypatch.setattr(freezing, "settle", settle)
    work()
    assert of(reference).state == "proposed"
    assert {row[0]: row[2] for row in rows()}["MDIA-000001"] is None and len(rows()) == 11


def test_a_file_that_came_unread_stops_the_proposal_with_the_reason(app: Flask) -> None:
    intake = ranked()
    reference = drafted(intake)
    with writing():
        db.session.execute(sa.text("UPDATE applications SET eligible = NULL WHERE number = 'MDIA-000004'"))
    work()
    assert of(reference).state == "cancelled"
    page = browser(app, known(MANAGER)).get(f"/staff/batches/{reference}").text
    assert "MDIA-000004" in page and "personne n’a été informé" in page


def test_a_proposal_is_cancelled_while_it_is_prepared() -> None:
    intake = ranked()
    reference = drafted(intake)
    assert killed_at(3)
    with writing():
        assert decisions.cancel(known(MANAGER), reference).state == "cancelled"
    assert work() == 1 and of(reference).state == "cancelled"
    assert drafted(intake) != reference


def test_decisions_are_paged_and_filtered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 4)
    intake = ranked()
    reference = proposed(intake)
    client = browser(app, known(MANAGER))
    page = client.get(f"/staff/batches/{reference}").text
    assert "MDIA-000004" in page and "MDIA-000005" not in page
    refused = client.get(f"/staff/batches/{reference}?outcome=refused").text
    assert "MDIA-000010" in refused and "MDIA-000001" not in refused
    last = client.get(f"/staff/batches/{reference}?end=1").text
    assert "MDIA-000011" in last and "MDIA-000001" not in last
    assert client.get(f"/staff/batches/{reference}?outcome=nonsense").status_code == 200
    unread = set(db.session.scalars(sa.select(Application.number).where(Application.eligible.is_(False))))
    assert unread and f'href="/staff/batches/{reference}?outcome=ineligible"' in page
    with writing():  # what the list of today says changes; what was decided does not
        db.session.execute(sa.text("UPDATE applications SET eligible = NULL"))
    told = client.get(f"/staff/batches/{reference}?outcome=ineligible").text
    assert set(re.findall(r"MDIA-\d{6}", told)) == unread
