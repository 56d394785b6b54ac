"""Offers answered, declined, expired, withdrawn; the seat goes to the next; and a crowd at the door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from time import sleep

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions, offers
from cohortmgr.selection.models import Decision, Offer
from cohortmgr.selection.rules import GRACE
from cohortmgr.selection.standings.queries.lapsing import anything_expired
from tests.databases import Database
from tests.factories.choices import browser, decided, known

pytestmark = pytest.mark.usefixtures("system_context")


def _person(number: int) -> Viewer:
    return known(f"c{number}@exemple.ma")


def _look_anew() -> None:
    """What others committed meanwhile is seen by a new transaction only."""
    db.session.rollback()
    db.session.expire_all()


def _offer(number: int) -> Offer:
    _look_anew()
    found = queries.mine(_person(number))[0].offer
    assert found is not None
    return found


def _answer(app: Flask, viewer: Viewer, reference: str, accept: bool) -> str:
    """One click, as a request makes it: its own session, with the walls of the person."""
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        try:
            with writing():
                return offers.answer_offer(viewer, reference, accept).state
        except Refused:
            return "refused"


def _states() -> Counter[str]:
    _look_anew()
    return Counter(db.session.scalars(sa.select(Offer.state)))


def _taken() -> int:
    _look_anew()
    return db.session.scalars(sa.select(Offering.taken).where(Offering.taken > 0)).first() or 0


def test_acceptance_calls_the_floors_above_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(5, seats=2)
    called: list[str] = []
    monkeypatch.setattr(offers, "on_acceptance", [lambda viewer, offer: called.append(offer.reference)])
    mine = _offer(1)
    assert [_answer(app, _person(1), mine.reference, True) for _ in range(3)] == ["accepted"] * 3
    assert called == [mine.reference]
    assert _answer(app, _person(1), mine.reference, False) == "refused"
    with pytest.raises(NotFound):
        _answer(app, _person(2), mine.reference, True)


def test_a_refusal_frees_the_seat_for_the_next_who_is_told(app: Flask) -> None:
    decided(5, seats=2)
    places = {number: queries.mine(_person(number))[0].place for number in (3, 4, 5)}
    assert places == {3: 1, 4: 2, 5: 3}
    for _ in range(2):
        assert _answer(app, _person(1), _offer(1).reference, False) == "declined"
    assert _offer(3).state == "sent" and _taken() == 2
    assert queries.mine(_person(4))[0].place == 1
    keys = Counter(db.session.scalars(sa.select(Message.key)))
    assert keys["offer_made"] == 3 and keys["offer_declined"] == 1
    # The staff's list says of the third what it says of the others to whom a seat was offered.
    assert Counter(db.session.scalars(sa.select(Application.outcome))) == {"offer": 3, "waiting": 2}


def test_offers_end_a_day_after_their_deadline_and_seats_pass_on(app: Flask) -> None:
    decided(5, seats=2)
    deadline = _offer(1).deadline
    assert _answer(app, _person(1), _offer(1).reference, True) == "accepted"
    with clock.at(deadline + GRACE - timedelta(seconds=1)):
        assert not anything_expired()
        with writing():
            assert offers.expire_offers(SYSTEM) == 0
    with clock.at(deadline + GRACE):
        assert anything_expired()
        assert _answer(app, _person(2), _offer(2).reference, True) == "refused"
        with writing():
            assert offers.expire_offers(SYSTEM) == 1
        with writing():
            assert offers.expire_offers(SYSTEM) == 0
        with pytest.raises(NotPermitted), writing():
            offers.expire_offers(_person(1))
        assert _offer(3).deadline > deadline + timedelta(days=6)
    assert _states() == {"accepted": 1, "expired": 1, "sent": 1} and _taken() == 2


@pytest.mark.parametrize(("accept", "state"), [(True, "accepted"), (False, "declined")])
def test_who_is_late_answers_in_the_day_of_grace(app: Flask, accept: bool, state: str) -> None:
    decided(5, seats=2)
    deadline = _offer(1).deadline
    with clock.at(deadline + GRACE - timedelta(seconds=1)):
        page = browser(app, _person(1)).get(f"/my/offers/{_offer(1).reference}").text
        assert "vous pouvez encore répondre jusqu’au" in page and "J’accepte cette place" in page
        assert _answer(app, _person(1), _offer(1).reference, accept) == state
        assert _offer(1).answered_at == clock.now()
    assert _taken() == 2, "a seat that is declined passes on"


def test_when_nobody_waits_the_seat_is_free(app: Flask) -> None:
    decided(2, seats=2)
    assert _answer(app, _person(2), _offer(2).reference, False) == "declined"
    assert _taken() == 1


def _withdraw(app: Flask, number: int) -> None:
    viewer = _person(number)
    reference = db.session.scalars(
        sa.select(Application.reference).where(Application.person_id == viewer.person_id)
    ).one()
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        with writing():
            sending.withdraw(viewer, reference)


def test_a_withdrawal_frees_the_seat_or_the_place(app: Flask) -> None:
    decided(5, seats=2)
    _withdraw(app, 3)
    _withdraw(app, 1)
    assert _offer(1).state == "declined" and _offer(4).state == "sent" and _taken() == 2
    left = sa.select(Decision.waiting_state).where(Decision.person_id == _person(3).person_id)
    assert db.session.scalar(left) == "left"


@contextmanager
def _withdrawing(app: Flask, number: int) -> Iterator[None]:
    """Somebody's withdrawal is done and not committed yet when the body begins; it is, soon after."""
    viewer = _person(number)
    mine = Application.person_id == viewer.person_id
    reference = db.session.scalars(sa.select(Application.reference).where(mine)).one()
    db.session.rollback()
    done = Event()

    def withdraw() -> None:
        with app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                sending.withdraw(viewer, reference)
                done.set()
                sleep(0.6)

    with ThreadPoolExecutor(1) as other:
        end = other.submit(withdraw)
        assert done.wait(10)
        yield
        end.result(20)


