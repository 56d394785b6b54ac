"""Turns the choices of each campaign, with their seats and places, into fields of a page, and back. Pure."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from cohortmgr.base.errors import N_, NN_, Problem, Quantity
from cohortmgr.programmes.drafts.campaign_fields import placed
from cohortmgr.programmes.drafts.figures import MOST_SEATS, count
from cohortmgr.programmes.drafts.question_fields import (
    LIMITS,
    KeyedRows,
    PostedValues,
    QuestionTable,
    Typed,
    one,
    read_rows,
)

MOST_OFFERINGS = 200
# By campaign and choice, the seats that are taken, of the choices that are in force: these do not go.
SeatsTaken = Mapping[str, Mapping[str, int]]
_PLACES = NN_("%(num)s place", "%(num)s places")
_TAKEN = N_("Ce choix a déjà donné %(taken)s : il ne peut pas en offrir moins.")


def offered(document: Mapping[str, Any]) -> QuestionTable:
    """The part of a document that the page shows."""
    return {"intakes": copy.deepcopy(document.get("intakes", []))}


def read_seats(given: PostedValues, document: Mapping[str, Any], taken: SeatsTaken) -> Typed:
    """The same part as typed on the page. A choice in force stays, with no fewer seats than are taken."""
    typed = Typed(offered(document))
    intakes = typed.table["intakes"]
    fields = placed(given, intakes)
    given = fields.given
    typed.press(given, [_rows(place) for place in range(len(intakes))])
    for place, intake in enumerate(intakes):
        if place not in fields.shown:  # somebody added it meanwhile
            continue
        held, before = taken.get(intake["key"], {}), intake.get("offerings", [])
        rows = KeyedRows(_rows(place), "title", MOST_OFFERINGS, "choix")
        found = read_rows(typed, given, rows, before, _reader(typed, given, held))
        left = {row["key"] for row in found}
        intake["offerings"] = found + [row for row in before if row["key"] in held and row["key"] not in left]
    if typed.act:  # adding or removing a row does not save: no problem is shown yet
        typed.problems.clear()
    typed.problems.extend(fields.gone)
    return typed


def _rows(place: int) -> str:
    return f"intakes-{place}-offerings"


def _reader(typed: Typed, given: PostedValues, taken: Mapping[str, int]) -> Callable[[str], QuestionTable]:
    def read(name: str) -> QuestionTable:
        row: QuestionTable = {
            "title": typed.localized(given, f"{name}-title", LIMITS["title"]),
            "place": typed.localized(given, f"{name}-place", LIMITS["title"]),
            "seats": count(typed, given, f"{name}-seats", 1, MOST_SEATS),
        }
        given_away = taken.get(one(given, f"{name}-key"), 0)
        if isinstance(row["seats"], int) and row["seats"] < given_away:
            said = {"taken": Quantity(*_PLACES, given_away)}
            typed.problems.append(Problem(_TAKEN, said, f"{name}-seats"))
        return row

    return read


def put_seats(document: QuestionTable, said: Mapping[str, Any]) -> None:
    """Put the choices of each campaign into a document."""
    document["intakes"] = said["intakes"]


def concerns(path: tuple[str | int, ...]) -> bool:
    """Whether a fault at this path is one of this page."""
    return path[:1] == ("intakes",) and (len(path) == 1 or path[2:3] == ("offerings",))


def anchor(path: tuple[str | int, ...]) -> str:
    """The name of the page's field that a fault concerns."""
    if len(path) == 5 and path[-1] == "key":
        path = (*path[:-1], "title", "fr")
    return "-".join(str(each) for each in path)
