"""A check that every room with a table of states shares: may a row move from one state to another?

Each room owns its own table of states and the meaning of each state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from cohortmgr.base.errors import N_, Problem, Refused

State = TypeVar("State", bound=StrEnum)


def require_move(
    table: Mapping[State, Sequence[State]], meanings: Mapping[State, str], current: State, to: State
) -> None:
    """Raise Refused, with the meaning of the present state, if the table does not allow the move to `to`."""
    if to not in table[current]:
        what = N_("Ce changement n’est pas possible : %(meaning)s")
        raise Refused(Problem(what, {"meaning": Problem(meanings[current])}))
