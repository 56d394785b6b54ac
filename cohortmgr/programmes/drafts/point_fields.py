"""Turns where computed points come from into fields of a criterion's page, and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.rubric import MOST_STEPS, PointKind
from cohortmgr.programmes.drafts.figures import count
from cohortmgr.programmes.drafts.question_fields import PostedValues, QuestionTable, Typed, figure, one, put

MOST_BANDS = 20
_OPTION = "points-option-"
_LINES = N_("Un palier par ligne, comme 12 = 3 ; %(most)s au plus.")
_BETWEEN = re.compile(r"[=:→]")


def read_points(typed: Typed, given: PostedValues) -> QuestionTable:
    """Where a criterion's points come from, as typed on its page."""
    kind = next((each for each in PointKind if each == one(given, "points-kind")), PointKind.MEAN)
    table: QuestionTable = {"kind": kind.value, "questions": list(given.get("points-questions", ()))}
    put(table, "field", typed.text(given, "points-field", 40))
    put(table, "bands", _bands(typed, given))
    for name in ("worst", "best"):
        said = typed.text(given, f"points-{name}", 20)
        put(table, name, str(figure("minimum", said)) if said else None)
    options = {name.removeprefix(_OPTION): name for name in given if name.startswith(_OPTION)}
    points = {key: count(typed, given, name, 0, MOST_STEPS, optional=True) for key, name in options.items()}
    put(table, "options", {key: found for key, found in points.items() if found is not None})
    missing = count(typed, given, "points-missing", 0, MOST_STEPS, optional=True)
    if missing is not None:
        table["missing"] = missing
    return table


def _bands(typed: Typed, given: PostedValues) -> list[QuestionTable]:
    said = western_digits(typed.text(given, "points-bands", 1000, lines=True))
    found = []
    for line in filter(str.strip, said.split("\n")):
        parts = [part.strip() for part in _BETWEEN.split(line)]
        points = whole(parts[1], 0, MOST_STEPS) if len(parts) == 2 else None
        if points is None or not parts[0]:
            typed.problems.append(Problem(_LINES, {"most": MOST_BANDS}, "points-bands"))
            return []
        found.append({"since": str(figure("minimum", parts[0])), "points": points})
    if len(found) > MOST_BANDS:
        typed.problems.append(Problem(_LINES, {"most": MOST_BANDS}, "points-bands"))
    return found


def shown_bands(table: Mapping[str, Any]) -> str:
    """Bands as the page's field shows them, one a line."""
    return "\n".join(f"{each.get('since', '')} = {each.get('points', '')}" for each in table.get("bands", ()))
