"""Who hears whom: nobody marks whom they know, whose role has ended hears nobody, and no mistake loses a draft."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.interviews import tasks
from cohortmgr.reviews.interviews.actions import attendance, booking, needs
from cohortmgr.reviews.interviews.actions import days as acts
from cohortmgr.reviews.interviews.queries import hearing, panels, reminders
from cohortmgr.reviews.interviews.rules import BookingState
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
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


def names(*people: Viewer) -> list[str]:
    return [each.person_reference or "" for each in people]


def reading_of(viewer: Viewer, phase: str = PHASE) -> Review:
    wanted = sa.select(Review).where(Review.phase == phase, Review.reviewer_id == viewer.person_id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def reading_of_file(viewer: Viewer, number: int) -> Review:
    mine = (Review.reviewer_id == viewer.person_id, Review.application_id == file_of(number).id)
    return db.session.scalars(sa.select(Review).where(*mine, Review.phase == PHASE)).one()


def drafted(viewer: Viewer) -> tuple[str, dict[str, int], str]:
    found = reading_of(viewer)
    return found.state, found.scores, found.comment


def bar(manager: Viewer, intake: Intake, reader: Viewer, number: int) -> None:
    with writing():
        knowing.bar(manager, intake.reference, names(reader)[0], [f"MDIA-{number:06d}"])


def suspend(viewer: Viewer, *, again: bool = False) -> None:
    with writing():
        account = db.session.scalars(sa.select(Account).where(Account.person_id == viewer.person_id)).one()
        account.suspended_at = None if again else clock.now()


SAID = ("drafted", {"expression": 3}, "Voix claire")


def test_what_a_juror_drafted_is_theirs_again_after_each_mistake() -> None:
    intake, manager, panel = heard(panel=3)
    day, other = a_day(intake, manager, panel[:2]), a_day(intake, manager, panel[2:], plan(8))
    one, two, _three = slots(day)
    book(1, one.reference)
    with writing():
        reading.draft(panel[1], reading_of(panel[1]).reference, SAID[1], SAID[2])
    mine = booking_of(1).reference
    with clock.at(one.starts_at):
        for wrong in (BookingState.NO_SHOW, BookingState.BOOKED):
            with writing():
                attendance.mark(panel[0], day.reference, mine, wrong)
            if wrong is BookingState.NO_SHOW:
                assert drafted(panel[1])[0] == "recalled"
    assert drafted(panel[1]) == SAID, "an absence that was tapped by mistake"
    with writing():
        acts.change_day(manager, day.reference, plan(), names(panel[0]), None)
    assert drafted(panel[1])[0] == "recalled"
    with writing():
        acts.change_day(manager, day.reference, plan(), names(*panel[:2]), None)
    assert drafted(panel[1]) == SAID, "a member who was dropped"
    book(1, slots(other)[0].reference)
    assert drafted(panel[1])[0] == "recalled"
    book(1, two.reference)
    assert drafted(panel[1]) == SAID and reading_of(panel[1]).earlier == [], "a slot that moved"
    with writing():
        reading.score(panel[1], reading_of(panel[1]).reference, {"expression": 4})
    assert reading_of(panel[1]).total_thousandths == 16_000


def test_whom_a_panel_hears_waits_for_marks_once_they_came_and_is_no_file_to_read(app: Flask) -> None:
    intake, manager, panel = heard(panel=2)
    day = a_day(intake, manager, panel)
    one, two, _three = slots(day)
    book(1, one.reference)
    book(2, two.reference)
    page = browser(app, panel[0])
    before = page.get("/staff").text
    assert "2 personnes à recevoir" in before
    assert "à lire" not in before and "entretiens à noter" not in before and "entretien à noter" not in before
    with clock.at(two.starts_at):
        assert "2 entretiens à noter" in page.get("/staff").text
        with writing():
            reading.score(panel[0], reading_of_file(panel[0], 1).reference, {"expression": 4})
        after = page.get("/staff").text
        assert "1 entretien à noter" in after and f"/staff/interviews/{day.reference}" in after
        assert "à lire" not in after


def test_the_queue_tells_files_and_interviews_apart_and_leads_to_files_alone(app: Flask) -> None:
    intake, manager, panel = heard(panel=2)
    with writing():
        sharing.assign(manager, intake.reference)
    files = len(own.queue(panel[0]))
    book(1, slots(a_day(intake, manager, panel))[0].reference)
    rows = own.queue(panel[0])
    interview = next(row for row in rows if row.phase == PHASE)
    assert len(rows) == files + 1
    shown = browser(app, panel[0]).get("/staff/reviews").text
    assert f"{files} dossiers à lire" in shown and shown.count("À noter") == 1
    way = f"/staff/intakes/{intake.reference}/reviews/readers/{panel[0].person_reference}/readings"
    listed = browser(app, manager).get(way).text
    assert listed.count("À noter") == listed.count("<small>Entretien</small>") == 1
    assert listed.count("<small>Étude du dossier</small>") == files
    assert shown.count('"Campagne">Entretien · ') == 1
    assert shown.count('"Campagne">Étude du dossier · ') == files
    with writing():
        for row in rows:
            if row.phase != PHASE:
                marks = dict.fromkeys(("resultats", "bases", "projet", "langues"), 3)
                reading.score(panel[0], row.reference, marks)
    done = browser(app, panel[0]).get("/staff/reviews").text
    assert "Lire le dossier suivant" not in done and interview.reference in done


def test_a_day_whose_panel_may_not_mark_somebody_is_not_theirs_to_choose(app: Flask) -> None:
    intake, manager, panel = heard(panel=3)
    day, other = a_day(intake, manager, panel[:1]), a_day(intake, manager, panel[1:], plan(8))
    one, second = slots(day)[0].reference, slots(other)[0].reference
    bar(manager, intake, panel[0], 1)
    bar(manager, intake, panel[1], 1)
    page = browser(app, candidate(1)).get(f"/my/interviews/{file_of(1).reference}").text
    assert one not in page and second in page
    assert one in browser(app, candidate(2)).get(f"/my/interviews/{file_of(2).reference}").text
    with pytest.raises(Refused, match="ne peut pas noter"):
        book(1, one)
    with pytest.raises(Refused, match="ne peut pas noter"), writing():
        booking.place(manager, intake.reference, "MDIA-000001", one)
    assert taken(day) == [0, 0, 0]
    phase = reviews.definition_of(intake).rubric.phase(PHASE)
    assert hearing.unheard_in(intake, phase) == []
    with writing():
        booking.place(manager, intake.reference, "MDIA-000001", one, anyway=True)
    assert taken(day) == [1, 0, 0]
    assert not db.session.scalars(sa.select(Review).where(Review.phase == PHASE)).all()
    assert hearing.unheard_in(intake, phase) == ["MDIA-000001"]
    shown = browser(app, manager).get(f"/staff/intakes/{intake.reference}/interviews").text
    assert "1 personne sans jury" in shown and "MDIA-000001" in shown


def test_a_panel_of_two_that_are_both_asked_for_hears_nobody_that_one_knows() -> None:
    intake, manager, panel = heard(readings=2)
    day = a_day(intake, manager, panel)
    bar(manager, intake, panel[0], 1)
    with pytest.raises(Refused, match="ne peut pas noter"):
        book(1, slots(day)[0].reference)
    book(2, slots(day)[0].reference)
    assert taken(day) == [1, 0, 0]


def test_who_knows_somebody_learns_nothing_of_their_slot_and_their_colleague_does(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    with writing():
        needs.say_needs(candidate(1), file_of(1).reference, ["wheelchair"], "Rampe au portail")
    bar(manager, intake, panel[0], 1)
    book(1, slots(day)[0].reference)
    book(2, slots(day)[1].reference)
    address = f"/staff/interviews/{day.reference}"
    page = browser(app, panel[0]).get(address).text
    for hidden in ("MDIA-000001", "Une N1", "Rampe", booking_of(1).reference):
        assert hidden not in page
    assert "MDIA-000002" in page and "vous la connaissez" in page
    page = browser(app, panel[1]).get(address).text
    assert "MDIA-000001" in page and "Rampe" in page and "Ne notent pas cette personne" in page
    assert "Ne notent pas cette personne" in browser(app, manager).get(address).text
    with clock.at(slots(day)[0].starts_at), pytest.raises(NotFound), writing():
        attendance.mark(panel[0], day.reference, booking_of(1).reference, BookingState.NO_SHOW)
    since = clock.today()
    assert [row.number for row in panels.calendar_rows(panel[0], since)] == ["MDIA-000002"]
    assert len(panels.calendar_rows(panel[1], since)) == 2


def test_who_still_reads_a_file_blind_sees_its_number_alone_on_the_day(app: Flask) -> None:
    intake, manager, panel = heard(hidden=(HiddenPart.AGE,))
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        by_hand.give_files(manager, intake.reference, names(panel[0])[0], ["MDIA-000001"])
    address = f"/staff/interviews/{day.reference}"
    page = browser(app, panel[0]).get(address).text
    assert "Une N1" not in page and "MDIA-000001" in page
    assert "Une N1" in browser(app, panel[1]).get(address).text
    assert HiddenPart.NAME in reviews.hidden_in(reading_of(panel[0]))
    assert reviews.hidden_in(reading_of(panel[1])) == {HiddenPart.AGE}
    blind = reading_of(panel[0], reviews.definition_of(intake).rubric.files.key)
    with writing():
        reading.score(panel[0], blind.reference, {"resultats": 4, "bases": 4, "projet": 4, "langues": 4})
    assert "Une N1" in browser(app, panel[0]).get(address).text
    assert reviews.hidden_in(reading_of(panel[0])) == {HiddenPart.AGE}


def test_whose_role_has_ended_hears_nobody_and_is_written_to_no_more(app: Flask) -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    with writing():
        reading.draft(panel[0], reading_of(panel[0]).reference, SAID[1], SAID[2])
    assert tasks.settle(lambda: False) == 0
    with clock.at(clock.instant(day.day - timedelta(days=1), 17)):
        tasks.remind(lambda: False)
        told = [content_of(each) for each in letters("panel_tomorrow")]
        asked = [each["variables"] for each in told if each is not None]
        assert len(asked) == 2 and reminders.panel_still_heard(asked) == [True, True]
    suspend(panel[0])
    assert reminders.panel_still_heard(asked) == [each["reader"] != names(panel[0])[0] for each in asked]
    assert tasks.settle(lambda: False) == 1 and tasks.settle(lambda: False) == 0
    assert [reading_of(each).state for each in panel] == ["recalled", "assigned"]
    address = f"/staff/interviews/{day.reference}"
    assert "ne peut plus entendre" in browser(app, manager).get(address).text
    (line,) = hearing.lacking_panels(manager, "reviews.assign")
    assert (line.day.id, line.people) == (day.id, 1)
    book(2, slots(day)[1].reference)
    rows = db.session.scalars(sa.select(Review).where(Review.application_id == file_of(2).id))
    assert [each.reviewer_id for each in rows] == [panel[1].person_id]
    suspend(panel[0], again=True)
    assert tasks.settle(lambda: False) == 2 and hearing.lacking_panels(manager, "reviews.assign") == []
    mine = sa.select(Review).where(Review.application_id == file_of(1).id)
    found = db.session.scalars(mine.where(Review.reviewer_id == panel[0].person_id)).one()
    assert (found.state, found.scores, found.comment) == SAID
    with writing():
        acts.cancel_day(manager, day.reference, "Le jury est empêché")
    assert reminders.panel_still_heard(asked) == [False, False]


def test_nobody_is_told_of_a_panel_once_their_role_has_ended() -> None:
    intake, manager, panel = heard()
    day = a_day(intake, manager, panel)
    book(1, slots(day)[0].reference)
    suspend(panel[0])
    with clock.at(clock.instant(day.day - timedelta(days=1), 17)):
        tasks.remind(lambda: False)
    (letter,) = letters("panel_tomorrow")
    assert letter.person_id == panel[1].person_id
