"""The ranking says so in red while the files that one person read fill more of it than chance would."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.db import writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.selection import rules
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, known
from tests.factories.working import work
from tests.integration.reviews.jury.marked import read_by_a_jury, reader

pytestmark = pytest.mark.usefixtures("system_context")
SAID = "Ce classement suit une personne plus que les dossiers"
Statements = Callable[[], AbstractContextManager[list[str]]]


def _page(app: Flask, intake: Intake) -> str:
    return str(browser(app, known("selection_manager@inpt.ma")).get(_way(intake)).text)


def _way(intake: Intake) -> str:
    return f"/staff/intakes/{intake.reference}/ranking"


def _take_out_the_generous() -> None:
    """Have the first reader mark as the others do."""
    with writing() as session:
        theirs = Review.reviewer_id == reader(0).person_id
        session.execute(
            sa.update(Review).where(theirs).values(total_thousandths=Review.total_thousandths - 8_000)
        )


@pytest.mark.parametrize("at_once", [True, False], ids=["small", "large"])
def test_a_generous_reader_s_files_are_noticed_and_others_are_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    monkeypatch.setattr(standings, "AT_ONCE", rules.AT_ONCE if at_once else 0)
    intake = read_by_a_jury()
    page = _page(app, intake)
    if not at_once:
        assert SAID not in page
        assert work() == 1
        page = _page(app, intake)
    assert SAID in page and "12 sur 15" in page and "15 sur 60" in page
    assert "r0" not in page.partition("notice stop")[2].partition("</div>")[0]
    _take_out_the_generous()
    page = _page(app, intake)
    if not at_once:
        assert work() == 1
        page = _page(app, intake)
    assert SAID not in page


def test_who_reads_all_files_is_no_surprise(app: Flask) -> None:
    intake = read_by_a_jury(files=12, seats=4, people=2)
    assert SAID not in _page(app, intake)


def test_the_notice_costs_one_statement(app: Flask, statements: Statements) -> None:
    intake = read_by_a_jury()
    client = browser(app, known("selection_manager@inpt.ma"))
    client.get(_way(intake))
    with statements() as seen:
        client.get(_way(intake))
    assert sum("select distinct reviews." in each.lower() for each in seen) == 1 and len(seen) < 25
