"""The registry of the workspace: what each room says of itself to the frame in which staff work.

A room registers in its wiring.py where it stands beside an intake, what of it waits for whom, and what comes. The
portals draw the side, today's page and an intake's overview from nothing else, so that a new room joins by
registering. The registry holds values and functions only; whether a viewer may be told is asked when a page is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, wraps
from typing import Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.errors import N_

# Who reads: the type is of a room above this one.
V = TypeVar("V")
OfIntake = Callable[[Any, sa.SQLColumnExpression[int]], sa.ColumnElement[Any]]
"""What a viewer may know of the intake whose id is the given column: a count, whether something waits, a reference. It
is a part of the one statement that draws the frame, so it reads counters, or a few entries of an index."""
Led = Callable[[str], sa.ScalarSelect[int]]
"""The id of the intake to which a page belongs, by the reference in its address, as a part of the same statement."""
PendingKind = Literal["wait", "stop", "info"]
"""Theirs to do, late, or waiting for somebody else."""
StageState = Literal["done", "now", "next"]
# A figure that is counted row by row stops here, and is told with a plus behind.
MOST_COUNTED = 99


@dataclass(frozen=True)
class RoomName:
    """Another name (a msgid) by which people look for a room, or for a page of it whose address bears what the room's
    bears. An empty `endpoint` is the room's own page; an empty `permission` the one that opens the room."""

    label: str
    endpoint: str = ""
    permission: str = ""


@dataclass(frozen=True)
class Room:
    """A room of an intake, as it stands at the side: its label (a msgid), its page, and the permission that opens it.

    `position` is its place in the order of a file's life. `below` names blueprints and single pages of the room.
    `count` is the figure beside it, which is one of `counted_up_to` if it `stops`; `dot` whether something waits there.
    `reference` finds what its address bears, if that is not the intake's reference; the room is not there as long as it
    finds none. `used` says of the intake's definition whether its programme has such a room at all. The search finds it
    by its label and by what it is `known_as`, which is its page's own title where that is another word."""

    label: str
    endpoint: str
    permission: str
    position: int
    icon: str
    below: tuple[str, ...] = ()
    count: OfIntake | None = None
    stops: bool = False
    dot: OfIntake | None = None
    reference: OfIntake | None = None
    used: Callable[[Any], bool] | None = None
    known_as: tuple[RoomName, ...] = ()


@dataclass(frozen=True)
class PendingAct:
    """One thing that waits for a person: what it is, and the page on which the one act is done that settles it.

    `act` is a verb in the reader's language, as `what` is. `until` is the day or instant by which it should be done.
    `intake_id` is None for what belongs to no intake. kind: `wait` is theirs to do, `stop` is late, and `info` waits
    for somebody else."""

    what: str
    act: str
    url: str
    kind: PendingKind = "wait"
    until: date | datetime | None = None
    intake_id: int | None = None


@dataclass(frozen=True)
class Agenda(Generic[V]):
    """What of a room waits for a viewer who holds one of the permissions, the most pressing first."""

    permissions: tuple[str, ...]
    find: Callable[[V], Iterable[PendingAct]]
    position: int


# The stages of an intake, in the order of a file's life, whether or not a room says where they stand.
LIFE: Mapping[str, str] = {
    "files": N_("Candidatures"),
    "readings": N_("Lectures"),
    "selection": N_("Sélection"),
    "cohort": N_("Inscriptions"),
    "placements": N_("En entreprise"),
    "stipends": N_("Bourses"),
    "outcomes": N_("Insertion"),
}


@dataclass(frozen=True)
class StageStanding:
    """Where a stage stands: how many, of how many if that is told, what is counted, the state and the next date in a
    few words, and the page that shows what is counted, empty if the viewer may not open it. `presses`: somebody must
    act."""

    count: int
    counted: str
    note: str = ""
    state: StageState = "next"
    of: int | None = None
    url: str = ""
    presses: bool = False


# Nothing is told of a stage to whoever has an interest in what is chosen there.
WITHHELD = StageStanding(0, "")


@dataclass(frozen=True)
class IntakeStage(Generic[V]):
    """How a room says where a stage of LIFE stands, for a viewer who holds the permission there (None: for everybody
    who works there). `find` returns None if it cannot be told yet; `used` is as that of a room."""

    name: str
    permission: str | None
    find: Callable[[V, Any], StageStanding | None]
    used: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class Coming:
    """A day that comes in an intake, and what it is."""

    what: str
    day: date


