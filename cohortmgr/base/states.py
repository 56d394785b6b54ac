"""Moving along a table of states. Each room owns its table and the meaning of each state; the question is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from cohortmgr.base.errors import N_, Problem, Refused

State = TypeVar("State", bound=StrEnum)


def require_move(
    table: Mapping[State, Sequence[State]], meanings: Mapping[State, str], current: State, to: State
) -> None:
    """Refuse a change of state that the table does not hold, saying what the present state means."""
    if to not in table[current]:
        what = N_("Ce changement n’est pas possible : %(meaning)s")
        raise Refused(Problem(what, {"meaning": Problem(meanings[current])}))
