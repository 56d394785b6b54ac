"""Moving along a table of states."""

from enum import StrEnum

import pytest

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.states import require_move


class Door(StrEnum):
    """Two states, one way."""

    OPEN = "open"
    SHUT = "shut"


TABLE = {Door.OPEN: (Door.SHUT,), Door.SHUT: ()}
MEANINGS = {Door.OPEN: "one may pass", Door.SHUT: "nobody passes"}


def test_only_what_the_table_holds() -> None:
    require_move(TABLE, MEANINGS, Door.OPEN, Door.SHUT)
    with pytest.raises(Refused) as refused:
        require_move(TABLE, MEANINGS, Door.SHUT, Door.OPEN)
    assert refused.value.problems[0].values == {"meaning": Problem("nobody passes")}
