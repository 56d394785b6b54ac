"""Hooks and slots: how an act of a lower room reaches the rooms above without knowing them.

A lower room declares what it offers, with its types: a `Hook` that any number of rooms may join, a `Slot` that only one
may fill. A higher room joins it in its wiring.py. What was joined runs in the transaction of the act that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """What any number of higher rooms may have to do, or to say, when a lower room acts."""

    def __init__(self) -> None:
        self.acts: list[Callable[P, R]] = []

    def register(self, act: Callable[P, R], *, before: Callable[P, R] | None = None) -> None:
        """Let `act` be called, after those that came earlier; ahead of `before`, where the order matters.

        Registering twice changes nothing: each application that is made in a process registers anew."""
        if act in self.acts:
            return
        place = self.acts.index(before) if before in self.acts else len(self.acts)
        self.acts.insert(place, act)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call each act in its order; what they gave."""
        return [act(*args, **kwargs) for act in self.acts]

    def __iter__(self) -> Iterator[Callable[P, R]]:
        """The acts in their order, for whoever stops at the first answer or outlives the failure of one."""
        return iter(tuple(self.acts))


class Slot(Generic[P, R]):
    """A question that a lower room asks and only one higher room may answer."""

    def __init__(self) -> None:
        self.act: Callable[P, R] | None = None

    def fill(self, act: Callable[P, R]) -> None:
        """Let `act` answer. ValueError if another act answers already."""
        if self.act not in (None, act):
            raise ValueError(f"{self.act} answers already, {act} cannot")
        self.act = act

    def __bool__(self) -> bool:
        """Whether anybody answers."""
        return self.act is not None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask. LookupError if nobody answers: ask first whether somebody does, or be sure that it is filled."""
        if self.act is None:
            raise LookupError("nobody fills this slot: is the room's wiring in the application?")
        return self.act(*args, **kwargs)
