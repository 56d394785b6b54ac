"""The registry of navigation entries: each room adds its own in wiring.py, and the portals draw the bars.

The rooms of an intake stand in base/registries/waiting.py. The registry holds only values. Whether a viewer may see an
entry is checked when the bar is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from flask import Flask

Audience = Literal["staff", "company", "candidate", "own"]
"""Whose bar an entry stands in; `own` holds the entries that everybody has, whatever their roles."""


@dataclass(frozen=True)
class Entry:
    """One entry of a bar: its label (a msgid), its page, and the permission that opens it (None: it is open
    to all).

    `position` orders the bar. `below` names blueprints and single pages whose way back leads to this entry.
    An entry that is a second way to the same place is shown only `unless` the page named there is open to the
    viewer. `count` is how much waits there for a viewer, as `counted_up_to` of waiting.py counts; staff see it."""

    label: str
    endpoint: str
    position: int
    permission: str | None = None
    below: tuple[str, ...] = ()
    unless: str | None = None
    icon: str = ""
    count: Callable[[Any], sa.ScalarSelect[int]] | None = None


class Navigation:
    """All entries of one application."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Audience, str], Entry] = {}
        self._below: dict[str, list[str]] = {}

    def add(self, audience: Audience, *entries: Entry) -> None:
        """Add entries to an audience's bar. Raises ValueError for a page that stands there already."""
        for entry in entries:
            if (audience, entry.endpoint) in self._entries:
                raise ValueError(f"{entry.endpoint} stands twice before {audience}")
            self._entries[audience, entry.endpoint] = entry

    def lead_to(self, endpoint: str, *below: str) -> None:
        """Put blueprints or single pages of one room below another room's entry: their way back leads to it."""
        self._below.setdefault(endpoint, []).extend(below)

    def bar(self, audience: str) -> tuple[Entry, ...]:
        """Return the entries of an audience in order, each with everything that stands below it."""
        mine = [entry for (whose, _), entry in self._entries.items() if whose == audience]
        return tuple(
            replace(entry, below=(*entry.below, *self._below.get(entry.endpoint, ())))
            for entry in sorted(mine, key=lambda entry: entry.position)
        )


def navigation_of(app: Flask) -> Navigation:
    """Return the registry of an application; it is created at the first call."""
    found: Navigation = app.extensions.setdefault("cohortmgr-navigation", Navigation())
    return found
