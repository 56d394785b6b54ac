"""The jury moves a file by hand: two people, a reason, whatever the mark; it is undone likewise, and never behind a
batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale, Withheld
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions, moving
from cohortmgr.selection.bounded import HandMove
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.effects import MoveEffect
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.verify import main
from tests.factories.choices import known, sent, someone
from tests.integration.selection.moves.ranked import (
    ADMINISTRATOR,
    MANAGER,
    SOUTH,
    WHY,
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


def test_a_seat_is_given_once_a_second_person_agrees_and_not_before() -> None:
    intake = ranked()
    assert chosen(intake) == [1, 2]
    row = ask(intake, 5)
    assert chosen(intake) == [1, 2] and moves.moves_in_force(intake) == {}
    assert ask(intake, 5).id == row.id, "the same request twice is one"
    agree(intake, 5)
    assert chosen(intake) == [1, 5]
    assert moves.moves_in_force(intake) == {numbered(5): HandMove(True, WHY, "data-ia")}
    assert agree(intake, 5).id == row.id, "a second press changes nothing"
    assert MoveEffect.of_json(row.effect) == MoveEffect((numbered(5),), (numbered(2),))
    acts = [each for each in db.session.scalars(sa.select(Event.action).order_by(Event.id)) if "move" in each]
    assert acts == ["selection.ask_move", "selection.agree_move"]


def test_who_is_kept_out_gives_their_seat_to_the_next_and_does_not_wait() -> None:
    intake = ranked()
    moved(intake, 1, "out")
    board = queries.ranking_of(intake)
    assert chosen(intake) == [2, 3]
    assert numbered(1) not in {row.reference for row in board.cut.waiting}


def test_the_same_person_does_not_agree_not_even_with_the_right() -> None:
    intake = ranked()
    ask(intake, 5)
    with pytest.raises(NotPermitted):
        agree(intake, 5, MANAGER)
    with writing():
        db.session.execute(sa.update(MoveByHand).values(asked_by=known(ADMINISTRATOR).reference))
    with pytest.raises(Refused, match="deuxième personne"):
        agree(intake, 5)
    assert chosen(intake) == [1, 2]


def test_who_may_not_choose_neither_asks_nor_agrees_nor_takes_back() -> None:
    intake = ranked()
    ask(intake, 5)
    reader, here = known("r0@inpt.ma"), (intake.reference, application(5).reference)
    for act in (
        lambda: moving.ask(reader, *here, "in", WHY),
        lambda: moving.agree(reader, *here, 1),
        lambda: moving.take_back(reader, *here),
    ):
        with pytest.raises(NotPermitted), writing():
            act()
    with pytest.raises(NotPermitted), writing():
        moving.ask(known(ADMINISTRATOR), *here, "in", WHY)
    assert not db.session.scalars(moves.visible(reader)).all()
    assert len(db.session.scalars(moves.visible(known(MANAGER))).all()) == 1


@pytest.mark.parametrize("email", [MANAGER, ADMINISTRATOR])
def test_whoever_has_an_interest_in_the_intake_does_neither(email: str) -> None:
    intake = ranked()
    if email == ADMINISTRATOR:
        ask(intake, 5)
    with writing():
        person = known(email).person_id
        db.session.execute(
            sa.update(Application).where(Application.number == numbered(3)).values(person_id=person)
        )
    with pytest.raises(Withheld):
        ask(intake, 5) if email == MANAGER else agree(intake, 5)


def test_either_takes_a_request_back_before_the_agreement() -> None:
    intake = ranked()
    for email in (MANAGER, ADMINISTRATOR):
        ask(intake, 5)
        with writing():
            moving.take_back(known(email), intake.reference, application(5).reference)
        with pytest.raises(Refused, match="attend d’accord"):
            agree(intake, 5)
    with writing():
        moving.take_back(known(MANAGER), intake.reference, application(5).reference)
    assert states() == [("in", "taken_back")] * 2


def test_an_agreed_move_is_undone_by_two_people_and_a_reason_towards_either_side() -> None:
    intake = ranked()
    moved(intake, 5)
    for why in ("", "  \n", "x" * 1001):
        with pytest.raises(Refused) as refusal:
            ask(intake, 5, "mark", why)
        assert refusal.value.problems[0].where == "reason"
    ask(intake, 5, "mark", "Le portfolio n’était pas le sien")
    assert chosen(intake) == [1, 5], "nothing is undone by one person"
    agree(intake, 5)
    assert chosen(intake) == [1, 2] and moves.moves_in_force(intake) == {}
    moved(intake, 5)
    moved(intake, 5, "out")
    assert chosen(intake) == [1, 2]
    assert moves.moves_in_force(intake) == {numbered(5): HandMove(False, WHY, "data-ia")}
    assert states() == [("in", "undone"), ("mark", "undone"), ("in", "undone"), ("out", "agreed")]


def test_what_changes_nothing_or_says_nothing_is_refused() -> None:
    intake = ranked()
    with pytest.raises(Refused, match="la note décide déjà"):
        ask(intake, 5, "mark")
    for way in ("", "up", "IN", "in\x00"):
        with pytest.raises(Refused, match="Choisissez"):
            ask(intake, 5, way)
    moved(intake, 5)
    with pytest.raises(Refused, match="rien ne change"):
        ask(intake, 5, "in")
    ask(intake, 4)
    with pytest.raises(Refused, match="attend déjà"):
        ask(intake, 4, "out")
    for reference in ("", "x" * 26, "' OR 1=1 --"):
        with pytest.raises(NotFound), writing():
            moving.ask(known(MANAGER), intake.reference, reference, "in", WHY)


def test_another_request_than_the_page_showed_is_not_agreed_to() -> None:
    intake = ranked()
    version = ask(intake, 5).version
    with pytest.raises(Stale):
        agree(intake, 5, version=version + 1)
    assert chosen(intake) == [1, 2]


def test_without_sealed_rules_nobody_moves_anybody() -> None:
    intake = sent(3)
    someone(intake, Role.SELECTION_MANAGER)
    with pytest.raises(Refused, match="scellées"):
        ask(intake, 1)


def test_more_people_than_sealed_seats_are_refused_in_words_when_asked_and_when_agreed() -> None:
    intake = ranked(seats=2)
    ask(intake, 6)
    ask(intake, 5)
    ask(intake, 4)
    agree(intake, 6)
    agree(intake, 5)
    with pytest.raises(Refused) as refusal:
        agree(intake, 4)
    assert "sealed" not in str(refusal.value) and refusal.value.problems[0].values["people"].number == 2
    with pytest.raises(Refused, match="Une place est déjà donnée"):
        ask(intake, 3)
    assert chosen(intake) == [5, 6]


def test_who_enters_by_right_holds_a_seat_and_the_hand_goes_before_the_right() -> None:
    intake = ranked(seats=2, right=(6,))
    assert chosen(intake) == [1, 6]
    moved(intake, 5)
    with pytest.raises(Refused, match="Une place est déjà donnée"):
        ask(intake, 4)
    moved(intake, 6, "out", "Il ne vient pas")
    assert chosen(intake) == [1, 5]
    moved(intake, 4)
    assert chosen(intake) == [4, 5]
    with pytest.raises(Refused, match="Une place est déjà donnée"):
        ask(intake, 6, "mark")
    batch = propose(intake)
    stated = {each["reference"] for each in batch.certificate["hand"]}
    assert batch.certificate["right"] == [] and len(stated) == 3 and not batch.problems


def test_a_move_that_makes_hard_bounds_impossible_is_told_in_their_words_and_not_agreed_to() -> None:
    intake = ranked(seats=3, bounds=(SOUTH,))
    assert chosen(intake) == [1, 5, 6]
    ask(intake, 6, "out")
    with pytest.raises(Refused) as refusal:
        agree(intake, 6)
    (problem,) = refusal.value.problems
    assert problem.values["at_least"] == 2 and "Drâa" in str(problem.values["group"])
    assert chosen(intake) == [1, 5, 6] and states() == [("out", "asked")]
    moved(intake, 3)
    assert chosen(intake) == [3, 5, 6]


def test_a_move_of_a_file_that_is_withdrawn_counts_no_more() -> None:
    intake = ranked(seats=2)
    moved(intake, 6)
    ask(intake, 5)
    withdraw(6)
    assert moves.moves_in_force(intake) == {} and chosen(intake) == [1, 2]
    withdraw(5)
    with pytest.raises(Refused, match="retirée"):
        agree(intake, 5)
    assert not moves.awaiting(known(ADMINISTRATOR))
    moved(intake, 4)
    moved(intake, 3)
    assert chosen(intake) == [3, 4], "the seats of those who withdrew are free again"


def test_a_file_that_does_not_meet_the_conditions_gets_no_seat_by_hand() -> None:
    intake = ranked()
    with writing():
        db.session.execute(
            sa.update(Application).where(Application.number == numbered(6)).values(eligible=False)
        )
    with pytest.raises(Refused, match="conditions"):
        ask(intake, 6)


def test_once_a_batch_is_live_nothing_is_moved_and_its_certificate_says_what_was(
    capsys: Any, tmp_path: Any
) -> None:
    intake = ranked(seats=2)
    moved(intake, 5)
    moved(intake, 1, "out", "Plagiat")
    ask(intake, 4)
    batch = propose(intake)
    assert not moves.awaiting(known(ADMINISTRATOR)), "nobody is asked for what is refused"
    for act in (lambda: agree(intake, 4), lambda: ask(intake, 3), lambda: ask(intake, 5, "mark")):
        with pytest.raises(Refused, match="Un lot de décisions"):
            act()
    assert verify(json.loads(canonical(batch.certificate))) == [] and not batch.problems
    path = tmp_path / "certificate.json"
    path.write_text(canonical(batch.certificate), encoding="utf-8")
    assert main([str(path), "--expect", batch.digest]) == 0, capsys.readouterr()
    said = sorted((each["in"], each["reason"]) for each in batch.certificate["hand"])
    assert said == [(False, "Plagiat"), (True, WHY)]
    assert len(batch.summary["moves"]) == 2 and batch.summary["rules"]["hand"] == 2
    found = {row.number: row for row in queries.decisions_of(batch)}
    assert found[numbered(1)].outcome == "refused" and found[numbered(5)].outcome == "offer"
    assert [each["values"] for each in found[numbered(1)].reasons] == [{"reason": "Plagiat"}]
    passed = json.dumps([found[numbered(3)].reasons, found[numbered(4)].reasons], ensure_ascii=False)
    assert numbered(5) not in passed and "Une N5" not in passed and WHY not in passed
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    agree(intake, 4)
    assert chosen(intake) == [4, 5]
