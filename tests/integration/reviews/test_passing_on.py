"""What somebody reads no longer goes to others at once, in the same transaction or by the worker."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.actions import by_hand, sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

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
