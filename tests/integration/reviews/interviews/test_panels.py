"""A panel sees its day in order with what people need, marks who came, and finds its days in a calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.interviews import tasks
from cohortmgr.reviews.interviews.actions import attendance, booking, needs
from cohortmgr.reviews.interviews.models import AccessRequest
from cohortmgr.reviews.interviews.rules import BookingState
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.models import PhaseResult
from cohortmgr.reviews.reading import actions as reading
from tests.factories.choices import browser
from tests.integration.reviews.interviews.heard import (
    PHASE,
    a_day,
    booking_of,
    candidate,
    file_of,
    heard,
    plan,
    slots,
    taken,
)
from tests.integration.reviews.interviews.test_booking import book, letters

pytestmark = pytest.mark.usefixtures("system_context")


def states() -> list[str]:
    rows = sa.select(Review.state).where(Review.phase == PHASE).order_by(Review.id)
    return list(db.session.scalars(rows))


def events(action: str) -> int:
    counted = sa.select(sa.func.count()).select_from(Event).where(Event.action == action)
    return db.session.scalar(counted) or 0


def test_who_does_not_come_is_absent_and_it_is_taken_back() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    reference, mine = day.reference, booking_of(1).reference
    with pytest.raises(Refused, match="le jour même"), writing():
        attendance.mark(panel[0], reference, mine, BookingState.NO_SHOW)
    with clock.at(slots(day)[0].starts_at):
        with writing():
            attendance.mark(panel[0], reference, mine, BookingState.NO_SHOW)
        assert [each.absent for each in db.session.scalars(sa.select(PhaseResult))] == [True]
        assert states() == ["recalled", "recalled"]
        with pytest.raises(Refused, match="pas possible"), writing():  # another device, another mark
            attendance.mark(panel[1], reference, mine, BookingState.ARRIVED)
        with writing():
            attendance.mark(panel[1], reference, mine, BookingState.BOOKED)
        assert not db.session.scalars(sa.select(PhaseResult)).all() and states() == ["assigned", "assigned"]
        with writing():
            attendance.mark(panel[1], reference, mine, BookingState.ARRIVED)
        with writing():
            attendance.mark(panel[0], reference, mine, BookingState.ARRIVED)  # twice is once
        assert events("interviews.mark") == 3
    with pytest.raises(NotFound), writing():
        attendance.mark(candidate(1), reference, mine, BookingState.ARRIVED)


def test_staff_give_another_slot_to_who_did_not_come() -> None:
    intake, manager, panel = heard()
    day, other = a_day(intake, manager, panel), a_day(intake, manager, panel, plan(8))
    first = slots(day)[0]
    book(1, first.reference)
    with clock.at(first.starts_at):
        with writing():
            attendance.mark(manager, day.reference, booking_of(1).reference, BookingState.NO_SHOW)
        with pytest.raises(Refused, match="seule l’équipe"):
            book(1, slots(other)[0].reference)
        with writing():
            booking.place(manager, intake.reference, "MDIA-000001", slots(other)[0].reference)
    assert booking_of(1).state == "booked" and (taken(day), taken(other)) == ([0, 0, 0], [1, 0, 0])
    assert not db.session.scalars(sa.select(PhaseResult)).all() and states() == ["assigned", "assigned"]


def test_the_panel_marks_in_the_cockpit_and_what_was_handed_in_stays() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    mine = db.session.scalars(
        sa.select(Review).where(Review.phase == PHASE, Review.reviewer_id == panel[0].person_id)
    ).one()
    with writing():
        reading.score(panel[0], mine.reference, {"expression": 4})
    assert reviews.get_for(manager, mine.reference).total_thousandths == 16_000
    with writing():
        booking.call_off(manager, booking_of(1).reference, "Un imprévu")
    assert sorted(states()) == ["recalled", "submitted"]


def test_needs_reach_the_panel_and_nobody_else_and_reading_them_is_noted_once_a_day(app: Flask) -> None:
    intake, manager, panel = heard(panel=3)
    day = a_day(intake, manager, panel[:2])
    book(1, slots(day)[0].reference)
    with writing():
        needs.say_needs(candidate(1), file_of(1).reference, ["wheelchair"], "Rampe au portail")
    sealed = db.session.scalars(sa.select(AccessRequest.sealed)).one()
    assert b"Rampe" not in sealed
    address = f"/staff/interviews/{day.reference}"
    shown = browser(app, panel[0]).get(address).text
    assert "fauteuil roulant" in shown and "Rampe au portail" in shown
    assert "Rampe" not in browser(app, manager).get(address).text
    assert browser(app, panel[2]).get(address).status_code == 404
    browser(app, panel[0]).get(address)
    assert events("interviews.read_needs") == 1
    with writing():
        needs.say_needs(candidate(1), file_of(1).reference, ["wheelchair"], "Rampe de côté")
    browser(app, panel[0]).get(address)
    assert events("interviews.read_needs") == 2
    assert "Rampe de côté" in browser(app, candidate(1)).get(f"/my/interviews/{file_of(1).reference}").text


def test_a_day_is_marked_on_its_page(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    mine, address = booking_of(1).reference, f"/staff/interviews/{day.reference}"
    page = browser(app, panel[0])
    early = page.post(f"{address}/mark", data={"booking": mine, "to": "arrived"})
    assert early.status_code == 200 and "le jour même" in early.text
    assert page.post(f"{address}/mark", data={"booking": mine, "to": "nonsense"}).status_code == 302
    assert page.post(f"{address}/mark", data={"booking": "x", "to": "arrived"}).status_code == 404
    assert booking_of(1).state == "booked"


def test_a_feed_shows_numbers_alone_until_it_is_revoked(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    page = browser(app, panel[0])
    shown = page.post("/staff/interviews/feed").text
    address = shown.partition('class="address">')[2].partition("<")[0]
    path = "/interviews/" + address.rpartition("/interviews/")[2]
    anybody = app.test_client()
    calendar = anybody.get(path)
    assert calendar.status_code == 200 and calendar.mimetype == "text/calendar"
    assert "MDIA-000001" in calendar.text and "Une N1" not in calendar.text
    assert calendar.headers["Cache-Control"] == "no-store"
    again = page.post("/staff/interviews/feed").text.partition('class="address">')[2].partition("<")[0]
    assert anybody.get(path).status_code == 404
    other = "/interviews/" + again.rpartition("/interviews/")[2]
    assert anybody.get(other).status_code == 200
    assert page.post("/staff/interviews/feed/revoke").status_code == 302
    assert anybody.get(other).status_code == 404
    assert anybody.get("/interviews/nonsense.ics").status_code == 404
    assert browser(app, manager).post("/staff/interviews/feed").status_code == 404


def test_tomorrow_is_told_once_to_who_comes_and_to_the_panel_in_the_evening() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, _three = slots(day)
    book(1, one.reference)
    eve = day.day - timedelta(days=1)
    with clock.at(clock.instant(eve, 8, 59)):
        assert tasks.remind(lambda: False) == 0
    with clock.at(clock.instant(eve, 9)):
        assert tasks.remind(lambda: False) == 1
        assert tasks.remind(lambda: False) == 0
        with writing():
            booking.place(manager, intake.reference, "MDIA-000002", two.reference)
        assert tasks.remind(lambda: False) == 0  # chosen since: told just then
    with clock.at(clock.instant(eve, 17)):
        assert tasks.remind(lambda: False) == 2
        tasks.remind(lambda: False)
    assert len(letters("slot_tomorrow")) == 1 and len(letters("panel_tomorrow")) == 2
    with clock.at(clock.instant(day.day, 8)):
        assert tasks.remind(lambda: False) == 0


def test_a_file_that_is_put_aside_leaves_its_slot_to_others() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        file_of(1).state = "superseded"
    assert tasks.free(lambda: False) == 1 and taken(day) == [0, 0, 0]
    assert tasks.free(lambda: False) == 0
