"""Turns a programme's companies, their seats and the terms of placement into fields of a page, and back. Pure."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cohortmgr.programmes.drafts.figures import HIGHEST_MARK, MOST_SEATS, count
from cohortmgr.programmes.drafts.question_fields import (
    LIMITS,
    KeyedRows,
    PostedValues,
    QuestionTable,
    Typed,
    put,
    read_rows,
)

SHOWN = ("partners", "placement")
MOST_PARTNERS, MOST_WISHES, MOST_ALIKE = 200, 50, 30
_PARTNERS = KeyedRows("partners", "name", MOST_PARTNERS, "entreprise")
_SCALE = {"company_score_min": 0, "company_score_max": 20}


def hosting(document: Mapping[str, Any]) -> QuestionTable:
    """The part of a document that the page shows."""
    return {name: copy.deepcopy(document[name]) for name in SHOWN if name in document}


def read_partners(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The same part as typed on the page. Without a number of wishes nobody is placed in a company."""
    typed = Typed(hosting(document))
    typed.press(given)

    def read(name: str) -> QuestionTable:
        return {
            "name": typed.localized(given, f"{name}-name", LIMITS["title"]),
            "seats": count(typed, given, f"{name}-seats", 1, MOST_SEATS),
        }

    put(typed.table, "partners", read_rows(typed, given, _PARTNERS, typed.table.get("partners", []), read))
    wishes = count(typed, given, "placement-wishes_max", 1, MOST_WISHES, optional=True)
    scale = {
        name: count(typed, given, f"placement-{name}", 0, HIGHEST_MARK)
        for name in _SCALE
        if wishes is not None
    }
    held = {**typed.table.get("placement", {}), "wishes_max": wishes, **scale}
    put(typed.table, "placement", None if wishes is None else held)
    if typed.act:  # adding or removing a row does not save: no problem is shown yet
        typed.problems.clear()
    return typed


def scale_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """The scale on which companies score, or the one with which the page begins."""
    return {name: table.get("placement", {}).get(name, usual) for name, usual in _SCALE.items()}


def new_rows(said: Mapping[str, Any], document: Mapping[str, Any]) -> list[QuestionTable]:
    """The rows that name a company which the document does not name yet."""
    known = {each["key"] for each in document.get("partners", [])}
    return [row for row in said.get("partners", []) if row["key"] not in known]


def keys_like(row: Mapping[str, Any]) -> Iterator[str]:
    """The keys that a new company may get, the shortest first: organisations' keys have hyphens."""
    stem = str(row["key"]).replace("_", "-").strip("-")
    yield stem
    for number in range(2, MOST_ALIKE):
        yield f"{stem}-{number}"


def settle_keys(
    said: Mapping[str, Any],
    document: Mapping[str, Any],
    same_name: Mapping[str, str],
    taken: Collection[str],
) -> None:
    """Give new rows their organisations' keys: that of the company with the same French name, which `same_name` maps
    to it, or one that is neither `taken` by another organisation nor used on the page."""
    used = {each["key"] for each in document.get("partners", [])}
    for row in new_rows(said, document):
        known = same_name.get(str(row["name"].get("fr", "")))
        if known is not None and known not in used:
            row["key"] = known
        else:
            row["key"] = next(key for key in keys_like(row) if key not in taken and key not in used)
        used.add(row["key"])


def put_partners(document: QuestionTable, said: Mapping[str, Any]) -> None:
    """Put what the page said into a document."""
    for name in SHOWN:
        put(document, name, said.get(name))


def anchor(path: tuple[str | int, ...]) -> str:
    """The name of the page's field that a fault concerns; empty if it concerns the whole."""
    if len(path) == 3 and path[0] == "partners" and path[-1] == "key":
        path = (*path[:-1], "name", "fr")
    return "-".join(str(each) for each in path) if path != ("placement",) else "placement-wishes_max"
