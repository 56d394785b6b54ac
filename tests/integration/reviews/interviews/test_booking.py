"""People book slots: the last place goes to one of two, a slot moves until its hour, and nothing is taken twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.reviews.interviews.actions import booking, needs
from cohortmgr.reviews.interviews.queries import reminders
from cohortmgr.reviews.interviews.rules import BookingState
from cohortmgr.reviews.models import Review
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

pytestmark = pytest.mark.usefixtures("system_context")


def book(number: int, slot: str) -> None:
    file = file_of(number).reference
    db.session.rollback()
    with writing():
        booking.book(candidate(number), file, slot)


def letters(key: str) -> list[Message]:
    return list(db.session.scalars(sa.select(Message).where(Message.key == key).order_by(Message.id)))


def test_a_slot_is_booked_told_and_read_by_the_panel() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    first, *_rest = slots(day)
    book(1, first.reference)
    assert taken(day) == [1, 0, 0] and booking_of(1).state == "booked"
    (letter,) = letters("slot_booked")
    content = content_of(letter)
    assert content is not None and content["variables"]["when"] == first.starts_at
    assert "Salle 4" in content["variables"]["place"]
    mine = db.session.scalars(sa.select(Review).where(Review.phase == PHASE)).all()
    assert {each.reviewer_id for each in mine} == {each.person_id for each in panel}
    assert {each.application_id for each in mine} == {file_of(1).id}
    book(1, first.reference)  # the same press again
    assert taken(day) == [1, 0, 0] and len(letters("slot_booked")) == 1


def test_of_two_who_want_the_last_place_one_gets_it_and_the_other_is_told(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    slot = slots(day)[0].reference
    files = {number: file_of(number).reference for number in (1, 2)}
    people = {number: candidate(number) for number in (1, 2)}
    db.session.rollback()

    def meanwhile() -> str:
        with app.app_context():
            see((), people[2].person_id)
            with pytest.raises(Refused) as caught, writing():
                booking.book(people[2], files[2], slot)
        return str(caught.value)

    with ThreadPoolExecutor(1) as other:
        with writing():
            booking.book(people[1], files[1], slot)
            db.session.flush()
            waiting = other.submit(meanwhile)
            time.sleep(0.5)
        assert "pris par quelqu’un d’autre" in waiting.result(20)
    assert taken(day) == [1, 0, 0] and booking_of(1).state == "booked"
    assert len(letters("slot_booked")) == 1


def test_two_devices_of_one_person_hold_one_slot(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, _three = (each.reference for each in slots(day))
    file, person = file_of(1).reference, candidate(1)
    db.session.rollback()

    def meanwhile() -> None:
        with app.app_context():
            see((), person.person_id)
            with writing():
                booking.book(person, file, two)

    with ThreadPoolExecutor(1) as other:
        with writing():
            booking.book(person, file, one)
            db.session.flush()
            waiting = other.submit(meanwhile)
            time.sleep(0.5)
        waiting.result(20)
    assert taken(day) == [0, 1, 0]


def test_a_slot_moves_and_is_given_back_until_its_hour() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, three = slots(day)
    book(1, one.reference)
    with clock.at(one.starts_at - timedelta(hours=24, minutes=1)):
        book(1, two.reference)
    assert taken(day) == [0, 1, 0] and len(letters("slot_changed")) == 1
    with clock.at(two.starts_at - timedelta(hours=24)), pytest.raises(Refused, match="ne change plus depuis"):
        book(1, three.reference)
    with clock.at(two.starts_at - timedelta(hours=24)), pytest.raises(Refused, match="ne se choisit plus"):
        book(2, two.reference)
    file = file_of(1).reference
    with (
        clock.at(two.starts_at - timedelta(hours=24)),
        pytest.raises(Refused, match="appelez-nous"),
        writing(),
    ):
        booking.give_back(candidate(1), file, PHASE)
    with clock.at(two.starts_at - timedelta(hours=25)), writing():
        booking.give_back(candidate(1), file, PHASE)
    assert taken(day) == [0, 0, 0] and booking_of(1).state == "cancelled"
    with writing():
        booking.give_back(candidate(1), file, PHASE)  # again
    assert {each.state for each in db.session.scalars(sa.select(Review).where(Review.phase == PHASE))} == {
        "recalled"
    }
    book(1, three.reference)
    assert taken(day) == [0, 0, 1] and booking_of(1).state == "booked"
    assert {each.state for each in db.session.scalars(sa.select(Review).where(Review.phase == PHASE))} == {
        "assigned"
    }


def test_a_moved_slot_goes_to_the_panel_of_its_day() -> None:
    intake, manager, panel = heard(panel=3)
    one = a_day(intake, manager, panel[:2])
    two = a_day(intake, manager, panel[2:], plan(8))
    book(1, slots(one)[0].reference)
    book(1, slots(two)[0].reference)
    found = {
        each.reviewer_id: each.state
        for each in db.session.scalars(sa.select(Review).where(Review.phase == PHASE))
    }
    assert found == {
        panel[0].person_id: "recalled", panel[1].person_id: "recalled", panel[2].person_id: "assigned",
    }  # fmt: skip


def test_strangers_and_files_of_another_phase_get_nothing() -> None:
    intake, manager, panel = heard(goes_on=2)
    day = a_day(intake, manager, panel)
    slot = slots(day)[0].reference
    with pytest.raises(Refused, match="pas dans cette phase"):
        book(1, slot)  # nobody went on yet
    with pytest.raises(NotFound), writing():
        booking.book(candidate(2), file_of(1).reference, slot)
    with pytest.raises(NotFound):
        book(1, "0" * 26)
    assert taken(day) == [0, 0, 0]


def test_more_time_takes_the_next_slot_too_or_is_refused() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, three = slots(day)
    file = file_of(1).reference
    with writing():
        assert needs.say_needs(candidate(1), file, ["extra_time", "nonsense"], "  Dyslexie ") is True
    book(1, one.reference)
    assert taken(day) == [1, 1, 0] and booking_of(1).more_slot_id == two.id
    with pytest.raises(Refused, match="second n’est pas libre"):
        book(1, three.reference)  # the last of the day has none behind it
    assert taken(day) == [1, 1, 0]
    with writing():
        assert needs.say_needs(candidate(1), file, [], "") is True
    assert taken(day) == [1, 0, 0] and booking_of(1).more_slot_id is None
    book(2, two.reference)
    with writing():
        assert needs.say_needs(candidate(1), file, ["extra_time"], "") is False
    assert taken(day) == [1, 1, 0]


def test_what_leaves_frees_its_slot() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        sending.withdraw(candidate(1), file_of(1).reference)
    assert taken(day) == [0, 0, 0] and booking_of(1).state == "cancelled"


def test_a_letter_holds_only_as_long_as_the_slot_does() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, _three = slots(day)
    book(1, one.reference)
    said = {"booking": booking_of(1).reference, "when": one.starts_at}
    assert reminders.still_booked([said]) == [True]
    book(1, two.reference)
    assert reminders.still_booked([said, {**said, "when": two.starts_at}]) == [False, True]
    with clock.at(two.starts_at):
        assert reminders.still_booked([{**said, "when": two.starts_at}]) == [False]


def test_the_page_books_moves_and_gives_back(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, _three = slots(day)
    file = file_of(1).reference
    page = browser(app, candidate(1))
    address = f"/my/interviews/{file}"
    assert "Réserver ce créneau" in page.get(address).text
    assert page.post(f"{address}/book", data={}).status_code == 422
    assert page.post(f"{address}/book", data={"slot": one.reference}).status_code == 302
    shown = page.get(address).text
    assert "Salle 4" in shown and "Prendre ce créneau à la place" in shown
    assert "Choisir un créneau" not in page.get(f"/my/applications/{file}").text
    reference = booking_of(1).reference
    file_text = page.get(f"/my/interviews/{reference}/slot.ics")
    assert file_text.mimetype == "text/calendar" and "LOCATION:12\\, avenue" in file_text.text
    assert browser(app, candidate(2)).get(f"/my/interviews/{reference}/slot.ics").status_code == 404
    book(2, two.reference)
    late = page.post(f"{address}/book", data={"slot": two.reference})
    assert late.status_code == 409 and "pris par quelqu’un d’autre" in late.text
    for hostile in ("' OR 1=1", "\u202e", "x" * 5000):
        assert page.post(f"{address}/book", data={"slot": hostile}).status_code in (404, 422)
    assert "Oui, je le rends" in page.get(f"{address}?cancel={PHASE}").text
    assert page.post(f"{address}/give-back", data={"phase": PHASE}).status_code == 302
    assert booking_of(1).state == BookingState.CANCELLED
    assert page.post(f"{address}/give-back", data={"phase": "autre"}).status_code == 404
    assert browser(app, candidate(2)).get(f"/my/interviews/{file}").status_code == 404


def test_nothing_is_said_of_an_interview_before_there_are_slots(app: Flask) -> None:
    intake, manager, panel = heard()
    file = file_of(1).reference
    page = browser(app, candidate(1))
    assert page.get(f"/my/interviews/{file}").status_code == 404
    assert "Entretien" not in page.get(f"/my/applications/{file}").text
    a_day(intake, manager, panel)
    assert "Choisir un créneau" in page.get(f"/my/applications/{file}").text
