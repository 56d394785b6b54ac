"""The worker looks for the gaps of a large intake; their page shows what is kept, and asks one more reading."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.paging import ListPlace
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import FRESH
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.gaps import actions, queries
from cohortmgr.reviews.gaps.models import ReadingGap
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import queries as summing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone
from tests.factories.working import killed_at, work

pytestmark = pytest.mark.usefixtures("system_context")
KEYS = ("resultats", "bases", "projet", "langues")
# What two readers give to each file: the gaps are 8, 16, 0, 12, 0 and 8 points.
MARKS = ((1, 3), (0, 4), (3, 3), (1, 4), (2, 2), (3, 1))
WIDE = [2, 4, 6, 1]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every intake is a large one, and its rows are written two at a time."""
    monkeypatch.setattr(reviews, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(summing, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(actions, "CHUNK", 2)


def _read(others: int = 0) -> tuple[Intake, Viewer]:
    intake = sent(len(MARKS))
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference)
    for place, reader in enumerate(people):
        for row in own.queue(reader, intake.id):
            with writing():
                mark = MARKS[int(row.number[5:]) - 1][place]
                reading.score(reader, row.reference, dict.fromkeys(KEYS, mark))
    for place in range(others):
        someone(intake, Role.REVIEWER, f"autre{place}")
    return intake, manager


def _way(intake: Intake, part: str = "gaps") -> str:
    return f"/staff/intakes/{intake.reference}/reviews/{part}"


def _listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r"MDIA-0{5}(\d)", page.partition("<table")[2])]


def _kept() -> dict[str, int]:
    db.session.rollback()
    rows = sa.select(Application.number, ReadingGap.gap)
    rows = rows.join(ReadingGap, ReadingGap.application_id == Application.id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def test_the_page_waits_for_the_worker_and_then_shows_the_widest_first_and_its_age(app: Flask) -> None:
    intake, manager = _read()
    client = browser(app, manager)
    page = client.get(_way(intake)).text
    assert "Les écarts se comptent" in page and "/gaps/figures" in page
    assert client.get(_way(intake, "gaps/figures")).json == {"percentage": 0, "text": "", "done": False}
    assert work() == 1
    page = client.get(_way(intake)).text
    assert _listed(page) == WIDE and "Chiffres du" in page
    small = discussions.gaps_in(manager, intake, definition_of(intake).rubric.files, ListPlace())
    assert [(row[0].number, row.gap) for row in small.rows] == list(_kept_in_order(intake, manager))


def _kept_in_order(intake: Intake, viewer: Viewer) -> list[tuple[str, int]]:
    kept = queries.kept_gaps(intake)
    assert kept is not None
    return [(row[0].number, row.gap) for row in queries.kept_page(viewer, intake, kept, ListPlace()).rows]


def test_pages_are_found_by_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    intake, manager = _read()
    client = browser(app, manager)
    client.get(_way(intake))
    work()
    first = client.get(_way(intake)).text
    after = re.search(r"after=(\w{26})", first)
    assert after and _listed(first) == WIDE[:3]
    assert _listed(client.get(f"{_way(intake)}?after={after[1]}").text) == WIDE[3:]


def test_what_changed_is_found_a_minute_later_and_a_lost_worker_loses_nothing(app: Flask) -> None:
    intake, manager = _read()
    client = browser(app, manager)
    client.get(_way(intake))
    assert killed_at(1)
    assert len(_kept()) == 2
    assert work() == 1 and len(_kept()) == 4
    with writing() as session:
        closed = sa.select(Application.id).where(Application.number == "MDIA-000002").scalar_subquery()
        settled = {"total_thousandths": 9000, "settled_at": clock.now()}
        session.execute(sa.update(Review).where(Review.application_id == closed).values(**settled))
        asked = sa.select(Application.id).where(Application.number == "MDIA-000003").scalar_subquery()
        session.execute(sa.update(Review).where(Review.application_id == asked).values(to_discuss=True))
    assert _listed(client.get(_way(intake)).text) == WIDE
    with clock.at(clock.now() + FRESH):
        assert "On les recompte" in client.get(_way(intake)).text
        assert work() == 1
        assert _listed(client.get(_way(intake)).text) == [4, 6, 1, 3]


def test_who_reads_a_file_too_sees_its_gap_once_their_own_reading_is_handed_in(app: Flask) -> None:
    intake, manager = _read()
    with writing():
        actions.ask(manager, intake)
    work()
    both = someone(intake, Role.SELECTION_MANAGER, "lectrice")
    with writing() as session:
        file = session.scalars(sa.select(Application).where(Application.number == "MDIA-000002")).one()
        session.add(
            Review(
                reference="2" * 26,
                institution_id=intake.institution_id,
                application_id=file.id,
                intake_id=intake.id,
                reviewer_id=both.person_id or 0,
                assigned_at=clock.now(),
            )
        )
    _also_reads(intake, both)
    assert _listed(browser(app, both).get(_way(intake)).text) == WIDE[1:]


def _also_reads(intake: Intake, viewer: Viewer) -> None:
    from cohortmgr.accounts.actions import people as accounts
    from cohortmgr.accounts.models import Account
    from cohortmgr.accounts.rules import SYSTEM

    with writing() as session:
        account = session.get_one(Account, viewer.account_id)
        place = ("programme", intake.path, intake.path, [intake.institution_id])
        accounts.grant(SYSTEM, account, Role.REVIEWER, *place)


def test_one_more_reading_of_all_that_differ_is_the_worker_s_in_a_large_intake(app: Flask) -> None:
    intake, manager = _read(others=3)
    client = browser(app, manager)
    assert "Les écarts ne sont pas encore comptés" in client.get(_way(intake, "more")).text
    client.get(_way(intake))
    work()
    assert "4 dossiers ont des lectures qui diffèrent" in client.get(_way(intake, "more")).text
    for _click in range(2):
        assert client.post(_way(intake, "apart"), data={}).status_code == 302
    jobs = sa.select(sa.func.count()).select_from(Job).where(Job.kind == "reviews.assign")
    assert db.session.scalar(jobs) == 1 and not _open()
    work()
    assert _open() == ["MDIA-000001", "MDIA-000002", "MDIA-000004", "MDIA-000006"]
    assert queries.apart_in(intake, definition_of(intake).rubric.files) == [], "each waits for one"
    client.post(_way(intake, "apart"), data={})
    work()
    assert len(_open()) == 4


def _open() -> list[str]:
    db.session.rollback()
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    return list(db.session.scalars(rows.where(Review.state == "assigned").order_by(Application.number)))
