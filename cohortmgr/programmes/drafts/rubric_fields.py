"""Turns the rubric of a draft into fields of its pages, and back into the tables that the draft holds. Pure.

A programme that marks nothing has no phase; its first criterion begins that in which files are read, and taking out the
last ends it. Pages name a phase by its key; without one they mean that in which files are read.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.earlier import FIRST_PHASE
from cohortmgr.programmes.definition.rubric import (
    MOST_STEPS,
    HiddenPart,
    NoShow,
    PaperView,
    PhaseKind,
    RubricPhase,
)
from cohortmgr.programmes.definition.sections import FULL_MARK_POINTS
from cohortmgr.programmes.drafts import point_fields
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
MOST_PHASES, MOST_GOING_ON = 8, 100_000
_USUAL = RubricPhase(FIRST_PHASE)
_READ = (PhaseKind.FILES, PhaseKind.INTERVIEW)
_OF_INTERVIEWS = ("readings", "most_readings", "gap_points")
# The keys of phases, which people do not see.
_KEYS: Mapping[PhaseKind, str] = {
    PhaseKind.COMPUTED: "points",
    PhaseKind.FILES: FIRST_PHASE,
    PhaseKind.TEST: "epreuve",
    PhaseKind.INTERVIEW: "entretien",
}
_FIGURES: Mapping[str, tuple[int, int]] = {
    "readings": (1, MOST_READINGS),
    "most_readings": (1, MOST_READINGS),
    "gap_points": (1, FULL_MARK_POINTS),
    "anchor_files": (0, MOST_ANCHORS),
}


def phases_of(document: Mapping[str, Any]) -> list[QuestionTable]:
    """The phases, which may be changed in place; an empty list of its own if there are none."""
    found: list[QuestionTable] = document.get("rubric", {}).get("phases", [])
    return found


def kind_of(phase: Mapping[str, Any]) -> PhaseKind:
    """What is marked in a phase; one that says nothing reads files."""
    return PhaseKind(phase.get("kind", PhaseKind.FILES.value))


def phase_of(document: Mapping[str, Any], key: str | None = None) -> QuestionTable | None:
    """The phase with that key, or that in which files are read, which may be changed in place; None without."""
    for phase in phases_of(document):
        if phase.get("key") == key if key else kind_of(phase) is PhaseKind.FILES:
            return phase
    return None


def place_of(document: Mapping[str, Any], key: str | None = None) -> int:
    """The place of that phase among the phases; 0 if there is none."""
    phase = phase_of(document, key)
    return next((place for place, each in enumerate(phases_of(document)) if each is phase), 0)


def criteria_of(document: Mapping[str, Any], key: str | None = None) -> list[QuestionTable]:
    """The criteria of that phase, which may be changed in place; an empty list of its own if there are none."""
    found: list[QuestionTable] = (phase_of(document, key) or {}).get("criteria", [])
    return found


def find(document: Mapping[str, Any], key: str) -> tuple[list[QuestionTable], int]:
    """The criteria of a phase, and the place among them of the one with this key; NotFound if there is none."""
    return of_phase_with(document, key)[1:]


def of_phase_with(document: Mapping[str, Any], key: str) -> tuple[QuestionTable, list[QuestionTable], int]:
    """The phase of the criterion with this key too; NotFound if there is none."""
    for phase in phases_of(document):
        criteria: list[QuestionTable] = phase.get("criteria", [])
        for place, each in enumerate(criteria):
            if each["key"] == key:
                return phase, criteria, place
    raise NotFound(key)


def begin_phase(document: QuestionTable, kind: PhaseKind) -> str:
    """Put a new phase at the end, and return its key; the same one again is the one just put. Refused when there are
    too many, or two in which files are read."""
    phases = document.setdefault("rubric", {}).setdefault("phases", [])
    if phases and kind_of(phases[-1]) is kind and not phases[-1].get("criteria"):
        return str(phases[-1]["key"])
    if kind is PhaseKind.FILES and phase_of(document) is not None:
        raise Refused(N_("Les dossiers se lisent dans une seule phase."))
    if len(phases) >= MOST_PHASES:
        raise Refused(Problem(N_("Une grille a au plus %(most)s phases."), {"most": MOST_PHASES}))
    key = key_from(_KEYS[kind], (each.get("key", "") for each in phases), "phase")
    phases.append({"key": key, "kind": kind.value, "criteria": []})
    return key


def move_phase(document: QuestionTable, key: str, by: int) -> bool:
    """Move a phase one place up or down. Returns whether it moved."""
    if phase_of(document, key) is None:
        raise NotFound(key)
    return shifted(phases_of(document), place_of(document, key), by)


def remove_phase(document: QuestionTable, key: str) -> None:
    """Remove a phase with its criteria."""
    phase = phase_of(document, key)
    if phase is None:
        raise NotFound(key)
    phases_of(document).remove(phase)
    if not phases_of(document):
        document["rubric"].pop("phases")


def begin(document: QuestionTable, title: str, phase_key: str | None = None) -> str:
    """Put a new criterion at the end of a phase, from 0 to 5 with a weight of one, and return its key; the same one
    again is the one just put. The first of all begins the phase in which files are read. Refused when there are too
    many."""
    phase = phase_of(document, phase_key)
    if phase is None:
        if phase_key:
            raise NotFound(phase_key)
        phase = {"key": FIRST_PHASE, "kind": PhaseKind.FILES.value, "criteria": []}
        document.setdefault("rubric", {}).setdefault("phases", []).append(phase)
    criteria: list[QuestionTable] = phase.setdefault("criteria", [])
    if len(criteria) >= MOST_CRITERIA:
        raise Refused(Problem(N_("Une grille a au plus %(most)s critères."), {"most": MOST_CRITERIA}))
    table = {"title": {"fr": title}, "weight": 1, "scale_min": 0, "scale_max": 5}
    if key := just_added(criteria, table):
        return key
    taken = [each["key"] for phase in phases_of(document) for each in phase.get("criteria", [])]
    key = key_from(title, taken, "critere")
    criteria.append({"key": key, **table})
    return key


def move(document: QuestionTable, key: str, by: int) -> bool:
    """Move a criterion one place up or down. Returns whether it moved."""
    return shifted(*find(document, key), by)


def remove(document: QuestionTable, key: str) -> None:
    """Remove a criterion; with its last one the phase in which files are read ends. Another stays, and lacks one."""
    phase, criteria, place = of_phase_with(document, key)
    criteria.pop(place)
    if not criteria and kind_of(phase) is PhaseKind.FILES:
        remove_phase(document, phase["key"])


def settings_of(document: Mapping[str, Any], key: str | None = None) -> QuestionTable:
    """What the page of a phase shows besides its criteria: each figure as it is or as it usually is, and the
    minutes."""
    phase = phase_of(document, key) or {}
    hidden = phase.get("hidden", [part.value for part in _USUAL.hidden])
    return {
        **{name: phase.get(name, getattr(_USUAL, name)) for name in _FIGURES},
        "weight": phase.get("weight", _USUAL.weight),
        "goes_on": phase.get("goes_on"),
        "title": dict(phase.get("title", {})),
        "no_show": phase.get("no_show", _USUAL.no_show.value),
        "reminder_hours": list(phase.get("reminder_hours", _USUAL.reminder_hours)),
        "hidden": list(hidden),
        "papers": phase.get("papers", _USUAL.papers.value),
        "reading_target_minutes": document.get("rubric", {}).get("reading_target_minutes") or None,
    }


def read_settings(given: PostedValues, document: Mapping[str, Any], key: str | None = None) -> Typed:
    """The same as typed on the page; of a phase that nobody reads, what only readings have stays as it was."""
    typed = Typed(settings_of(document, key))
    kind = kind_of(phase_of(document, key) or {})
    # A page that was opened before it asked these says nothing of them.
    if "weight" in given:
        typed.table["weight"] = count(typed, given, "weight", 1, MOST_WEIGHT)
        title = typed.localized(given, "title", LIMITS["title"])
        typed.table["title"] = title if any(title.values()) else {}
    if "goes_on" in given:
        typed.table["goes_on"] = count(typed, given, "goes_on", 1, MOST_GOING_ON, optional=True)
    if "no_show" in given:
        typed.table["no_show"] = next(
            (each.value for each in NoShow if each == one(given, "no_show")), "absent"
        )
    if kind in (PhaseKind.FILES, PhaseKind.INTERVIEW):
        _read_readings(typed, given, kind)
    return typed


def _read_readings(typed: Typed, given: PostedValues, kind: PhaseKind) -> None:
    for name, (least, most) in _FIGURES.items():
        if kind is PhaseKind.FILES or name in _OF_INTERVIEWS:
            typed.table[name] = count(typed, given, name, least, most)
    chosen = given.get("hidden", ())
    typed.table["hidden"] = [part.value for part in HiddenPart if part.value in chosen]
    typed.table["papers"] = next((each.value for each in PaperView if each == one(given, "papers")), "shown")
    if kind is PhaseKind.FILES:
        minutes = count(typed, given, "reading_target_minutes", 1, MOST_MINUTES, optional=True)
        typed.table["reading_target_minutes"] = minutes
        typed.table["reminder_hours"] = hours(typed, given, "reminder_hours")


def put_settings(document: QuestionTable, said: Mapping[str, Any], key: str | None = None) -> None:
    """Put what the page said into a document; without a phase there is nothing that it is said of."""
    phase = phase_of(document, key)
    if phase is None:
        return
    kind = kind_of(phase)
    for name in ("weight", "goes_on", "no_show", *((*_FIGURES, "papers") if kind in _READ else ())):
        put_unless_usual(phase, name, said[name])
    put(phase, "title", said["title"] or None)
    if kind in _READ:
        phase["hidden"] = list(said["hidden"])
    if kind is PhaseKind.FILES:
        phase["reminder_hours"] = list(said["reminder_hours"])
        put(document["rubric"], "reading_target_minutes", said["reading_target_minutes"])


def put_unless_usual(phase: QuestionTable, name: str, value: object) -> None:
    """Put a figure into a phase; one that is as usual, and was not there, is not written."""
    usual = getattr(_USUAL, name)
    if value is None:
        phase.pop(name, None)
    elif name in phase or value != (usual.value if isinstance(usual, StrEnum) else usual):
        phase[name] = value


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
    if "points" in table or one(given, "points-kind"):
        table["points"] = point_fields.read_points(typed, given)
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
    if rest and rest[0] == "points":
        return "-".join(["points", *(str(each) for each in rest[1:2])]) if len(rest) > 1 else "points-kind"
    return "-".join(str(each) for each in rest) if rest else "title-fr"
