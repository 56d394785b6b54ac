"""The registry of navigation entries: each room adds its own in wiring.py, and the portals draw the bars.

The registry holds only values. Whether a viewer may see an entry is checked when the bar is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flask import Flask

Audience = Literal["staff", "company", "candidate", "own"]
"""Whose bar an entry stands in; `own` holds the entries that everybody has, whatever their roles."""


@dataclass(frozen=True)
class Entry:
    """One entry of a bar: its label (a msgid), its page, and the permission that opens it (None: it is open
    to all).

    `position` orders the bar. `below` names blueprints and single pages whose way back leads to this entry.
    An entry that is a second way to the same place is shown only `unless` the page named there is open to the
    viewer."""

    label: str
    endpoint: str
    position: int
    permission: str | None = None
    below: tuple[str, ...] = ()
    unless: str | None = None


@dataclass(frozen=True)
class RoomCard:
    """One card on an intake's page, leading to a room of the intake or of its cohort."""

    label: str
    hint: str
    endpoint: str
    permission: str
    position: int
    of: Literal["intake", "cohort"] = "intake"


class Navigation:
    """All entries and cards of one application."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Audience, str], Entry] = {}
        self._below: dict[str, list[str]] = {}
        self._cards: list[RoomCard] = []

    def add(self, audience: Audience, *entries: Entry) -> None:
        """Add entries to an audience's bar. Raises ValueError for a page that stands there already."""
        for entry in entries:
            if (audience, entry.endpoint) in self._entries:
                raise ValueError(f"{entry.endpoint} stands twice before {audience}")
            self._entries[audience, entry.endpoint] = entry

    def lead_to(self, endpoint: str, *below: str) -> None:
        """Put blueprints or single pages of one room below another room's entry: their way back leads to it."""
        self._below.setdefault(endpoint, []).extend(below)

    def add_cards(self, *cards: RoomCard) -> None:
        """Add cards to the page of an intake."""
        self._cards.extend(cards)

    def bar(self, audience: str) -> tuple[Entry, ...]:
        """Return the entries of an audience in order, each with everything that stands below it."""
        mine = [entry for (whose, _), entry in self._entries.items() if whose == audience]
        return tuple(
            replace(entry, below=(*entry.below, *self._below.get(entry.endpoint, ())))
            for entry in sorted(mine, key=lambda entry: entry.position)
        )

    def cards(self, of: Literal["intake", "cohort"]) -> Sequence[RoomCard]:
        """Return the cards of an intake or of a cohort, in the order in which a file goes through the rooms."""
        return sorted((card for card in self._cards if card.of == of), key=lambda card: card.position)


def navigation_of(app: Flask) -> Navigation:
    """Return the registry of an application; it is created at the first call."""
    found: Navigation = app.extensions.setdefault("cohortmgr-navigation", Navigation())
    return found
