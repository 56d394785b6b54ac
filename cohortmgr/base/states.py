"""The life of a row as one table: what each state is called, what it means, and where it may lead.

Each room writes its own table in its rules; what may be asked of a table is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from cohortmgr.base.errors import N_, Problem, Refused

State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Stage(Generic[State]):
    """One state: what it means, the states to which it may lead, and what people call it where pages name it."""

    meaning: str
    to: tuple[State, ...] = ()
    name: str = ""


class Table(Generic[State]):
    """The states of one kind of row. ValueError for a state without its stage, or if only some of them are named.

    Rows hold their state as a text, so a table takes it as that.
    """

    def __init__(self, stages: Mapping[State, Stage[State]]) -> None:
        self.states: type[State] = type(next(iter(stages)))
        if set(stages) != set(self.states):
            raise ValueError(f"{self.states.__name__}: each state has its stage, and each stage is a state's")
        self.meanings: Mapping[State, str] = {state: stage.meaning for state, stage in stages.items()}
        self.moves: Mapping[State, tuple[State, ...]] = {state: stage.to for state, stage in stages.items()}
        self.names: Mapping[State, str] = {state: stage.name for state, stage in stages.items() if stage.name}
        if self.names and set(self.names) != set(stages):
            raise ValueError(f"{self.states.__name__}: either every state has a name for people or none")

    def can(self, now: str, to: State) -> bool:
        """Whether a row that is now in one state may come to another."""
        return to in self.moves[self.states(now)]

    def move(self, now: str, to: State) -> State:
        """The state that was asked for; Refused, saying what the present one means, if it does not lead there."""
        if not self.can(now, to):
            what = N_("Ce changement n’est pas possible : %(meaning)s")
            raise Refused(Problem(what, {"meaning": Problem(self.meanings[self.states(now)])}))
        return to

    def leading_to(self, to: State) -> tuple[State, ...]:
        """The states from which a row may come to this one."""
        return tuple(state for state, ways in self.moves.items() if to in ways)
