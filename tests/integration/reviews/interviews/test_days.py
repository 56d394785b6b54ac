"""Days are made with their slots and panels, changed while nobody loses a slot, and cancelled with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused, Stale
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.reviews.interviews.actions import booking, reminding
from cohortmgr.reviews.interviews.actions import days as acts
from cohortmgr.reviews.interviews.models import InterviewSlot
from cohortmgr.reviews.interviews.queries import days
from cohortmgr.reviews.interviews.timetable import DaySpan
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
from tests.integration.reviews.interviews.test_booking import book, letters
from tests.integration.reviews.interviews.test_hearing import bar

pytestmark = pytest.mark.usefixtures("system_context")


def names(*people: object) -> list[str]:
    return [str(each.person_reference) for each in people]  # type: ignore[attr-defined]


def test_a_day_has_its_slots_in_local_time() -> None:
    intake, manager, panel = heard()
    day = a_day(
        intake, manager, panel, plan(breaks=(DaySpan(570, 580),), hours=DaySpan(540, 1440), length=120)
    )
    local = [(clock.local(each.starts_at), clock.local(each.ends_at)) for each in slots(day)]
    assert f"{local[0][0]:%H:%M}" == "09:40" and {begins.date() for begins, _ in local} == {day.day}
    last = local[-1][1]
    assert last <= clock.local(clock.instant(day.day)).replace(hour=23, minute=59) or last.hour == 0


def test_who_is_on_two_panels_at_once_is_named_and_others_are_refused() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel[:1])
    with pytest.raises(Refused, match="autre jury") as caught:
        a_day(intake, manager, panel, plan(hours=DaySpan(600, 700)))
    assert [each.values["name"] for each in caught.value.problems] == ["Une r0"]
    a_day(intake, manager, panel, plan(hours=DaySpan(630, 700)))  # it begins when the other ends
    a_day(intake, manager, panel, plan(8))
    with pytest.raises(Refused, match="évaluent dans ce programme"):
        a_day(intake, manager, [manager])
    with pytest.raises(NotPermitted):
        a_day(intake, panel[0], panel)
    with writing():  # its own hours are no clash
        acts.change_day(manager, day.reference, plan(room="Salle 5"), names(panel[0]), day.version)


def test_a_change_keeps_every_slot_that_is_taken() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel[:1])
    _one, two, _three = slots(day)
    book(1, two.reference)
    for changed, said in (
        (plan(length=45), "enlèvent un créneau"),
        (plan(hours=DaySpan(540, 570)), "enlèvent un créneau"),
        (plan(8), "la date ne change plus"),
    ):
        with pytest.raises(Refused, match=said), writing():
            acts.change_day(manager, day.reference, changed, names(panel[0]), None)
    with writing():
        acts.change_day(
            manager, day.reference, plan(hours=DaySpan(570, 660), places=3), names(panel[1]), day.version
        )
    found = slots(day)
    assert [each.taken for each in found if each.places] == [1, 0, 0] and found[0].id == two.id
    assert booking_of(1).slot_id == two.id and not letters("slot_changed")
    held = {
        each.reviewer_id: each.state
        for each in db.session.scalars(sa.select(Review).where(Review.phase == PHASE))
    }
    assert held == {panel[0].person_id: "recalled", panel[1].person_id: "assigned"}
    with pytest.raises(Stale), writing():
        acts.change_day(manager, day.reference, plan(), names(panel[1]), 1)


def test_another_place_is_told() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        acts.change_day(
            manager, day.reference, plan(remote=True, link="https://meet.exemple.ma/a"), names(*panel), None
        )
    (letter,) = letters("slot_changed")
    content = content_of(letter)
    assert content is not None and content["variables"]["place"] == "https://meet.exemple.ma/a"


def test_a_cancelled_day_frees_its_people_and_tells_them_why() -> None:
    intake, manager, panel = heard()
    day, other = a_day(intake, manager, panel), a_day(intake, manager, panel, plan(8))
    book(1, slots(day)[0].reference)
    book(2, slots(day)[1].reference)
    with pytest.raises(Refused, match="motif"), writing():
        acts.cancel_day(manager, day.reference, "   ")
    with writing():
        assert acts.cancel_day(manager, day.reference, "Le jury est empêché") == 2
    with writing():
        assert acts.cancel_day(manager, day.reference, "Encore") == 0
    assert taken(day) == [0, 0, 0] and booking_of(1).state == "called_off"
    told = [content_of(each) for each in letters("slot_called_off")]
    assert [each and each["variables"]["reason"] for each in told] == ["Le jury est empêché"] * 2
    with pytest.raises(Refused, match="annulée"):
        book(1, slots(day)[0].reference)
    book(1, slots(other)[0].reference)
    assert booking_of(1).state == "booked"


def test_who_has_no_slot_is_asked_once_a_day() -> None:
    intake, manager, panel = heard()
    with pytest.raises(Refused, match="Aucun créneau"), writing():
        reminding.ask_for_slots(manager, intake.reference, PHASE)
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        assert reminding.ask_for_slots(manager, intake.reference, PHASE) == 2
    with pytest.raises(Refused, match="déjà été relancées"), writing():
        reminding.ask_for_slots(manager, intake.reference, PHASE)
    phase = days.phase_of(intake, PHASE)
    assert days.count_without_slot(intake, phase) == 2
    with clock.at(clock.now() + timedelta(days=1)), writing():
        assert reminding.ask_for_slots(manager, intake.reference, PHASE) == 2
    assert len(letters("slot_awaited")) == 4


def test_staff_place_somebody_by_hand_and_call_a_slot_off() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    one, two, _three = slots(day)
    with pytest.raises(Refused, match="n’a ce numéro"), writing():
        booking.place(manager, intake.reference, "MDIA-999999", one.reference)
    with pytest.raises(NotPermitted), writing():
        booking.place(panel[0], intake.reference, "MDIA-000001", one.reference)
    with clock.at(one.starts_at - (one.ends_at - one.starts_at)), writing():  # too late for people themselves
        booking.place(manager, intake.reference, " mdia-000001 ", two.reference)
    assert taken(day) == [0, 1, 0]
    with writing():
        booking.call_off(manager, booking_of(1).reference, "Un imprévu")
    assert taken(day) == [0, 0, 0] and booking_of(1).state == "called_off"
    assert len(letters("slot_called_off")) == 1


def test_the_pages_make_change_and_cancel_a_day(app: Flask) -> None:
    intake, manager, panel = heard()
    page = browser(app, manager)
    base = f"/staff/intakes/{intake.reference}/interviews"
    assert "Aucune journée" in page.get(base).text
    given = {
        "phase": PHASE, "day": plan().day.isoformat(), "begins": "09:00", "ends": "10:30", "length": "30",
        "places": "1", "where": "place", "address": "Rabat", "move_until": "24", "readers": names(*panel),
    }  # fmt: skip
    wrong = page.post(f"{base}/new", data={**given, "length": "0", "address": "", "begins": "x"})
    assert wrong.status_code == 200 and "Écrivez une heure" in wrong.text
    alone = page.post(f"{base}/new", data={**given, "break1_begins": "09:15"})
    assert "Une pause commence et finit" in alone.text
    assert "Une pause" in page.post(f"{base}/new", data={**given, "break1_ends": "09:15"}).text
    assert (
        "évaluent dans ce programme" in page.post(f"{base}/new", data={**given, "readers": ["x" * 99]}).text
    )
    made = page.post(f"{base}/new", data=given)
    assert made.status_code == 302
    reference = made.location.rpartition("/")[2]
    assert "3 places libres" in page.get(f"/staff/interviews/{reference}").text
    assert page.get(base).text.count("Ouverte") == 1
    change = page.get(f"/staff/interviews/{reference}/change").text
    assert 'value="09:00"' in change and change.count(" checked") >= 3
    stale = {**given, "version": "9"}
    assert page.post(f"/staff/interviews/{reference}/change", data=stale).status_code == 409
    assert (
        page.post(f"/staff/interviews/{reference}/change", data={**given, "version": "1"}).status_code == 302
    )
    assert "MDIA-000003" in page.get(f"{base}/waiting").text
    assert page.post(f"{base}/ask", data={"phase": PHASE}).status_code == 302
    assert "relancées aujourd’hui" in page.get(f"{base}/waiting").text
    slot = db.session.scalars(sa.select(InterviewSlot.reference)).first()
    placed = page.post(f"{base}/place", data={"number": "MDIA-000001", "slot": slot or ""})
    assert placed.status_code == 302 and "MDIA-000001" in page.get(f"/staff/interviews/{reference}").text
    assert (
        "Choisissez un créneau" in page.post(f"{base}/place", data={"number": "MDIA-000001", "slot": ""}).text
    )
    asked = page.get(f"/staff/interviews/{reference}/cancel").text
    assert "1 personne perd son créneau" in asked
    done = page.post(f"/staff/interviews/{reference}/cancel", data={"reason": "Grève"})
    assert done.status_code == 302 and "Grève" in page.get(f"/staff/interviews/{reference}").text
    assert browser(app, candidate(1)).get(base).status_code == 404
    assert db.session.scalars(sa.select(Message).where(Message.key == "slot_called_off")).one()
    assert file_of(1).number == "MDIA-000001"


def test_a_cancelled_day_has_no_places_and_the_tick_comes_only_where_something_is_passed_over(
    app: Flask,
) -> None:
    intake, manager, panel = heard(panel=2)
    day, off = a_day(intake, manager, panel[:1]), a_day(intake, manager, panel[1:], plan(8))
    with writing():
        acts.cancel_day(manager, off.reference, "Le jury est empêché")
    page, base = browser(app, manager), f"/staff/intakes/{intake.reference}/interviews"
    total = page.get(base).text.partition("<tfoot>")[2]
    assert "2 journées" in total and "0 / 3" in total, total
    one = slots(day)[0].reference
    bar(manager, intake, panel[0], 1)
    empty = page.post(f"{base}/place", data={"number": "MDIA-000001", "slot": ""}).text
    assert "Choisissez un créneau." in empty and "quand même" not in empty
    refused = page.post(f"{base}/place", data={"number": "MDIA-000001", "slot": one}).text
    assert "ne peut pas noter" in refused and "Donner ce créneau quand même" in refused
    given = page.post(f"{base}/place", data={"number": "MDIA-000001", "slot": one, "anyway": "y"})
    assert given.status_code == 302 and taken(day) == [1, 0, 0]
