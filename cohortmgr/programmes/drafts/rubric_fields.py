"""Turns the rubric of a draft into fields of its pages, and back into the tables that the draft holds. Pure.

A programme that reads nothing has no phase; its first criterion begins one, and taking out the last ends it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.earlier import FIRST_PHASE
from cohortmgr.programmes.definition.rubric import MOST_STEPS, HiddenPart, PaperView, PhaseKind, RubricPhase
from cohortmgr.programmes.definition.sections import FULL_MARK_POINTS
from cohortmgr.programmes.drafts.figures import count, hours
from cohortmgr.programmes.drafts.question_fields import (
    LIMITS,
    PostedValues,
    QuestionTable,
    Typed,
    figure,
    one,
    put,
)
from cohortmgr.programmes.drafts.structure import just_added, key_from, shifted

MOST_ANCHORS = 20
MOST_CRITERIA, MOST_WEIGHT, MOST_READINGS, MOST_MINUTES, LONGEST_ANCHOR = 20, 100, 20, 240, 300
# Of a longer scale each score is not asked in words: its ends, its middle, and what is explained already.
MOST_EXPLAINED = 21
_USUAL = RubricPhase(FIRST_PHASE)
_FIGURES: Mapping[str, tuple[int, int]] = {
    "readings": (1, MOST_READINGS),
    "most_readings": (1, MOST_READINGS),
    "gap_points": (1, FULL_MARK_POINTS),
    "anchor_files": (0, MOST_ANCHORS),
}


def phase_of(document: Mapping[str, Any]) -> QuestionTable | None:
    """The phase in which files are read, which may be changed in place; None if the programme reads none."""
    for phase in document.get("rubric", {}).get("phases", ()):
        if phase.get("kind", PhaseKind.FILES.value) == PhaseKind.FILES.value:
            found: QuestionTable = phase
            return found
    return None


def place_of(document: Mapping[str, Any]) -> int:
    """The place of that phase among the phases; 0 if there is none."""
    phases, phase = document.get("rubric", {}).get("phases", ()), phase_of(document)
    return next((place for place, each in enumerate(phases) if each is phase), 0)


def criteria_of(document: Mapping[str, Any]) -> list[QuestionTable]:
    """The criteria on which files are read, which may be changed in place; an empty list of its own if there are
    none."""
    found: list[QuestionTable] = (phase_of(document) or {}).get("criteria", [])
    return found


def find(document: Mapping[str, Any], key: str) -> tuple[list[QuestionTable], int]:
    """The criteria, and the place of the one with this key; NotFound if there is none."""
    criteria = criteria_of(document)
    for place, each in enumerate(criteria):
        if each["key"] == key:
            return criteria, place
    raise NotFound(key)


def begin(document: QuestionTable, title: str) -> str:
    """Put a new criterion at the end, from 0 to 5 with a weight of one, and return its key; the same one again is the
    one just put. The first begins the phase. Refused when there are too many."""
    phase = phase_of(document)
    if phase is None:
        phase = {"key": FIRST_PHASE, "kind": PhaseKind.FILES.value, "criteria": []}
        document.setdefault("rubric", {}).setdefault("phases", []).append(phase)
    criteria: list[QuestionTable] = phase.setdefault("criteria", [])
    if len(criteria) >= MOST_CRITERIA:
        raise Refused(Problem(N_("Une grille a au plus %(most)s critères."), {"most": MOST_CRITERIA}))
    table = {"title": {"fr": title}, "weight": 1, "scale_min": 0, "scale_max": 5}
    if key := just_added(criteria, table):
        return key
    key = key_from(title, (each["key"] for each in criteria), "critere")
    criteria.append({"key": key, **table})
    return key


def move(document: QuestionTable, key: str, by: int) -> bool:
    """Move a criterion one place up or down. Returns whether it moved."""
    return shifted(*find(document, key), by)


def remove(document: QuestionTable, key: str) -> None:
    """Remove a criterion; with the last one the programme reads no file any more."""
    criteria, place = find(document, key)
    criteria.pop(place)
    if not criteria:
        phases = document["rubric"]["phases"]
        phases.remove(phase_of(document))
        if not phases:
            document["rubric"].pop("phases")


def settings_of(document: Mapping[str, Any]) -> QuestionTable:
    """What the page of the rubric shows besides its criteria: of the phase, each figure as it is or as it usually is,
    and the minutes."""
    phase = phase_of(document) or {}
    hidden = phase.get("hidden", [part.value for part in _USUAL.hidden])
    return {
        **{name: phase.get(name, getattr(_USUAL, name)) for name in _FIGURES},
        "reminder_hours": list(phase.get("reminder_hours", _USUAL.reminder_hours)),
        "hidden": list(hidden),
        "papers": phase.get("papers", _USUAL.papers.value),
        "reading_target_minutes": document.get("rubric", {}).get("reading_target_minutes") or None,
    }


def read_settings(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The same as typed on the page."""
    typed = Typed(settings_of(document))
    for name, (least, most) in _FIGURES.items():
        typed.table[name] = count(typed, given, name, least, most)
    minutes = count(typed, given, "reading_target_minutes", 1, MOST_MINUTES, optional=True)
    typed.table["reading_target_minutes"] = minutes
    typed.table["reminder_hours"] = hours(typed, given, "reminder_hours")
    chosen = given.get("hidden", ())
    typed.table["hidden"] = [part.value for part in HiddenPart if part.value in chosen]
    typed.table["papers"] = next((each.value for each in PaperView if each == one(given, "papers")), "shown")
    return typed


