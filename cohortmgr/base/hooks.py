"""Hooks and slots: how an act of a lower room calls the rooms above it without knowing them.

A lower room declares what it offers, with its types: a `Hook` that any number of rooms may join, or a `Slot`
that only one may fill. A higher room joins it in its wiring.py. What joined runs in the transaction of the
act that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """A list of functions of higher rooms that a lower room calls when it acts."""

    def __init__(self) -> None:
        self.acts: list[Callable[P, R]] = []

    def register(self, act: Callable[P, R], *, before: Callable[P, R] | None = None) -> None:
        """Add `act` after the functions that came earlier, or just before the function `before` if order
        matters.

        Registering twice changes nothing: every application that is made in the same process registers again.
        """
        if act in self.acts:
            return
        place = self.acts.index(before) if before in self.acts else len(self.acts)
        self.acts.insert(place, act)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call each function in order and return their results."""
        return [act(*args, **kwargs) for act in self.acts]

    def __iter__(self) -> Iterator[Callable[P, R]]:
        """Iterate over the functions in order, for a caller that stops early or survives a failing one."""
        return iter(tuple(self.acts))


class Slot(Generic[P, R]):
    """A question that a lower room asks and that exactly one higher room may answer."""

    def __init__(self) -> None:
        self.act: Callable[P, R] | None = None

    def fill(self, act: Callable[P, R]) -> None:
        """Set the function that answers. Raises ValueError if another one answers already."""
        if self.act not in (None, act):
            raise ValueError(f"{self.act} answers already, {act} cannot")
        self.act = act

    def __bool__(self) -> bool:
        """Whether a function has been set."""
        return self.act is not None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask the question. Raises LookupError if nobody answers: check `bool(slot)` first where that may be."""
        if self.act is None:
            raise LookupError("nobody fills this slot: is the room's wiring in the application?")
        return self.act(*args, **kwargs)
