"""A move by hand changes the ranking that is kept, in small and large intakes, once whoever presses at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import moving
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.effects import MoveEffect
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.standings import tasks
from cohortmgr.selection.standings.queries import kept as standings
from tests.databases import Database
from tests.factories.choices import known, someone
from tests.factories.working import work
from tests.integration.selection.moves.ranked import (
    ADMINISTRATOR,
    MANAGER,
    SOUTH,
    agree,
    application,
    ask,
    chosen,
    moved,
    numbered,
    propose,
    ranked,
    states,
    withdraw,
)

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")


def test_a_ranking_no_longer_holds_after_a_move_and_lists_follow() -> None:
    intake = ranked(seats=2)
    offering = queries.offering_of(intake)
    tasks.follow(lambda: False)
    work()
    assert tasks.follow(lambda: False) == 0
    before = standings.state_of(intake, offering)
    ask(intake, 5)
    assert standings.state_of(intake, offering) == before and standings.outdated() == []
    agree(intake, 5)
    assert standings.state_of(intake, offering) != before
    assert [each.id for _intake, each in standings.outdated()] == [offering.id]
    tasks.follow(lambda: False)
    work()
    assert standings.outdated() == [], "what the database says agrees with what the worker kept"
    last = standings.state_of(intake, offering)
    moved(intake, 5, "mark")
    assert standings.state_of(intake, offering) not in (before, last)


def test_a_move_in_one_offering_leaves_the_other_alone() -> None:
    intake = ranked(seats=2)
    first = queries.offering_of(intake)
    batch = propose(intake)  # before there is another: what was begun by offering goes on so
    with writing():
        kept = {each.key: getattr(first, each.key) for each in sa.inspect(Offering).columns}
        changed = {"id": None, "reference": new_reference(), "key": "other", "seats": 1, "taken": 0}
        other = Offering(**{**kept, **changed})
        db.session.add(other)
        db.session.flush()
        for number in (5, 6):
            application(number).offering_id = other.id
    before, rules = standings.state_of(intake, first), queries.rules_for(intake, first)
    moved(intake, 6)
    assert standings.state_of(intake, first) == before and rules == queries.rules_for(intake, first)
    assert batch.certificate["hand"] == [] and moves.told_in(intake, first) == []
    board = queries.ranking_of(intake, other)
    assert [row.reference for row in board.cut.chosen] == [numbered(6)]
    with pytest.raises(Refused, match="Une place est déjà donnée"):
        ask(intake, 5)
    with pytest.raises(Refused, match="Un lot de décisions"):
        ask(intake, 1)


@pytest.mark.usefixtures("large")
def test_of_a_large_intake_the_worker_says_what_changes_and_nobody_agrees_to_what_was_before() -> None:
    intake = ranked(seats=3, bounds=(SOUTH,))
    for number in (3, 6):
        ask(intake, number, "out" if number == 6 else "in")
    with pytest.raises(Refused, match="se recalcule"):
        agree(intake, 3)
    assert work() >= 2
    row = moves.open_of(application(3))
    assert row is not None and MoveEffect.of_json(row.effect) == MoveEffect((numbered(3),), (numbered(1),))
    withdraw(2)
    with pytest.raises(Refused, match="se recalcule"):
        agree(intake, 3)
    with writing():
        moving.foresee(known(MANAGER), intake, row)
        moving.foresee(known(MANAGER), intake, row)
    assert work() == 1
    agree(intake, 3)
    kept_out = moves.open_of(application(6))
    assert kept_out is not None
    with writing():
        moving.foresee(known(MANAGER), intake, kept_out)
    work()
    with pytest.raises(Refused, match="on ne peut y retenir que"):
        agree(intake, 6)
    assert chosen(intake) == [3, 5, 6]


def test_the_database_itself_holds_one_request_and_one_agreement_a_file() -> None:
    intake = ranked()
    row = moved(intake, 5)
    values = {each.key: getattr(row, each.key) for each in sa.inspect(MoveByHand).columns}
    for state in ("asked", "agreed"):
        with writing():
            db.session.execute(sa.update(MoveByHand).values(state=state))
        with pytest.raises(IntegrityError), writing():
            db.session.add(MoveByHand(**{**values, "id": None, "reference": new_reference(), "state": state}))
        db.session.rollback()


@pytest.mark.committed
def test_two_agreements_at_once_make_one(database: Database) -> None:
    intake = ranked()
    someone(intake, Role.PROGRAMME_ADMINISTRATOR, "other")
    version, institution = ask(intake, 5).version, intake.institution_id
    here = (intake.reference, application(5).reference)
    people = [known(email) for email in (ADMINISTRATOR, "other@inpt.ma", ADMINISTRATOR)]
    db.session.commit()

    def press(viewer: Viewer) -> str:
        with database.app.app_context():
            see([institution], viewer.person_id)
            try:
                with writing():
                    return moving.agree(viewer, *here, version).agreed_by or ""
            except Refused as refusal:
                return refusal.problems[0].what

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(press, people))
    db.session.expire_all()
    assert states() == [("in", "agreed")]
    agreed_by = db.session.scalars(sa.select(MoveByHand.agreed_by)).one()
    assert agreed_by in found and all("attend d’accord" in each for each in found if each != agreed_by)
    events = sa.select(sa.func.count()).where(Event.action == "selection.agree_move")
    assert db.session.scalar(events) == 1


def test_statements_do_not_grow_with_moves(statements: Statements) -> None:
    counts = []
    intake = ranked(9, seats=4)
    for number, way in ((6, "in"), (5, "in"), (1, "out")):
        moved(intake, number, way)
        db.session.commit()
        db.session.expire_all()
        offering = queries.offering_of(intake)
        with statements() as said:
            queries.ranking_of(intake, offering)
            moves.told_in(intake, offering)
        counts.append(len(said))
    assert len(set(counts)) == 1