def test_no_seat_is_offered_to_whoever_is_withdrawing(database: Database) -> None:
    _intake, batch = decided(5, seats=2, approve=False)
    with _withdrawing(database.app, 1), pytest.raises(Refused), writing():
        decisions.approve(known("programme_administrator@inpt.ma"), batch.reference, "2")
    assert not _states() and _taken() == 0


def test_a_freed_seat_passes_over_whoever_is_leaving_the_list(database: Database) -> None:
    decided(5, seats=2)
    reference = _offer(1).reference
    with _withdrawing(database.app, 3):
        assert _answer(database.app, _person(1), reference, False) == "declined"
    assert _offer(4).state == "sent" and _states() == {"declined": 1, "sent": 2} and _taken() == 2


def test_the_pages_of_a_person(app: Flask) -> None:
    decided(40, seats=2, ineligible=1)
    worst = sa.select(Decision.person_id).where(Decision.rank == 40).scalar_subquery()
    last = db.session.scalars(sa.select(Application.number).where(Application.person_id == worst)).one()
    refused = int(last.removeprefix("MDIA-"))
    for number, words in (
        (1, "Une place vous est proposée"),
        (3, "liste d’attente"),
        (refused, "n’est pas retenue"),
    ):
        mine = queries.mine(_person(number))[0]
        client = browser(app, _person(number))
        page = client.get(f"/my/offers/{mine.decision.reference}")
        assert page.status_code == 200 and words in page.text
        assert browser(app, _person(9)).get(f"/my/offers/{mine.decision.reference}").status_code == 404
    unread = queries.mine(_person(41))[0].decision.reference
    page = browser(app, _person(41)).get(f"/my/offers/{unread}")
    assert "Condition non remplie" in page.text and "Ce que vous pouvez faire" in page.text
    client, address = browser(app, _person(1)), f"/my/offers/{_offer(1).reference}"
    assert "Oui, je renonce" in client.get(f"{address}?decline=1").text
    for _ in range(2):
        assert client.post(f"{address}/answer", data={"answer": "accept"}).location == address
    assert "Votre place est confirmée" in client.get(address).text
    assert "autre réponse" in client.post(f"{address}/answer", data={"answer": "decline"}).text


def test_nobody_sees_a_decision_before_its_approval() -> None:
    decided(4, seats=2, approve=False)
    assert queries.mine(_person(1)) == []


def test_one_offer_accepted_fifty_times_at_once_is_one_state(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(3, seats=1)
    called: list[str] = []
    monkeypatch.setattr(offers, "on_acceptance", [lambda viewer, offer: called.append(offer.reference)])
    viewer, reference = _person(1), _offer(1).reference
    db.session.rollback()
    with ThreadPoolExecutor(25) as crowd:
        said = list(crowd.map(lambda n: _answer(database.app, viewer, reference, n % 5 > 0), range(50)))
    assert _states()["accepted"] + _states()["declined"] == 1 and _taken() == 1
    won = "accepted" if _states()["accepted"] else "declined"
    assert set(said) == {won, "refused"} and len(called) == (won == "accepted")


def test_forty_people_thirty_seats_never_one_too_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(40, seats=30)
    monkeypatch.setattr(offers, "on_acceptance", [])
    people = [(number, _person(number)) for number in range(1, 41)]
    mine = {number: queries.mine(viewer)[0] for number, viewer in people}
    references = {number: each.decision.reference for number, each in mine.items()}
    # Equal marks are told apart by the lot, so that it differs each time who of them has an offer at first.
    refusing = sum(1 for number, each in mine.items() if each.offer and number % 3 == 0)
    db.session.rollback()

    def act(entry: tuple[int, Viewer]) -> str:
        number, viewer = entry
        try:
            return _answer(database.app, viewer, references[number], accept=number % 3 > 0)
        except NotFound:
            return "waits"

    with ThreadPoolExecutor(20) as crowd:
        first = Counter(crowd.map(act, people))
    # Each who declines leaves one person fewer for the seats; every seat that somebody may still take is held.
    assert first["declined"] >= refusing > 0 and _taken() == min(30, 40 - first["declined"])
    with ThreadPoolExecutor(20) as crowd:
        list(crowd.map(act, people))
    states = _states()
    assert states["accepted"] + states["sent"] == _taken() == min(30, 40 - states["declined"])
