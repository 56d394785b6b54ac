"""Of a large intake the worker ranks, freezes and tells all offerings at once; statements do not grow with either."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions, offers
from cohortmgr.selection.models import Offer
from cohortmgr.selection.standings import actions as keeping
from cohortmgr.selection.standings import tasks as following
from cohortmgr.selection.standings.models import Standing
from cohortmgr.selection.standings.queries import called
from cohortmgr.selection.standings.queries import kept as standings
from tests.databases import Database
from tests.factories.choices import ADMINISTRATOR, MANAGER, browser, known
from tests.factories.working import work
from tests.integration.selection.joint import market
from tests.integration.selection.joint.market import (
    FES,
    FR,
    SF,
    application,
    approve,
    decided,
    held,
    joint,
    numbered,
    proposed,
)

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def _closed(_in_season: None) -> Iterator[None]:
    with clock.at(market.CLOSED):
        yield


@pytest.mark.usefixtures("large")
def test_the_worker_keeps_one_ranking_and_freezes_and_tells_one_batch(app: Flask) -> None:
    intake = joint()
    page = browser(app, known(MANAGER))
    home = f"/staff/intakes/{intake.reference}/ranking"
    assert "se recalcule" in page.get(home).text
    work()
    standing = db.session.scalars(sa.select(Standing)).one()
    assert standing.offering_id is None and standing.chosen == 4
    shown = page.get(home).text
    assert "Salesforce</strong>" in shown and "Choix par choix" in shown
    sf = next(each for each in offerings_of(intake) if each.key == SF)
    wished = page.get(f"{home}?offering={sf.reference}").text
    assert numbered(5) in wished and numbered(2) not in wished
    batch = proposed(intake)
    assert batch.state == "draft" and batch.offering_id is None
    work()
    reference = batch.reference
    db.session.rollback()
    found = queries.by_reference(reference)
    assert found is not None and found.state == "proposed" and found.problems == []
    assert [each for each in decided() if each[1] == "waiting"] == [
        (4, "waiting", 1), (5, "waiting", 2), (6, "waiting", 3), (7, "waiting", 4)
    ]  # fmt: skip
    with writing():
        decisions.approve(known(ADMINISTRATOR), reference, "4")
    assert {each.key: each.taken for each in offerings_of(intake) if each.taken} == {FR: 2, SF: 1, FES: 1}
    work()
    assert held() == {1: FR, 2: FR, 3: SF, 8: FES}


@pytest.mark.usefixtures("large")
def test_what_is_taken_back_frees_the_seats_of_each_offering() -> None:
    intake = joint()
    batch = _frozen(intake)
    with writing():
        decisions.approve(known(ADMINISTRATOR), batch, "4")
    with writing():
        decisions.cancel(known(ADMINISTRATOR), batch)
    assert db.session.scalar(sa.select(sa.func.sum(Offering.taken))) == 0


def _frozen(intake: Intake) -> str:
    with writing():
        keeping.ask(known(MANAGER), intake, None)
    work()
    reference = proposed(intake).reference
    work()
    return reference


def test_the_kept_ranking_is_followed_and_what_the_database_says_agrees() -> None:
    intake = joint()
    assert [(each.id, offering) for each, offering in standings.outdated()] == [(intake.id, None)]
    following.follow(lambda: False)
    work()
    assert standings.outdated() == []
    newest = standings.newest(intake, None)
    assert newest is not None and newest.rests_on == standings.state_of(intake, None)
    with writing():
        db.session.execute(sa.update(Offering).where(Offering.key == FES).values(seats=24))
    assert len(standings.outdated()) == 1
    proposed(intake)
    following.follow(lambda: False)
    work()
    assert standings.outdated() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "failed")) == 0


def test_statements_do_not_grow_with_files_and_are_few_for_many_offerings(statements: Statements) -> None:
    intake = joint((*market.WISHES, *market.WISHES))
    counts = []
    for left in (16, 3):
        if left < 16:
            beyond = Application.number > numbered(left)
            with writing():
                db.session.execute(sa.update(Application).where(beyond).values(state="withdrawn"))
        queries.ranking_of(intake)
        with statements() as ranked:
            queries.ranking_of(intake)
        with statements() as frozen, writing():
            batch = decisions.propose(known(MANAGER), intake.reference)
        with statements() as waiting:
            called.callable_offerings()
        counts.append((len(ranked), len(frozen), len(waiting)))
        with writing():
            decisions.cancel(known(MANAGER), batch.reference)
    assert counts[0] == counts[1]
    assert counts[0][0] <= 16 and counts[0][1] <= 45 and counts[0][2] <= 2, counts


def test_seats_of_several_offerings_that_come_free_at_once_are_given_on_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ((FR, SF, FES), (SF, FES, FR), (FES, FR, SF))
    wishes = tuple(everything[number % 3] for number in range(15))
    intake = joint(wishes, seats={FR: 2, SF: 2, FES: 2})
    approve(proposed(intake))
    monkeypatch.setattr(offers, "on_acceptance", [])
    first = held()
    assert len(first) == 6
    references = {
        number: known_offer(f"c{number}@exemple.ma", application(number).id) for number in sorted(first)
    }
    db.session.rollback()

    def decline(number: int) -> None:
        viewer, reference = references[number]
        with database.app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                offers.answer_offer(viewer, reference, False)

    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(decline, references))
    now = held()
    assert not now.keys() & first.keys() and sorted(now.values()) == sorted(first.values())
    assert {each.taken for each in offerings_of(intake) if each.key in (FR, SF, FES)} == {2}


def known_offer(email: str, file: int) -> tuple[Viewer, str]:
    reference = db.session.scalar(sa.select(Offer.reference).where(Offer.application_id == file))
    assert reference is not None
    return known(email), reference


def test_acts_that_free_seats_of_two_offerings_do_not_wait_for_each_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One passes seats of the first on and comes to the second, while another has begun with the second."""
    approve(proposed(joint(seats={FR: 2, SF: 2})))
    viewer, reference = known_offer("c5@exemple.ma", application(5).id)
    file = application(5).reference
    with writing():
        offers.answer_offer(viewer, reference, True)
    monkeypatch.setattr(offers, "on_release", [])
    begun, claim = threading.Event(), offers.claim_seats

    def slowly(by: Viewer, offering_id: int, number: int) -> bool:
        done = claim(by, offering_id, number)
        if by.is_system and not begun.is_set():
            begun.set()
            time.sleep(1)
        return done

    monkeypatch.setattr(offers, "claim_seats", slowly)
    db.session.rollback()

    def expire() -> int:
        with database.system_app.app_context(), writing():
            return offers.expire_offers(SYSTEM)

    def withdraw() -> None:
        begun.wait(30)
        with database.app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                sending.withdraw(viewer, file)

    with clock.at(market.CLOSED + timedelta(days=7)), ThreadPoolExecutor(2) as pool:
        both = pool.submit(expire), pool.submit(withdraw)
        for each in both:
            each.result(60)
    assert held() == {4: FR, 6: FR}
