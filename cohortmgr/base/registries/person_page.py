"""The registry of a person's page: what each room tells of one person, in a tab of its own and beside their name.

A room registers its tab in its wiring.py; the desk draws head and tabs from nothing else, so that a new room joins by
registering. The registry holds values and functions only: whether a viewer may be told is asked when a page is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import Flask

# Who reads, and the file whose page it is: both types are of rooms above this one.
V = TypeVar("V")
F = TypeVar("F")
OfFile = Callable[[Any, Any], sa.ColumnElement[Any]]
"""What a viewer may know of a file, as a part of the one statement that draws the head: it reads a row or two by an
index."""
Holds = Callable[[str], bool]
"""Whether the viewer holds a permission where the file's intake lies."""


@dataclass(frozen=True)
class TabContent:
    """What a tab shows: a template that extends `base/person.html`, and its values."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PersonTab(Generic[V, F]):
    """A tab: its `name` in the address, its label (a msgid), and the permissions of which one opens it.

    `position` is its place in the order of a file's life. `is_there` says whether there is anything to tell; `used` of
    the intake's definition whether its programme has such a room at all. `draw` reads again what the viewer may see."""

    name: str
    label: str
    position: int
    permissions: tuple[str, ...]
    draw: Callable[[V, F], TabContent]
    is_there: OfFile | None = None
    used: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class ShownMark:
    """A word beside a name; `kind` is that of a tag, empty for plain text."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class PersonMark:
    """What a room says beside a person's name to whoever holds the permission: `show` puts the value of `ask` into
    words, None where there is nothing to say."""

    position: int
    permission: str
    ask: OfFile
    show: Callable[[Any], ShownMark | None]


@dataclass
class PersonPage:
    """What all rooms of one application said."""

    _tabs: list[PersonTab[Any, Any]] = field(default_factory=list)
    _marks: list[PersonMark] = field(default_factory=list)
    _traces: list[Callable[[Any], sa.Select[str, str]]] = field(default_factory=list)

    def add_tabs(self, *tabs: PersonTab[Any, Any]) -> None:
        """Add tabs. Raises ValueError for a name that is taken, and for a tab that nothing opens."""
        for tab in tabs:
            if not tab.permissions or any(tab.name == each.name for each in self._tabs):
                raise ValueError(f"the tab {tab.name} stands twice, or nothing opens it")
            self._tabs.append(tab)

    def add_marks(self, *marks: PersonMark) -> None:
        """Add what stands beside a name."""
        self._marks.extend(marks)

    def add_traces(self, *traces: Callable[[Any], sa.Select[str, str]]) -> None:
        """Add what selects (kind, reference) of a room's rows that belong to a file, as the trail names them."""
        self._traces.extend(traces)

    @property
    def traces(self) -> Sequence[Callable[[Any], sa.Select[str, str]]]:
        """What selects the rows of all rooms that belong to a file."""
        return tuple(self._traces)

    def tab(self, name: str) -> PersonTab[Any, Any] | None:
        """Return the tab of this name; None if no room has it."""
        return next((tab for tab in self._tabs if tab.name == name), None)

    def tabs_for(self, holds: Holds, definition: Any) -> Sequence[PersonTab[Any, Any]]:
        """Return the tabs that the viewer may open and the programme uses, in their order."""
        return [
            tab
            for tab in sorted(self._tabs, key=lambda tab: tab.position)
            if may_open(tab, holds) and (tab.used is None or tab.used(definition))
        ]

    def marks_for(self, holds: Holds) -> Sequence[PersonMark]:
        """Return what the viewer may be told beside the name, in its order."""
        return [
            mark for mark in sorted(self._marks, key=lambda mark: mark.position) if holds(mark.permission)
        ]


def may_open(tab: PersonTab[Any, Any], holds: Holds) -> bool:
    """Whether one of the permissions that open a tab is held."""
    return any(holds(permission) for permission in tab.permissions)


def person_page_of(app: Flask) -> PersonPage:
    """Return the registry of an application; it is created at the first call."""
    found: PersonPage = app.extensions.setdefault("cohortmgr-person-page", PersonPage())
    return found
