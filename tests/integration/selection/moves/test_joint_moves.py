"""Where seats of several offerings are given by wishes, a move by hand names the one in which it gives a seat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.selection import queries
from cohortmgr.selection.actions import moving
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.effects import MoveEffect
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import ADMINISTRATOR, MANAGER, known
from tests.factories.working import work
from tests.integration.selection.joint import market
from tests.integration.selection.joint.market import FES, FR, SF, application, joint, numbered, proposed

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture(autouse=True)
def _closed(_in_season: None) -> Iterator[None]:
    with clock.at(market.CLOSED):
        yield


def ask(intake: Intake, number: int, key: str | None, way: str = "in") -> None:
    references = {each.key: each.reference for each in offerings_of(intake)}
    with writing():
        moving.ask(
            known(MANAGER),
            intake.reference,
            application(number).reference,
            way,
            "Portfolio",
            references[key] if key else None,
        )


def agree(intake: Intake, number: int) -> None:
    file = application(number)
    row = moves.open_of(file)
    with writing():
        moving.agree(known(ADMINISTRATOR), intake.reference, file.reference, row.version if row else 0)


def seats(intake: Intake) -> dict[int, str]:
    found = queries.ranking_of(intake).allotted
    assert found is not None
    return {int(number[5:]): key for number, key in found.offering_of.items()}


def test_a_seat_is_given_in_the_named_offering_and_moved_to_another_by_another_decision() -> None:
    intake = joint()
    before = standings.state_of(intake, None)
    ask(intake, 4, SF)
    agree(intake, 4)
    assert seats(intake) == {1: FR, 2: FR, 4: SF, 8: FES}
    assert standings.state_of(intake, None) != before
    with pytest.raises(Refused, match="Une place est déjà donnée"):
        ask(intake, 5, SF)
    with pytest.raises(Refused, match="rien ne change"):
        ask(intake, 4, SF)
    ask(intake, 4, FR)
    agree(intake, 4)
    assert seats(intake) == {1: FR, 3: SF, 4: FR, 8: FES}
    ask(intake, 4, None, "mark")
    agree(intake, 4)
    assert seats(intake) == {1: FR, 2: FR, 3: SF, 8: FES}


def test_without_a_name_it_is_the_file_s_own_and_a_seat_that_nobody_wished_for_may_be_given() -> None:
    intake = joint()
    ask(intake, 6, None)
    agree(intake, 6)
    assert seats(intake)[6] == FR
    ask(intake, 7, "sap-casablanca")
    agree(intake, 7)
    assert seats(intake)[7] == "sap-casablanca"
    made = proposed(intake)
    assert made.problems == [] and len(made.summary["moves"]) == 2
    with pytest.raises(Refused, match="Un lot de décisions"):
        ask(intake, 3, FR)


@pytest.mark.usefixtures("large")
def test_of_a_large_intake_the_worker_says_what_it_changes_in_all_offerings() -> None:
    intake = joint()
    ask(intake, 4, FR)
    with pytest.raises(Refused, match="se recalcule"):
        agree(intake, 4)
    work()
    row = moves.open_of(application(4))
    assert row is not None and row.rests_on == standings.state_of(intake, None)
    effect = MoveEffect.of_json(row.effect)
    assert effect.enters == (numbered(4),) and effect.leaves == (numbered(2),) and effect.elsewhere == ()
    agree(intake, 4)
    assert seats(intake) == {1: FR, 3: SF, 4: FR, 8: FES}
