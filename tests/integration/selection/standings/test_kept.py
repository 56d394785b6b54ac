"""A kept ranking is that of the readings, files and seats, or says that it no longer is."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.paging import ListPlace
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.selection import queries as selection
from cohortmgr.selection.standings import actions
from cohortmgr.selection.standings.models import Standing, StandingRow
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, known, read, readers, sent, someone
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context", "large")
MANAGER = "selection_manager@inpt.ma"


def asked(intake: Intake) -> Offering:
    offering = selection.offering_of(intake)
    with writing():
        actions.ask(known(MANAGER), intake, offering)
    return offering


def kept(intake: Intake) -> list[tuple[Any, ...]]:
    """The rows of the last kept ranking."""
    db.session.rollback()
    db.session.expire_all()
    standing = standings.newest(intake, selection.offering_of(intake))
    assert standing is not None
    rows = sa.select(StandingRow).where(StandingRow.standing_id == standing.id).order_by(StandingRow.place)
    numbers = dict(db.session.execute(sa.select(Application.id, Application.number)).all())
    found = db.session.scalars(rows).all()
    return [
        (row.place, numbers[row.application_id], row.mean, tuple(row.totals), row.decided) for row in found
    ]


def built(intake: Intake) -> list[tuple[Any, ...]]:
    """The rows that `build` would rank now."""
    board = selection.ranking_of(intake)
    return [(row.rank, row.reference, row.mean, row.totals, row.decided) for row in board.ranking.rows]


def a_reading(place: int) -> int:
    """The id of a reading."""
    return db.session.scalars(sa.select(Review.id).order_by(Review.id)).all()[place]


def act(intake: Intake, chance: random.Random) -> None:
    """Change something, which the ranking rests on or not."""
    manager = known(MANAGER)
    number = f"MDIA-{chance.randrange(1, 10):06}"
    of_file = sa.select(Application.id).where(Application.number == number).scalar_subquery()
    kind = chance.choice(
        ["reopen", "score", "withdraw", "eligible", "open", "seats", "comment", "sent", "note"]
    )
    with writing():
        review = db.session.scalars(
            sa.select(Review).where(Review.application_id == of_file).order_by(Review.id).limit(1)
        ).one()
        if kind == "reopen" and review.state == "submitted":
            reading.reopen(manager, review.reference, "À revoir.")
        elif kind == "score":
            values = {"state": "submitted", "total_thousandths": chance.randrange(20_001)}
            db.session.execute(sa.update(Review).where(Review.id == review.id).values(values))
        elif kind in ("withdraw", "sent"):
            state = "withdrawn" if kind == "withdraw" else "submitted"
            db.session.execute(sa.update(Application).where(Application.number == number).values(state=state))
        elif kind in ("eligible", "open"):
            decided = None if kind == "open" else chance.random() < 0.7
            db.session.execute(
                sa.update(Application).where(Application.number == number).values(eligible=decided)
            )
        elif kind == "seats":
            db.session.execute(sa.update(Offering).values(seats=chance.randrange(1, 9)))
        elif kind == "comment":
            db.session.execute(sa.update(Review).where(Review.id == review.id).values(comment="Autre."))
        else:
            db.session.execute(
                sa.update(Application).where(Application.number == number).values(region="MA-05")
            )
    db.session.expire_all()


@pytest.mark.parametrize("seed", range(2))
def test_after_any_history_of_acts_it_is_what_would_be_built_or_says_that_it_is_old(seed: int) -> None:
    intake, chance = sent(9, ineligible=1, seats=3), random.Random(seed)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    asked(intake)
    assert work() == 1 and kept(intake) == built(intake)
    quiet = 0
    for _ in range(12):
        act(intake, chance)
        standing = standings.newest(intake, selection.offering_of(intake))
        assert standing is not None
        if standing.rests_on == standings.rests_on(intake, selection.offering_of(intake)):
            quiet += 1
            assert kept(intake) == built(intake)
            continue
        offering = asked(intake)
        work()
        standing = standings.newest(intake, offering)
        assert standing is not None and standing.rests_on == standings.rests_on(intake, offering)
        assert kept(intake) == built(intake)
        board = selection.ranking_of(intake)
        assert standings.figures_of(board) == {
            name: getattr(standing, name) for name in (*standings.NUMBERS, "line")
        }
        assert bool(standing.refusal) == bool(board.unread or board.undecided or not board.ranking.rows)
    assert quiet
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(Standing)) == 1
    )  # the old ones are forgotten
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StandingRow)) == len(built(intake))


def test_a_worker_that_dies_between_chunks_leaves_the_last_one_and_the_next_start_ends_it() -> None:
    intake = sent(11, seats=3)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    asked(intake)
    work()
    before = kept(intake)
    for step in range(1, 5):
        with writing():
            db.session.execute(
                sa.update(Review).where(Review.id == a_reading(step)).values(total_thousandths=500 * step)
            )
        asked(intake)
        assert killed_at(step)
        if step < 4:
            assert kept(intake) == before  # the last whole one shows
        assert work() == 1
        assert kept(intake) == built(intake)
        before = kept(intake)


def test_it_is_asked_for_once_and_anew_after_a_failure() -> None:
    intake = sent(3, seats=1)
    someone(intake, Role.SELECTION_MANAGER)
    asked(intake)
    asked(intake)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1
    with writing():
        db.session.execute(sa.update(Job).values(state="failed"))
    offering = asked(intake)
    making = standings.being_made(intake, offering)
    assert making is not None and advance_of(making.job_reference).goes_on


def test_pages_of_a_kept_ranking_are_the_whole_cut_and_begin_around_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standings, "SIZE", 4)
    intake = sent(15, seats=7)
    someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    offering = asked(intake)
    work()
    standing = standings.newest(intake, offering)
    assert standing is not None
    board = selection.ranking_of(intake)
    lines = standings.lines_of(board)
    whole = [row.number for row in lines]
    for pages in (
        lambda place: standings.page_of_rows(standing, place, standing.chosen),
        lambda place: standings.page_of_lines(lines, place, standing.chosen),
    ):
        around = pages(None)
        assert [row.place for row in around.rows] == [6, 7, 8, 9]
        found, page = [], pages(ListPlace())
        while True:
            found += [row.number for row in page.rows]
            if page.after is None:
                break
            page = pages(ListPlace(after=page.after))
        assert found == whole
        back = pages(ListPlace(before=around.before or ""))
        assert [row.place for row in back.rows] == [2, 3, 4, 5]
        assert [row.place for row in pages(ListPlace(after=around.after or "")).rows] == [10, 11, 12, 13]


def test_the_page_shows_the_last_one_at_once_and_asks_for_the_next(app: Flask) -> None:
    intake = sent(6, ineligible=1, seats=2)
    manager = someone(intake, Role.SELECTION_MANAGER)
    read(intake, readers(intake))
    client, address = browser(app, manager), f"/staff/intakes/{intake.reference}/ranking"
    first = client.get(address).text
    assert "data-progress-url" in first and "MDIA-000001" not in first
    assert client.get(f"{address}/progress").get_json()["done"] is False
    work()
    assert client.get(f"{address}/progress").get_json()["done"] is True
    fresh = client.get(address).text
    assert "MDIA-000001" in fresh and "data-progress-url" not in fresh and "Proposer ces décisions" in fresh
    assert "eligible=no" in fresh
    with writing():
        db.session.execute(sa.update(Review).where(Review.id == a_reading(0)).values(state="reopened"))
    stale = client.get(address).text
    assert "MDIA-000001" in stale and "Le classement se recalcule" in stale
    assert "Proposer ces décisions" not in stale
    refused = client.post(address, data={"note": ""})
    assert refused.status_code == 200 and "Le classement a changé" in refused.text
    work()
    unread = client.post(address, data={"note": ""}).text
    assert "Faites lire d’abord 1 dossier, en commençant par" in unread and "2 lectures par dossier" in unread
    assert client.get(f"{address}?all=1&after=nobody").status_code == 200


def test_the_number_of_statements_does_not_grow_with_the_rows(app: Flask, statements: Any) -> None:
    intake = sent(30, seats=3)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with writing():
        db.session.execute(sa.text("UPDATE applications SET eligible = (number <= 'MDIA-000004')"))
    people, client, seen = readers(intake), browser(app, manager), []
    for few in (True, False):
        if not few:
            with writing():
                db.session.execute(sa.text("UPDATE applications SET eligible = true"))
        read(intake, people)
        asked(intake)
        work()
        with statements() as made:
            assert client.get(f"/staff/intakes/{intake.reference}/ranking").status_code == 200
        seen.append(len(made))
    assert seen[0] == seen[1] < 18
