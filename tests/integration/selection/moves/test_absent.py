"""A file that rules or the jury name, and that is gone, is told on the ranking; what the house did to it stops a
proposal, what its person did does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.applications.duplicates.actions import merging
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.selection import queries
from cohortmgr.selection.bounded import Absence
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, known
from tests.factories.working import work
from tests.integration.selection.moves.ranked import (
    ADMINISTRATOR,
    MANAGER,
    agree,
    application,
    ask,
    chosen,
    moved,
    numbered,
    propose,
    ranked,
    withdraw,
)

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")


def set_aside(number: int, kept: int) -> str:
    with writing():
        row = merging.merge(
            known(ADMINISTRATOR), application(kept).reference, application(number).reference, "Même CIN"
        )
        return row.reference


def judged(number: int, eligible: bool | None) -> None:
    with writing():
        changed = sa.update(Application).where(Application.number == numbered(number))
        db.session.execute(changed.values(eligible=eligible))


def unread(number: int) -> None:
    with writing():
        db.session.execute(sa.delete(Review).where(Review.application_id == application(number).id))


def absent(intake: Intake) -> list[tuple[str, str]]:
    board = queries.ranking_of(intake)
    assert board.bounded is not None
    return [(each.number, each.why) for each in board.bounded.rules.absent]


def refused(intake: Intake) -> str:
    """The words with which a proposal is refused."""
    with pytest.raises(Refused) as refusal:
        propose(intake)
    db.session.rollback()
    return " / ".join(map(str, refusal.value.problems))


def page(app: Flask, intake: Intake) -> str:
    found = browser(app, known(MANAGER)).get(f"/staff/intakes/{intake.reference}/ranking")
    assert found.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found.text))


def test_nobody_is_absent_while_all_are_there_nor_without_rights_or_moves() -> None:
    intake = ranked(right=(6,))
    moved(intake, 5)
    moved(intake, 4, "out")
    assert absent(intake) == [] and propose(intake).problems == []


def test_a_right_of_a_file_that_was_set_aside_is_told_and_stops_until_it_is_brought_back(app: Flask) -> None:
    intake = ranked(right=(6,))
    merge = set_aside(6, 5)
    assert absent(intake) == [(numbered(6), Absence.SET_ASIDE)]
    said = refused(intake)
    assert f"{numbered(6)} entre de droit" in said and f"mis de côté pour {numbered(5)}" in said
    assert f"mis de côté pour {numbered(5)}" in page(app, intake)
    with writing():
        merging.undo(known(ADMINISTRATOR), merge)
    assert absent(intake) == [] and chosen(intake) == [1, 6]
    propose(intake)


def test_who_was_kept_out_does_not_come_in_by_their_other_file_without_a_word(app: Flask) -> None:
    intake = ranked()
    moved(intake, 1, "out", "Plagiat")
    set_aside(1, 2)
    assert chosen(intake) == [2, 3], "the other file of the same person"
    assert f"La commission a décidé du dossier {numbered(1)}" in refused(intake)
    assert "Mise de côté" in page(app, intake)


def test_a_move_of_a_file_that_was_set_aside_is_lifted_by_two_people_and_nothing_else(app: Flask) -> None:
    intake = ranked()
    moved(intake, 5)
    set_aside(5, 4)
    for way in ("in", "out"):
        with pytest.raises(Refused, match="retirée"):
            ask(intake, 5, way)
    where = f"/staff/intakes/{intake.reference}/moves/{application(5).reference}"
    shown = browser(app, known(MANAGER)).get(where).text
    assert re.findall(r'name="direction" value="(\w+)"', shown) == ["mark"]
    ask(intake, 5, "mark", "Ce dossier n’est plus le sien")
    assert [row.number for row in moves.awaiting(known(ADMINISTRATOR))] == [numbered(5)]
    assert "/agree" in browser(app, known(ADMINISTRATOR)).get(where).text
    agree(intake, 5)
    assert absent(intake) == [] and propose(intake).problems == []


def test_who_withdrew_is_told_as_such_and_stops_nothing(app: Flask) -> None:
    intake = ranked(right=(6,))
    moved(intake, 5)
    withdraw(5)
    withdraw(6)
    assert absent(intake) == [(numbered(each), Absence.LEFT) for each in (5, 6)]
    told = page(app, intake)
    assert told.count("la personne ne concourt plus") == 2 and "ne peuvent pas être classés" not in told
    batch = propose(intake)
    assert not batch.problems and chosen(intake) == [1, 2]


@pytest.mark.parametrize("by", ["right", "hand"])
def test_a_named_file_that_does_not_meet_the_conditions_any_more_stops(app: Flask, by: str) -> None:
    intake = ranked(right=(6,) if by == "right" else ())
    if by == "hand":
        moved(intake, 6)
    judged(6, False)
    assert f"{numbered(6)}" in refused(intake) and "ne remplit pas les conditions" in page(app, intake)
    if by == "hand":
        moved(intake, 6, "mark")
        assert absent(intake) == [] and propose(intake)


def test_who_is_kept_out_and_does_not_meet_the_conditions_is_out_either_way() -> None:
    intake = ranked()
    moved(intake, 6, "out")
    judged(6, False)
    assert absent(intake) == [] and propose(intake)


@pytest.mark.parametrize("spoil", [lambda: unread(6), lambda: judged(6, None)])
def test_a_named_file_that_is_not_ranked_yet_is_named_before_the_others(
    app: Flask, spoil: Callable[[], None]
) -> None:
    intake = ranked(right=(6,))
    unread(2)
    spoil()
    told = page(app, intake)
    assert f"{numbered(6)} entre de droit, mais il n’est pas encore classé" in told
    assert "ne peuvent pas être classés" not in told, "it waits for marks, as others do"
    with pytest.raises(Refused) as refusal:
        propose(intake)
    assert refusal.value.problems[0].values["first"] == numbered(6)


def test_a_right_of_a_number_that_the_intake_has_no_more_stops() -> None:
    intake = ranked(right=(6,))
    with writing():
        changed = sa.update(Application).where(Application.number == numbered(6))
        db.session.execute(changed.values(number="MDIA-999999"))
    assert absent(intake) == [(numbered(6), Absence.UNKNOWN)]
    assert "aucun dossier de ce numéro" in refused(intake)


def test_of_a_large_intake_the_worker_keeps_what_is_told_and_what_stops(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = ranked(right=(6,))
    monkeypatch.setattr(standings, "AT_ONCE", 2)
    set_aside(6, 5)
    page(app, intake)
    work()
    assert f"mis de côté pour {numbered(5)}" in page(app, intake)
    assert f"{numbered(6)} entre de droit" in refused(intake)


def test_it_is_one_statement_however_many_are_named(statements: Statements) -> None:
    intake = ranked(right=(6,))
    offering = queries.offering_of(intake)
    moved(intake, 5)
    with statements() as ran:
        moves.absent_in(intake, offering, [numbered(each) for each in range(1, 7)])
    assert len([each for each in ran if each.startswith("SELECT")]) == 1