@dataclass(frozen=True)
class Hit:
    """Something that a search found: what it is called, where it leads, and what else tells it from others."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Finder(Generic[V]):
    """How a room finds what a viewer may see who holds one of the permissions, by a text; `heading` (a msgid) stands
    above what it found. It takes one statement, and returns so many hits at most as it is asked for."""

    heading: str
    permissions: tuple[str, ...]
    find: Callable[[V, str, int], Sequence[Hit]]
    position: int


@dataclass
class Workspace:
    """What all rooms of one application said."""

    _rooms: list[Room] = field(default_factory=list)
    _agendas: list[Agenda[Any]] = field(default_factory=list)
    _finders: list[Finder[Any]] = field(default_factory=list)
    _stages: dict[str, IntakeStage[Any]] = field(default_factory=dict)
    _comings: list[Callable[[Any, Any], Iterable[Coming]]] = field(default_factory=list)
    _ways: dict[str, Led] = field(default_factory=dict)

    def add_rooms(self, *rooms: Room) -> None:
        """Add rooms of an intake. Raises ValueError for a page that is a room already."""
        for room in rooms:
            if any(room.endpoint == each.endpoint for each in self._rooms):
                raise ValueError(f"{room.endpoint} stands twice beside an intake")
            self._rooms.append(room)

    def add_agendas(self, *agendas: Agenda[Any]) -> None:
        """Add what waits in a room."""
        self._agendas.extend(agendas)

    def add_stages(self, *stages: IntakeStage[Any]) -> None:
        """Add where stages of LIFE stand. Raises ValueError for one that is not in it, or that a room told already."""
        for stage in stages:
            if stage.name not in LIFE or stage.name in self._stages:
                raise ValueError(f"{stage.name} is no stage, or is told twice")
            self._stages[stage.name] = stage

    def add_coming(self, find: Callable[[V, Any], Iterable[Coming]]) -> None:
        """Add what says which days come in an intake, as far as the viewer may know."""
        self._comings.append(find)

    def stage(self, name: str) -> IntakeStage[Any] | None:
        """Return what says where a stage stands; None if no room does."""
        return self._stages.get(name)

    def coming(self, viewer: V, intake: Any, today: date) -> Sequence[Coming]:
        """Return the days of an intake from today on, the next one first."""
        told = [each for find in self._comings for each in find(viewer, intake) if each.day >= today]
        return sorted(told, key=lambda each: each.day)

    def add_finders(self, *finders: Finder[Any]) -> None:
        """Add what finds something by a text."""
        self._finders.extend(finders)

    def lead(self, name: str, way: Led) -> None:
        """Say to which intake the pages below `/staff/NAME/` belong. Raises ValueError for one that leads."""
        if name in self._ways:
            raise ValueError(f"/staff/{name}/ is led twice")
        self._ways[name] = way

    @property
    def rooms(self) -> Sequence[Room]:
        """The rooms of an intake, in the order of a file's life."""
        return sorted(self._rooms, key=lambda room: room.position)

    @property
    def ways(self) -> Mapping[str, Led]:
        """What leads from an address to an intake, by the word behind `/staff/`."""
        return self._ways

    def waiting(self, viewer: V, holds: Callable[[str], object]) -> Iterator[PendingAct]:
        """Yield what waits for a viewer, room by room; `holds` says whether they hold a permission anywhere. A room of
        which they hold none is not asked."""
        for agenda in sorted(self._agendas, key=lambda agenda: agenda.position):
            if any(holds(permission) for permission in agenda.permissions):
                yield from agenda.find(viewer)

    def found(
        self, viewer: V, text: str, most: int, holds: Callable[[str], object]
    ) -> Iterator[tuple[str, Sequence[Hit]]]:
        """Yield what each room finds by a text, below its heading, so many hits of each at most. Rooms that find
        nothing are left out, and those of which the viewer holds no permission are not asked."""
        for finder in sorted(self._finders, key=lambda finder: finder.position):
            if any(holds(permission) for permission in finder.permissions):
                hits = finder.find(viewer, text, most)
                if hits:
                    yield finder.heading, hits[:most]


def leads(
    intake_id: sa.SQLColumnExpression[int],
    reference: sa.SQLColumnExpression[str],
    *joins: sa.ColumnElement[bool],
) -> Led:
    """Return the way from a row to its intake; `joins` connect the table of the reference to that of the id."""

    def led(given: str) -> sa.ScalarSelect[int]:
        return sa.select(intake_id).where(reference == given, *joins).correlate(None).scalar_subquery()

    return led


def counted_up_to(
    rows: sa.Select[Any], intake_id: sa.SQLColumnExpression[int] | None = None
) -> sa.ScalarSelect[int]:
    """Return how many rows a query finds, MOST_COUNTED and one at most; a query about an intake is given its id."""
    tables = [None] if intake_id is None else _tables_of(intake_id)
    few = rows.correlate(*tables).limit(MOST_COUNTED + 1).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def same_for_all(ask: Callable[[sa.SQLColumnExpression[int]], sa.ColumnElement[Any]]) -> OfIntake:
    """Ask what depends neither on the viewer nor on the moment: it is built once for each column, because building it
    costs more than running it, and every page of staff asks."""
    built = lru_cache(maxsize=16)(ask)  # an alias of a caller's own would be kept for ever otherwise

    @wraps(ask)
    def asked(_viewer: Any, intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[Any]:
        return built(intake_id)

    return asked


def how_many(number: int) -> str:
    """Write a figure of `counted_up_to`: `99+` for what was not counted further."""
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


@lru_cache(maxsize=64)  # the same for a column always, and dear to find out
def _tables_of(column: sa.SQLColumnExpression[int]) -> list[Any]:
    return list(sa.select(column).get_final_froms())


def workspace_of(app: Flask) -> Workspace:
    """Return the registry of an application; it is created at the first call."""
    found: Workspace = app.extensions.setdefault("cohortmgr-workspace", Workspace())
    return found
