"""One person is at one place at a time, whatever file they come with; and a letter asks only who may still choose."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import Consent
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.interviews.actions import booking, needs
from cohortmgr.reviews.interviews.actions import days as acts
from cohortmgr.reviews.interviews.queries import engagements, own, reminders
from tests.factories.choices import browser, someone
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
    with_interview,
)
from tests.integration.reviews.interviews.test_booking import book

pytestmark = pytest.mark.usefixtures("system_context")
JUNIOR = "ai-master-junior"


def same_address() -> None:
    """Let files 1 and 2 be of one human being, who stands in two rows of persons."""
    with writing():
        address = db.session.get_one(Person, file_of(1).person_id).email
        db.session.get_one(Person, file_of(2).person_id).email = address


def test_nobody_has_two_slots_at_one_hour_and_the_office_may_give_them() -> None:
    intake, manager, panel = heard()
    one, two = a_day(intake, manager, panel[:1]), a_day(intake, manager, panel[1:])
    same_address()
    book(1, slots(one)[0].reference)
    with pytest.raises(Refused, match="déjà pris à cette heure") as caught:
        book(2, slots(two)[0].reference)
    assert caught.value.problems[0].values == {
        "intake": dict(intake.title), "moment": slots(one)[0].starts_at,
    }  # fmt: skip
    (mine,) = own.appointments_of(file_of(2), intake)
    hours = [row[0].starts_at for row in mine.free]
    assert slots(one)[0].starts_at not in hours and slots(one)[1].starts_at in hours
    with pytest.raises(Refused, match="déjà pris à cette heure"), writing():
        booking.place(manager, intake.reference, "MDIA-000002", slots(two)[0].reference)
    assert taken(two) == [0, 0, 0]
    book(2, slots(two)[1].reference)  # it begins when the other ends
    with writing():
        booking.place(manager, intake.reference, "MDIA-000002", slots(two)[0].reference, anyway=True)
    assert taken(two) == [1, 0, 0]
    book(1, slots(one)[2].reference)  # away from the clash
    with writing():
        booking.give_back(candidate(1), file_of(1).reference, PHASE)
    assert engagements.engagements_of(file_of(2), PHASE) == []


def test_of_two_files_of_one_person_at_one_moment_one_gets_the_hour(app: Flask) -> None:
    intake, manager, panel = heard()
    one, two = a_day(intake, manager, panel[:1]), a_day(intake, manager, panel[1:])
    same_address()
    first, second = slots(one)[0].reference, slots(two)[0].reference
    files = {number: file_of(number).reference for number in (1, 2)}
    people = {number: candidate(number) for number in (1, 2)}
    db.session.rollback()

    def meanwhile() -> str:
        with app.app_context():
            see((), people[2].person_id)
            with pytest.raises(Refused) as caught, writing():
                booking.book(people[2], files[2], second)
        return str(caught.value)

    with ThreadPoolExecutor(1) as other:
        with writing():
            booking.book(people[1], files[1], first)
            db.session.flush()
            waiting = other.submit(meanwhile)
            time.sleep(0.5)
        assert "déjà pris à cette heure" in waiting.result(20)
    assert (taken(one), taken(two)) == ([1, 0, 0], [0, 0, 0])


def test_the_slot_behind_counts_too() -> None:
    intake, manager, panel = heard()
    one, two = a_day(intake, manager, panel[:1]), a_day(intake, manager, panel[1:])
    same_address()
    book(1, slots(one)[1].reference)
    with writing():
        needs.say_needs(candidate(2), file_of(2).reference, ["extra_time"], "")
    with pytest.raises(Refused, match="déjà pris à cette heure"):
        book(2, slots(two)[0].reference)
    with writing():
        needs.say_needs(candidate(2), file_of(2).reference, [], "")
    book(2, slots(two)[0].reference)
    with writing():
        assert needs.say_needs(candidate(2), file_of(2).reference, ["extra_time"], "") is False
    assert booking_of(2).more_slot_id is None and taken(two) == [1, 0, 0]


def test_children_who_share_their_mothers_address_are_two_people() -> None:
    intake, manager, panel = heard()
    one = a_day(intake, manager, panel[:1])
    same_address()
    book(1, slots(one)[0].reference)
    assert len(engagements.engagements_of(file_of(2), PHASE)) == 1
    with writing():
        file_of(2).consent = Consent.GIVEN.value
    assert engagements.engagements_of(file_of(2), PHASE) == []


def test_a_slot_in_another_institution_is_known_to_its_person(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    with writing():
        programmes.load_definition(SYSTEM, with_interview(read_known(JUNIOR)))
    other = intake_of(JUNIOR, "2027")
    assert other.institution_id != intake.institution_id
    first = file_of(1)
    with writing():
        file = Application(
            reference=new_reference(),
            institution_id=other.institution_id,
            intake_id=other.id,
            version_id=other.definition_version_id,
            person_id=first.person_id,
            number="JUNIOR-000001",
            state="submitted",
            eligible=True,
            language="fr",
            answers={},
            reasons=[],
            name=first.name,
            email=first.email,
            created_at=first.created_at,
            updated_at=first.updated_at,
            sent_at=first.sent_at,
        )
        db.session.add(file)
    junior = someone(other, Role.SELECTION_MANAGER, "junior")
    there = a_day(other, junior, [someone(other, Role.REVIEWER, "r-junior")])
    mine = browser(app, candidate(1))
    theirs = slots(there)[0].reference
    answer = mine.post(f"/my/interviews/{file.reference}/book", data={"slot": theirs})
    assert answer.status_code == 302 and taken(there) == [1, 0, 0]
    address = f"/my/interviews/{first.reference}"
    assert slots(day)[0].reference not in mine.get(address).text
    late = mine.post(f"{address}/book", data={"slot": slots(day)[0].reference})
    assert late.status_code == 409 and "déjà pris à cette heure" in late.text
    assert taken(day) == [0, 0, 0]


def test_a_letter_that_asks_for_a_slot_holds_only_for_who_is_still_in_the_phase() -> None:
    intake, manager, panel = heard(4)
    day = a_day(intake, manager, panel)
    asked = [{"reference": file_of(number).reference, "phase": PHASE} for number in (1, 2, 3, 4)]
    assert reminders.still_without(asked) == [True] * 4
    book(1, slots(day)[0].reference)
    with writing():
        sending.withdraw(candidate(2), file_of(2).reference)
        file_of(3).state = "superseded"
        file_of(4).consent = Consent.WITHDRAWN.value
    nobody = {"reference": "0" * 26, "phase": PHASE}
    gone = {"reference": asked[0]["reference"], "phase": "autre"}
    assert reminders.still_without([*asked, nobody, gone]) == [False] * 6


def test_a_letter_that_asks_for_a_slot_does_not_hold_before_anybody_went_on() -> None:
    heard(goes_on=2)
    assert reminders.still_without([{"reference": file_of(1).reference, "phase": PHASE}]) == [False]


def test_a_calendar_takes_a_slot_that_moved(app: Flask) -> None:
    intake, manager, panel = heard()
    day, other = a_day(intake, manager, panel), a_day(intake, manager, panel, plan(8))
    book(1, slots(day)[0].reference)
    address = f"/my/interviews/{booking_of(1).reference}/slot.ics"

    def sequence() -> int:
        text = browser(app, candidate(1)).get(address).text
        said = text.replace("\r\n ", "").partition("DESCRIPTION:Heure de Casablanca")[2].splitlines()[0]
        assert "9\xa0h" in said, said
        return int(text.partition("SEQUENCE:")[2].split()[0])

    for room in "567":
        with writing():
            acts.change_day(manager, day.reference, plan(room=room), [panel[0].person_reference or ""], None)
    before = sequence()
    book(1, slots(other)[0].reference)
    assert sequence() > before
