"""What somebody reads no longer goes to others at once, in the same transaction or by the worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from time import sleep

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.audit.queries import values_of
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.actions import by_hand, passing, sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import lacking_in, progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import Database
from tests.factories.choices import browser, readers, sent, someone

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")


def _given(files: int, number: int) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, number)
    with writing():
        sharing.assign(manager, intake.reference, due_on=clock.today() + timedelta(days=9))
    return intake, manager, people


def _open() -> list[tuple[int, int]]:
    db.session.rollback()
    rows = sa.select(Review.application_id, Review.reviewer_id).where(Review.state == "assigned")
    return [(row[0], row[1]) for row in db.session.execute(rows.order_by(Review.id))]


def _end_role(reader: Viewer) -> None:
    with writing() as session:
        theirs = sa.update(RoleGrant).where(RoleGrant.account_id == reader.account_id)
        session.execute(theirs.values(revoked_at=clock.now()))


def test_an_abstention_gives_the_file_to_the_least_loaded_by_the_same_day(app: Flask) -> None:
    intake, manager, people = _given(6, 4)
    with writing():
        by_hand.give_files(
            manager, intake.reference, people[1].person_reference or "", _not_of(people[1], intake)
        )
    row = own.queue(people[0], intake.id)[0]
    answer = browser(app, people[0]).post(
        f"/staff/reviews/{row.reference}/abstain", data={"reason": "Mon cousin.", "version": "1"}
    )
    assert answer.status_code == 302
    rows = db.session.scalars(
        sa.select(Review).join(Application).where(Application.number == row.number).order_by(Review.id)
    ).all()
    new = rows[-1]
    assert new.state == "assigned" and new.due_on == clock.today() + timedelta(days=9)
    assert new.reviewer_id in {people[2].person_id, people[3].person_id}, "the other has more files"
    assert progress_of(intake).lacking == 0


def _not_of(reader: Viewer, intake: Intake) -> list[str]:
    mine = {row.number for row in own.queue(reader, intake.id)}
    return [f"MDIA-{place:06d}" for place in range(1, 7) if f"MDIA-{place:06d}" not in mine]


def test_an_abstention_for_which_nobody_is_left_stays_one() -> None:
    intake, manager, people = _given(3, 2)
    row = own.queue(people[0], intake.id)[0]
    with writing():
        reading.abstain(people[0], row.reference, "Mon cousin.")
    assert len(_open()) == 5 and progress_of(intake).lacking == 1
    with pytest.raises(Exception, match="trop peu"), writing():
        sharing.assign(manager, intake.reference)


def test_a_role_that_ends_is_found_by_the_worker_and_twice_is_once() -> None:
    intake, _manager, (gone, *others) = _given(6, 4)
    assert tasks.pass_on(lambda: False) == 0
    theirs = [file for file, reader in _open() if reader == gone.person_id]
    _end_role(gone)
    assert progress_of(intake).stranded == len(theirs) > 0
    assert tasks.pass_on(lambda: False) == len(theirs)
    assert progress_of(intake).stranded == 0 and progress_of(intake).lacking == 0
    assert Counter(file for file, _ in _open()) == Counter(dict.fromkeys({file for file, _ in _open()}, 2))
    loads = Counter(reader for _, reader in _open())
    assert (
        set(loads) == {each.person_id for each in others} and max(loads.values()) - min(loads.values()) <= 1
    )
    assert tasks.pass_on(lambda: False) == 0


def test_what_nobody_else_may_read_stays_with_who_is_gone() -> None:
    intake, _manager, (gone, _other) = _given(4, 2)
    _end_role(gone)
    assert tasks.pass_on(lambda: False) == 0
    assert progress_of(intake).stranded == 4
    readers_now = someone(intake, Role.REVIEWER, "nouveau")
    assert tasks.pass_on(lambda: False) == 4
    assert {reader for _, reader in _open()} == {_other.person_id, readers_now.person_id}


def test_a_file_that_was_taken_back_is_with_another_before_anybody_shares_out() -> None:
    intake, manager, (absent, *_others) = _given(6, 4)
    waits = len([file for file, reader in _open() if reader == absent.person_id])
    with writing():
        taken = by_hand.recall(manager, intake.reference, absent.person_reference or "", "Absente.")
    assert taken == (waits, waits) and len(_open()) == 12
    days = db.session.scalars(sa.select(Review.due_on).where(Review.state == "assigned").distinct()).all()
    assert days == [clock.today() + timedelta(days=9)]


def test_of_two_who_are_gone_one_is_replaced_now_and_the_other_later() -> None:
    intake, _manager, (gone, lost, left) = _given(6, 3)
    both = {file for file, reader in _open()} - {file for file, reader in _open() if reader == left.person_id}
    _end_role(gone)
    _end_role(lost)
    stranded = progress_of(intake).stranded
    assert both and tasks.pass_on(lambda: False) == len(both)
    assert progress_of(intake).stranded == stranded - len(both)
    assert tasks.pass_on(lambda: False) == 0
    new = someone(intake, Role.REVIEWER, "second")
    assert tasks.pass_on(lambda: False) == 6 and progress_of(intake).stranded == 0
    assert {reader for _, reader in _open()} == {left.person_id, new.person_id} and len(_open()) == 12


def test_who_gives_a_file_back_is_promised_a_reader_only_if_there_is_one(app: Flask) -> None:
    intake, _manager, people = _given(4, 3)
    for place, told in ((0, "ira à quelqu’un d’autre"), (1, "Personne d’autre ne peut encore le lire")):
        row = next(row for row in own.queue(people[place], intake.id) if row.state == "assigned")
        if place:
            _end_role(people[0])
            _end_role(people[2])
        way = f"/staff/reviews/{row.reference}/abstain"
        client = browser(app, people[place])
        page = client.post(way, data={"reason": "Mon cousin.", "version": "1"}, follow_redirects=True).text
        assert told in page


def test_two_who_give_one_file_back_at_once_are_replaced_by_two(database: Database) -> None:
    intake, _manager, people = _given(1, 4)
    holders = {reader for _file, reader in _open()}
    two = [each for each in people if each.person_id in holders]
    references = {each: own.queue(each, intake.id)[0].reference for each in two}
    db.session.rollback()

    def give_back(viewer: Viewer) -> None:
        with database.app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                reading.abstain(viewer, references[viewer], "Mon cousin.")
                sleep(0.3)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(give_back, viewer) for viewer in two]:
            each.result(30)
    db.session.expire_all()
    now = [reader for _file, reader in _open()]
    assert len(now) == 2 and set(now) == {each.person_id for each in people} - holders


def test_what_was_noted_stays_on_record_when_a_reading_goes_to_somebody_else() -> None:
    intake, manager, (gone, absent, *_) = _given(6, 4)
    drafts = {each: own.queue(each, intake.id)[0].reference for each in (gone, absent)}
    for each, reference in drafts.items():
        with writing():
            reading.draft(each, reference, {"resultats": 3}, "À revoir", to_discuss=True)
    _end_role(gone)
    assert tasks.pass_on(lambda: False) > 0
    with writing():
        by_hand.recall(manager, intake.reference, absent.person_reference or "", "Absente.")
    whys = {gone: ("recalled", "released", ""), absent: ("recalled", "recalled", "Absente.")}
    for each, (state, why, because) in whys.items():
        review = db.session.scalars(sa.select(Review).where(Review.reference == drafts[each])).one()
        assert (review.state, review.scores, review.comment, review.to_discuss) == (state, {}, "", False)
        (was,) = review.earlier
        assert (was["scores"], was["comment"], was["why"]) == ({"resultats": 3}, "À revoir", why)
        assert (was["reason"], review.abstained_because) == ("", because), "its reader is not told why"
    acts = sa.select(Event).where(Event.action.in_(["reviews.release", "reviews.recall"]))
    told = [values_of(each) or {} for each in db.session.scalars(acts)]
    assert sum("'resultats': 3" in str(each["before"]) for each in told) == 2


def test_a_reading_that_is_with_nobody_able_to_read_is_lacking() -> None:
    intake, _manager, (gone, _other) = _given(4, 2)
    assert lacking_in({intake: 4}) == {intake.id: 0}
    _end_role(gone)
    found = progress_of(intake)
    assert (found.stranded, found.lacking, found.extra) == (4, 4, 0)
    assert lacking_in({intake: 4}) == {intake.id: 4}


def test_what_changed_since_it_was_planned_is_left() -> None:
    intake, _manager, (gone, *others) = _given(6, 4)
    theirs = [row.reference for row in own.queue(gone, intake.id)]
    _end_role(gone)
    plan = passing.plan_stranded(SYSTEM, intake.reference)
    last = db.session.scalar(sa.select(sa.func.max(Review.id))) or 0
    assert sum(map(len, plan.moves.values())) == len(theirs)
    _end_role(others[0])
    back = sa.update(Review).where(Review.reference == theirs[0]).values(state="submitted")
    with writing() as session:
        session.execute(back)
    with writing():
        passing.pass_some(SYSTEM, plan, sorted(plan.moves))
    kept = db.session.scalars(sa.select(Review).where(Review.reference == theirs[0])).one()
    assert kept.state == "submitted"
    new = {reader for _file, reader in _open()}
    assert new <= {gone.person_id, *(each.person_id for each in others)}
    gained = sa.select(Review.id).where(Review.reviewer_id == others[0].person_id, Review.id > last)
    assert db.session.scalars(gained).all() == [], "nothing is given to who left meanwhile"


def test_decisions_are_asked_about_once_whatever_the_number_of_files(statements: Statements) -> None:
    intake = sent(12)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    counts = []
    for number in (6, 12):
        with writing() as session:
            session.execute(sa.delete(Review))
            session.execute(
                sa.text("UPDATE applications SET eligible = (number <= :most)"),
                {"most": f"MDIA-{number:06d}"},
            )
        with writing() as session:
            sharing.assign(manager, intake.reference)
            session.execute(
                sa.update(Review)
                .where(Review.reviewer_id == people[0].person_id)
                .values(reviewer_id=manager.person_id)
            )
        with statements() as seen:
            assert len(passing.plan_stranded(SYSTEM, intake.reference).moves) == number / 2
        counts.append(len(seen))
    assert counts[0] == counts[1]
