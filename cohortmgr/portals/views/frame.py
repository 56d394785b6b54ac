"""The frame around every page of staff: intakes to choose from, general places, and the rooms of the page's intake.

Each has its count, or a dot where something waits. One statement asks for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g, has_request_context, request, url_for

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import localized, number, say
from cohortmgr.base.registries.waiting import MOST_COUNTED, OfIntake, Room, RoomName, how_many, workspace_of
from cohortmgr.portals.views.navigation import entries_open_to, mark_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake

# So many intakes stand in the switch; today's page shows them all.
SWITCHED = 20
# The length of a public reference.
_REFERENCE = 26
_OVERVIEW = Room(N_("Vue d’ensemble"), "portals.intake", "", 0, "khatam")


@dataclass(frozen=True)
class SidePlace:
    """A place at the side: label, address and icon, its mark ("page" on itself, "true" on a page below it), the figure
    beside it, empty if there is none, and whether a dot stands there.

    The search finds it by its `name`, the msgid of the label, in every language, and by what a room is `known_as`, if
    the viewer may open that; `endpoint` and `reference` make the addresses of these."""

    label: str
    url: str
    icon: str
    mark: str | None
    count: str = ""
    dot: bool = False
    name: str = ""
    known_as: Sequence[RoomName] = ()
    endpoint: str = ""
    reference: str = ""


@dataclass(frozen=True)
class IntakeChoice:
    """An intake in the switch."""

    reference: str
    title: str
    programme: str
    url: str
    is_here: bool


@dataclass(frozen=True)
class StaffFrame:
    """What stands around a page: `intake` is the one to which it belongs, `choices` what the switch offers, and
    `is_more` whether there are others."""

    general: Sequence[SidePlace]
    rooms: Sequence[SidePlace]
    intake: IntakeChoice | None
    choices: Sequence[IntakeChoice]
    is_more: bool

    @property
    def here(self) -> str:
        """The name of the place where one is; empty on a page that stands below none."""
        return next((place.label for place in (*self.rooms, *self.general) if place.mark), "")


def staff_frame() -> StaffFrame | None:
    """Return the frame of the present request's page; None outside of one. It is asked for once."""
    if not has_request_context():
        return None
    if "staff_frame" not in g:
        g.staff_frame = _framed(guards.viewer())
    found: StaffFrame = g.staff_frame
    return found


def opens_something(viewer: Viewer, path: str) -> bool:
    """Whether an intake has anything for the viewer, now or once its cohort is open."""
    rooms = workspace_of(current_app).rooms
    return any(allows(viewer, room.permission, path) for room in rooms) or allows(
        viewer, "cohorts.manage", path
    )


def rooms_beside(viewer: Viewer, path: str, fingerprinted: Any, known: Mapping[OfIntake, Any]) -> list[Room]:
    """Return the rooms of an intake that the viewer may open, that its programme uses, and that are there already."""
    definition = programmes.definition_of(fingerprinted)
    return [
        room
        for room in workspace_of(current_app).rooms
        if allows(viewer, room.permission, path)
        and (room.used is None or room.used(definition))
        and (room.reference is None or known.get(room.reference) is not None)
    ]


def _framed(viewer: Viewer) -> StaffFrame:
    entries = entries_open_to(viewer, "staff")
    asked = _asked_of_here(viewer)
    counts = {
        f"e{index}": entry.count(viewer) for index, (*_told, entry) in enumerate(entries) if entry.count
    }
    rows = programmes.framed(
        sorted({grant.scope for grant in viewer.grants}),
        _here(),
        {name: ask(viewer, Intake.id.expression) for ask, name in asked.items()},
        counts,
        SWITCHED + 1,
    )
    choices = [_choice(row) for row in rows[:SWITCHED] if opens_something(viewer, row.path)]
    here = next((row for row in rows if row.is_here and opens_something(viewer, row.path)), None)
    general = [
        SidePlace(
            label,
            url,
            entry.icon,
            mark_of(entry),
            _figure(getattr(rows[0], f"e{index}"), stops=True) if entry.count and rows else "",
            name=entry.label,
        )
        for index, (label, url, entry) in enumerate(entries)
    ]
    rooms = _rooms(viewer, here, asked) if here is not None else []
    return StaffFrame(general, rooms, None if here is None else _choice(here), choices, len(rows) > SWITCHED)


def _asked_of_here(viewer: Viewer) -> dict[OfIntake, str]:
    """What is asked about the intake of the page, each with the name of its column: a question of two rooms once."""
    found: dict[OfIntake, str] = {}
    for room in workspace_of(current_app).rooms:
        if viewer.paths(room.permission):
            for ask in (room.reference, room.count, room.dot):
                if ask is not None:
                    found.setdefault(ask, f"c{len(found)}")
    return found


def _here() -> sa.ScalarSelect[int] | None:
    """The id of the intake to which the page belongs, by its address, `/staff/KIND/<reference>…`; for the search
    the one from which it was asked, `?at=…`. None for a general page."""
    if request.endpoint == "search.index" and (at := request.args.get("at", "")):
        return workspace_of(current_app).ways["intakes"](at[:_REFERENCE])
    parts = request.url_rule.rule.split("/") if request.url_rule else []
    if len(parts) < 4 or parts[1] != "staff" or not parts[3].startswith("<"):
        return None
    way = workspace_of(current_app).ways.get(parts[2])
    given = (request.view_args or {}).get(parts[3].strip("<>").rpartition(":")[2])
    return way(given) if way is not None and isinstance(given, str) else None


def _rooms(viewer: Viewer, here: sa.Row[Any], asked: Mapping[OfIntake, str]) -> list[SidePlace]:
    known = {ask: getattr(here, name) for ask, name in asked.items()}
    rooms = [_OVERVIEW, *rooms_beside(viewer, here.path, here, known)]
    exact = any(_is_at(room, request.endpoint) for room in rooms)
    borne = [known[room.reference] if room.reference else here.reference for room in rooms]
    return [
        SidePlace(
            say(room.label),
            url_for(room.endpoint, reference=reference),
            room.icon,
            _room_mark(room, exact),
            _figure(known[room.count], room.stops) if room.count else "",
            bool(room.dot and known[room.dot]),
            room.label,
            [
                each
                for each in room.known_as
                if not each.permission or allows(viewer, each.permission, here.path)
            ],
            room.endpoint,
            reference,
        )
        for room, reference in zip(rooms, borne, strict=True)
    ]


def _is_at(room: Room, endpoint: str | None) -> bool:
    """Whether a page is the room's own or named by it, and not only of a blueprint of it."""
    return endpoint == room.endpoint or endpoint in room.below


def _room_mark(room: Room, exact: bool) -> str | None:
    if request.endpoint == room.endpoint:
        return "page"
    below = _is_at(room, request.endpoint) if exact else request.blueprint in room.below
    return "true" if below else None


def _figure(count: int, stops: bool) -> str:
    if not count:
        return ""
    return how_many(count) if stops and count > MOST_COUNTED else number(count)


def _choice(row: sa.Row[Any]) -> IntakeChoice:
    url = url_for("portals.intake", reference=row.reference)
    return IntakeChoice(row.reference, localized(row.title), localized(row.programme), url, bool(row.is_here))


def init_frame(app: Flask) -> None:
    """Give the layout of staff `staff_frame`."""
    app.jinja_env.globals["staff_frame"] = staff_frame
