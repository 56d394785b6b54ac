"""A discussion is told to whom it waits for, until each has said that their marks stand or has corrected them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand, sharing
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.reading.rules import earlier_of
from cohortmgr.selection.actions import decisions
from tests.factories.choices import browser, known, readers, sent, someone

KEYS = ("resultats", "bases", "projet", "langues")
pytestmark = pytest.mark.usefixtures("system_context")


def given_out(files: int = 1, people: int = 2) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    manager, found = someone(intake, Role.SELECTION_MANAGER), readers(intake, people)
    with writing():
        sharing.assign(manager, intake.reference)
    return intake, manager, found


def mine(viewer: Viewer, place: int = 0) -> str:
    return str(sorted(own.queue(viewer), key=lambda row: row.number)[place].reference)


def hand_in(viewer: Viewer, points: int, place: int = 0, comment: str = "") -> None:
    with writing():
        reading.score(viewer, mine(viewer, place), dict.fromkeys(KEYS, points), comment)


def apart(files: int = 1) -> tuple[Intake, Viewer, list[Viewer]]:
    """A file of which one reader thinks little and the other much, so that they discuss it."""
    intake, manager, (one, two) = given_out(files)
    hand_in(one, 1)
    hand_in(two, 4)
    return intake, manager, [one, two]


def waits_for(viewer: Viewer) -> list[int]:
    db.session.expire_all()
    return [row.number for row in discussions.open_of(viewer)]


def test_a_discussion_waits_for_both_until_each_has_said_a_word(app: Flask) -> None:
    intake, manager, (one, two) = apart(2)
    assert waits_for(one) == waits_for(two) == [1]
    for who in (one, two):
        page = browser(app, who)
        assert "1 discussion ouverte" in page.get("/staff").text
        assert page.get("/staff/reviews").text.count("En discussion") == 1
        assert "Garder mes notes" in page.get(f"/staff/reviews/{mine(who)}").text
    desk = browser(app, manager)
    gaps, overview = (
        f"/staff/intakes/{intake.reference}/reviews/gaps",
        f"/staff/intakes/{intake.reference}",
    )
    assert "a répondu" not in desk.get(gaps).text
    assert "En discussion" in desk.get(gaps).text and "1 discussion ouverte" in desk.get(overview).text
    assert browser(app, one).post(f"/staff/reviews/{mine(one)}/confirm").status_code == 302
    assert (waits_for(one), waits_for(two)) == ([], [1])
    assert "En discussion" not in browser(app, one).get("/staff/reviews").text
    assert "Discussion close pour vous" in browser(app, one).get(f"/staff/reviews/{mine(one)}").text
    assert desk.get(gaps).text.count("a répondu") == 1 and "1 discussion ouverte" in desk.get(overview).text
    with writing():
        reading.correct(two, mine(two), dict.fromkeys(KEYS, 2), "", "Relu")
    assert waits_for(two) == [] and discussions.open_in(intake) == 0
    assert "discussion" not in desk.get(overview).text
    assert "En discussion" not in desk.get(gaps).text, "the gap is closed and all have answered"


def test_marks_are_confirmed_by_their_reader_alone_once_and_only_in_a_discussion() -> None:
    intake, manager, (one, two) = apart(2)
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Event))
    with pytest.raises(NotFound), writing():
        reading.confirm(two, mine(one))
    with pytest.raises(NotPermitted), writing():
        reading.confirm(manager, mine(one))
    for _each in range(2):
        with writing():
            reading.confirm(one, mine(one))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == (before or 0) + 1
    with pytest.raises(Refused, match="rien à confirmer"), writing():
        reading.confirm(one, mine(one, 1))
    assert intake.reference


def test_a_third_reading_near_the_others_sees_nothing_and_is_not_shown(app: Flask) -> None:
    intake, manager, (one, two, three) = given_out(3, 3)
    number = own.queue(one)[0].number
    for who in (one, two, three):
        if number not in {row.number for row in own.queue(who)}:
            with writing():
                by_hand.give_files(manager, intake.reference, who.person_reference or "", [number])

    def of(viewer: Viewer) -> str:
        return str(next(row.reference for row in own.queue(viewer) if row.number == number))

    for who, points in ((one, 1), (three, 2), (two, 3)):  # 4, 8 and 12 of twenty; the limit is 4 points
        with writing():
            reading.score(who, of(who), dict.fromkeys(KEYS, points), f"Avis {points}")
    seen = {
        who: [each.total_thousandths for each in discussions.others_of(who, queries.get_for(who, of(who)))]
        for who in (one, two, three)
    }
    assert seen == {one: [12_000], two: [4_000], three: []}
    assert "Avis 2" not in browser(app, one).get(f"/staff/reviews/{of(one)}").text
    assert (waits_for(one), waits_for(two), waits_for(three)) == ([1], [1], [])


def test_a_reading_handed_in_anew_within_the_limit_settles_its_side() -> None:
    _intake, manager, (one, two) = apart()
    with writing():
        reading.reopen(manager, mine(one), "Barème lu de travers")
    assert (waits_for(one), waits_for(two)) == ([], [1]), "what is open again waits as a reading"
    hand_in(one, 4)
    assert (waits_for(one), waits_for(two)) == ([], [1])
    with writing():
        reading.reopen(manager, mine(one), "Encore")
    hand_in(one, 1)
    assert waits_for(one) == [1], "they lie apart once more"


def with_two_roles(intake: Intake, email: str) -> Viewer:
    """The reader also follows the readings of the intake."""
    with writing():
        account = db.session.get_one(Account, known(email).account_id)
        scope = ("programme", intake.path, intake.path, [intake.institution_id])
        accounts.grant(SYSTEM, account, Role.SELECTION_MANAGER, *scope)
    return known(email)


def test_who_follows_and_reads_undoes_nothing_once_they_may_see_others_marks(app: Flask) -> None:
    intake, _manager, (_one, two) = given_out()
    both = with_two_roles(intake, "r0@inpt.ma")
    hand_in(both, 2)
    assert own.last_undoable(own.queue(both), clock.now()) is not None, "nobody else has said anything yet"
    with writing():
        reading.undo(both, mine(both))
    hand_in(both, 2)
    hand_in(two, 2)
    assert own.last_undoable(own.queue(both), clock.now()) is None
    assert own.last_undoable(own.queue(two), clock.now()) is not None, "who only reads has seen nothing"
    with pytest.raises(Refused, match="Vous suivez les lectures"), writing():
        reading.undo(both, mine(both))
    page = browser(app, both)
    refused = page.post(f"/staff/reviews/{mine(both)}/undo").text
    assert "Corrigez vos notes, avec un motif" in refused and "Corriger mes notes" in refused
    with pytest.raises(Refused, match="Dites pourquoi"), writing():
        reading.correct(both, mine(both), dict.fromkeys(KEYS, 3), "", " ")
    with writing():
        found = reading.correct(both, mine(both), dict.fromkeys(KEYS, 3), "", "Relu la grille")
    assert (found.total_thousandths, found.settled_at) == (12_000, None)
    assert [was.reason for was in earlier_of(found.earlier)] == ["", "Relu la grille"]
    with pytest.raises(Refused, match="pas en discussion"), writing():
        reading.correct(two, mine(two), dict.fromkeys(KEYS, 3), "", "Moi aussi")


def test_a_file_that_is_given_again_says_what_its_reader_drafted_before(app: Flask) -> None:
    intake, manager, (one, _two) = apart()
    reference, person = mine(one), one.person_reference or ""
    with writing():
        reading.reopen(manager, reference, "Barème lu de travers")
    with writing():
        reading.draft(one, reference, {"resultats": 2}, "Entre nous", to_discuss=True)
    with writing():
        by_hand.recall(manager, intake.reference, person, "Absente")
    number = db.session.scalar(sa.select(sa.func.count()).select_from(Review))
    with writing():
        by_hand.give_files(manager, intake.reference, person, ["MDIA-000001"])
    db.session.expire_all()
    found = queries.get_for(one, reference)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Review)) == number
    assert (found.state, found.scores) == ("drafted", {"resultats": 2})
    assert (found.comment, found.to_discuss) == ("Entre nous", True)
    assert found.discussed_at is not None and found.settled_at is None and found.total_thousandths is None
    (opened,) = earlier_of(found.earlier)
    assert (opened.total, opened.why, opened.was_handed_in) == (4_000, "reopened", True)
    assert "Entre nous" in browser(app, one).get(f"/staff/reviews/{reference}").text
    page = browser(app, manager).get(f"/staff/reviews/{reference}").text
    assert "Entre nous" not in page, "a draft is its reader's alone"
    assert re.search(r"Rouverte par les responsables\s*:\s*4,00 sur 20", page)
    hand_in(one, 4)
    assert waits_for(one) == []


def test_no_discussion_waits_while_decisions_rest_on_the_file(app: Flask) -> None:
    intake, manager, (one, two) = apart()
    with writing():
        batch = decisions.propose(manager, intake.reference)
    assert waits_for(one) == waits_for(two) == [] and not discussions.open_in(intake)
    page = browser(app, one)
    assert "discussion ouverte" not in page.get("/staff").text
    assert "En discussion" not in page.get("/staff/reviews").text
    shown = page.get(f"/staff/reviews/{mine(one)}").text
    assert "Corriger mes notes" not in shown and "Me récuser" not in shown and "à discuter" not in shown
    with writing():
        decisions.cancel(manager, batch.reference)
    assert waits_for(one) == [1] and "Corriger mes notes" in page.get(f"/staff/reviews/{mine(one)}").text
