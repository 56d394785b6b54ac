"""Moving along a table of states."""

from enum import StrEnum

import pytest

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.states import Stage, Table


class Door(StrEnum):
    """Two states, one way."""

    OPEN = "open"
    SHUT = "shut"


DOOR = Table({Door.OPEN: Stage("one may pass", to=(Door.SHUT,)), Door.SHUT: Stage("nobody passes")})


def test_only_what_the_table_holds() -> None:
    assert DOOR.move("open", Door.SHUT) is Door.SHUT
    assert DOOR.can("open", Door.SHUT) and not DOOR.can("shut", Door.OPEN)
    assert DOOR.leading_to(Door.SHUT) == (Door.OPEN,) and DOOR.leading_to(Door.OPEN) == ()
    with pytest.raises(Refused) as refused:
        DOOR.move("shut", Door.OPEN)
    assert refused.value.problems[0].values == {"meaning": Problem("nobody passes")}


def test_a_state_without_its_stage_or_its_name_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Door"):
        Table({Door.OPEN: Stage("one may pass")})
    with pytest.raises(ValueError, match="name"):
        Table({Door.OPEN: Stage("one may pass", name="Open"), Door.SHUT: Stage("nobody passes")})
