"""The day of grace after a deadline: staff see who would lose a seat, hold it or let it go; what is held stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from bench.statements import counted
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.selection import queries
from cohortmgr.selection.actions import changes, offers
from cohortmgr.selection.models import Batch, Offer
from cohortmgr.selection.rules import GRACE
from cohortmgr.selection.standings.queries.lapsing import lapsing, late_in
from tests.factories.choices import ADMINISTRATOR, MANAGER, browser, decided, known

pytestmark = pytest.mark.usefixtures("system_context")
LATER = timedelta(hours=3)


def _offer(number: int) -> Offer:
    db.session.rollback()
    db.session.expire_all()
    found = queries.mine(known(f"c{number}@exemple.ma"))[0].offer
    assert found is not None
    return found


def _expire(moment: datetime) -> int:
    with clock.at(moment), writing():
        return offers.expire_offers(SYSTEM)


def _states() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(Offer.state)))


def _accept(number: int) -> None:
    with writing():
        offers.answer_offer(known(f"c{number}@exemple.ma"), _reference(number), True)


def _reference(number: int) -> str:
    found = queries.mine(known(f"c{number}@exemple.ma"))[0].offer
    assert found is not None
    return found.reference


def test_held_seats_pass_to_nobody_and_their_people_still_answer(app: Flask) -> None:
    _intake, batch = decided(6, seats=3)
    deadline, reference = _offer(1).deadline, batch.reference
    _accept(3)
    with clock.at(deadline + LATER):
        desk = browser(app, known(MANAGER))
        page = desk.get(f"/staff/batches/{reference}").text
        assert "2 personnes n’ont pas répondu à temps" in page
        assert "Retenir ces places" in page and "Voir qui n’a pas répondu" in page
        assert (
            "2 places sont retenues"
            in desk.post(f"/staff/batches/{reference}/hold", follow_redirects=True).text
        )
        page = desk.post(f"/staff/batches/{reference}/hold", follow_redirects=True).text
        assert "Aucune" not in page and "0 place est retenue." in page, "the second click finds none"
        assert "2 places sont retenues par l’équipe" in page and "à temps" not in page
    assert _expire(deadline + timedelta(days=40)) == 0
    with clock.at(deadline + timedelta(days=40)):
        page = browser(app, known("c1@exemple.ma")).get(f"/my/offers/{_offer(1).reference}").text
        assert "votre place est retenue" in page
        _accept(1)
    assert _states() == ["accepted", "accepted", "sent"]
    reference = _offer(2).reference
    with clock.at(deadline + timedelta(days=41)), writing():
        changes.let_go(known(MANAGER), reference)
        changes.let_go(known(MANAGER), reference)
    assert _expire(deadline + timedelta(days=41)) == 1
    assert _states() == ["accepted", "accepted", "expired", "sent"], "the seat passed on once it was let go"


def test_one_offer_is_held_on_its_page_and_extended_or_let_go(app: Flask) -> None:
    decided(4, seats=2)
    offer = _offer(1)
    deadline, reference = offer.deadline, offer.reference
    desk = browser(app, known(MANAGER))
    assert "Retenir la place" not in desk.get(f"/staff/offers/{reference}").text, "it waits by itself"
    with clock.at(deadline + LATER):
        assert "Retenir la place" in desk.get(f"/staff/offers/{reference}").text
        page = desk.post(f"/staff/offers/{reference}/hold", follow_redirects=True).text
        assert "Ne plus la retenir" in page and "Envoyer un rappel" in page
        until = clock.local(deadline).date() + timedelta(days=5)
        desk.post(f"/staff/offers/{reference}/extend", data={"until": until.isoformat()})
    assert _offer(1).held_at is None, "it has a deadline again"
    assert _expire(clock.instant(until, 18) + GRACE) == 2


def test_an_offer_that_lapsed_or_was_answered_is_held_by_nobody() -> None:
    decided(4, seats=2)
    manager, deadline = known(MANAGER), _offer(1).deadline
    references = [_offer(1).reference, _offer(2).reference]
    version = _offer(1).version
    _accept(2)
    for reference, moment in ((references[0], deadline + GRACE), (references[1], deadline)):
        with clock.at(moment), pytest.raises(Refused, match="n’attend plus de réponse"), writing():
            changes.hold_back(manager, reference)
    with pytest.raises(Stale), writing():
        changes.hold_back(manager, references[0], version + 1)
    with pytest.raises(NotFound), writing():
        changes.hold_back(known("c1@exemple.ma"), references[0])
    assert _offer(1).held_at is None and _offer(2).held_at is None


def test_those_who_may_hold_find_it_on_their_first_page(app: Flask) -> None:
    intake, batch = decided(5, seats=2)
    deadline = _offer(1).deadline
    manager = known(MANAGER)
    assert lapsing(manager) == []
    with clock.at(deadline + LATER):
        with counted() as seen:
            [(found, reference, number, first)] = lapsing(manager)
        assert (found.id, reference, number, first) == (intake.id, batch.reference, 2, deadline)
        assert len(seen) <= 2
        assert "2 places sans réponse à temps s’éteignent" in browser(app, manager).get("/staff").text
        told = late_in(db.session.get_one(Batch, batch.id))
        assert (told.late, told.lapses_at, told.held) == (2, deadline + GRACE, 0)
        with pytest.raises((NotFound, NotPermitted)), writing():
            changes.hold_all_back(known("c1@exemple.ma"), batch.reference)
        with writing():
            assert changes.hold_all_back(known(ADMINISTRATOR), batch.reference) == 2
        assert lapsing(manager) == []
    with clock.at(deadline + GRACE):
        assert lapsing(manager) == []