def put_settings(document: QuestionTable, said: Mapping[str, Any]) -> None:
    """Put what the page said into a document; without criteria there is nothing that it is said of."""
    phase = phase_of(document)
    if phase is None:
        return
    for name in (*_FIGURES, "papers"):
        phase[name] = said[name]
    phase["hidden"], phase["reminder_hours"] = list(said["hidden"]), list(said["reminder_hours"])
    put(document["rubric"], "reading_target_minutes", said["reading_target_minutes"])


def steps_of(table: Mapping[str, Any]) -> list[int]:
    """The scores that a criterion's page asks in words: all of a short scale; of a long one its ends and its middle;
    and those that are explained already, on the scale or not: nothing that was written goes unseen."""
    low, high = table.get("scale_min"), table.get("scale_max")
    said = {
        number
        for score in table.get("anchors", {})
        if (number := whole(str(score), 0, MOST_STEPS)) is not None
    }
    if not isinstance(low, int) or not isinstance(high, int) or not low < high <= low + MOST_STEPS:
        return sorted(said)
    scale = range(low, high + 1) if high - low < MOST_EXPLAINED else (low, (low + high) // 2, high)
    return sorted({*scale, *said})


def read_criterion(given: PostedValues, before: Mapping[str, Any]) -> Typed:
    """The criterion as typed on its page, starting from what it was. Words of scores that a changed scale has no longer
    stay, as a fault."""
    typed = Typed(copy.deepcopy(dict(before)))
    typed.press(given)
    table = typed.table
    table["title"] = typed.localized(given, "title", LIMITS["title"])
    table["weight"] = count(typed, given, "weight", 1, MOST_WEIGHT)
    table["scale_min"] = count(typed, given, "scale_min", 0, MOST_STEPS)
    table["scale_max"] = count(typed, given, "scale_max", 1, MOST_STEPS)
    limit = typed.text(given, "knock_out_below", 20)
    put(table, "knock_out_below", str(figure("minimum", limit)) if limit else None)
    put(table, "anchors", _anchors(typed, given))
    return typed


def _anchors(typed: Typed, given: PostedValues) -> dict[str, dict[str, str]]:
    """What was written of each score. One without any text is not explained."""
    found = {}
    for score in range(MOST_STEPS + 1):
        text = typed.localized(given, f"anchors-{score}", LONGEST_ANCHOR)
        if any(text.values()):
            found[str(score)] = text
    return found


def anchor(rest: Sequence[str | int]) -> str:
    """The name of the field that a fault concerns, on the page of its criterion or of the rubric; `rest` is the path
    below the criterion or the phase."""
    if rest and rest[0] == "reminder_hours":
        return "reminder_hours"
    return "-".join(str(each) for each in rest) if rest else "title-fr"
