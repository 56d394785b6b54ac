"""The places that each audience goes to: registered by each room in its wiring.py, drawn by the portals.

A registry holds values alone. Who may see a place is asked where it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flask import Flask

Audience = Literal["staff", "company", "candidate", "own"]
"""Whose bar a place stands in; `own` is what is everybody's, whatever their roles."""


@dataclass(frozen=True)
class Entry:
    """A place in the bar: what it is called (a msgid), its page, and the permission that opens it (None: everybody).

    `position` orders a bar. `below` names blueprints and single pages from which the way back leads here. An entry
    that is a second way to the same place is shown `unless` the page named there is open to the viewer."""

    label: str
    endpoint: str
    position: int
    permission: str | None = None
    below: tuple[str, ...] = ()
    unless: str | None = None


@dataclass(frozen=True)
class RoomCard:
    """A room of an intake or of its cohort on the intake's page: its name, what it is for, its page, its permission."""

    label: str
    hint: str
    endpoint: str
    permission: str
    position: int
    of: Literal["intake", "cohort"] = "intake"


class Navigation:
    """The registry of one application."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Audience, str], Entry] = {}
        self._below: dict[str, list[str]] = {}
        self._cards: list[RoomCard] = []

    def add(self, audience: Audience, *entries: Entry) -> None:
        """Put entries into an audience's bar. ValueError for a page that stands there already."""
        for entry in entries:
            if (audience, entry.endpoint) in self._entries:
                raise ValueError(f"{entry.endpoint} stands twice before {audience}")
            self._entries[audience, entry.endpoint] = entry

    def lead_to(self, endpoint: str, *below: str) -> None:
        """Let blueprints or single pages of a room stand below the entry of another."""
        self._below.setdefault(endpoint, []).extend(below)

    def add_cards(self, *cards: RoomCard) -> None:
        """Put rooms on the page of an intake."""
        self._cards.extend(cards)

    def bar(self, audience: str) -> tuple[Entry, ...]:
        """The entries before an audience, in their order, each with all that stands below it."""
        mine = [entry for (whose, _), entry in self._entries.items() if whose == audience]
        return tuple(
            replace(entry, below=(*entry.below, *self._below.get(entry.endpoint, ())))
            for entry in sorted(mine, key=lambda entry: entry.position)
        )

    def cards(self, of: Literal["intake", "cohort"]) -> Sequence[RoomCard]:
        """The rooms of an intake or of a cohort, in the order in which a file goes through them."""
        return sorted((card for card in self._cards if card.of == of), key=lambda card: card.position)


def navigation_of(app: Flask) -> Navigation:
    """The registry of an application, made at its first use."""
    found: Navigation = app.extensions.setdefault("cohortmgr-navigation", Navigation())
    return found
