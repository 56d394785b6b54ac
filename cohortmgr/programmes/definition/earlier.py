"""Reads documents of earlier forms of a definition as those of today. Pure: tables in, tables out.

A stored version never changes, and neither does its fingerprint; what its keys were called then is known here alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from cohortmgr.programmes.definition.source_lines import Path

# A rubric of one round was written without phases. The round is called so since.
FIRST_PHASE = "dossiers"
_OF_PHASE = ("criteria", "readings")


def as_of_today(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document with today's keys; the same one if it has them. What it holds is not looked at.

    `phases` is `stages`, and a rubric without phases has one, unless it reads nothing."""
    found = document
    if "phases" in found and "stages" not in found:
        found = {("stages" if name == "phases" else name): held for name, held in found.items()}
    rubric = found.get("rubric")
    if isinstance(rubric, Mapping) and "phases" not in rubric and any(name in rubric for name in _OF_PHASE):
        found = {**found, "rubric": _in_phases(rubric)}
    return found


def as_written(path: Path, known: Container[Path]) -> Path:
    """Return the path at which a text says what today stands at `path`; `known` are the paths of that text."""
    if path[:1] == ("stages",) and ("stages",) not in known and ("phases",) in known:
        return ("phases", *path[1:])
    earlier = ("rubric", "criteria") in known and ("rubric", "phases") not in known
    if path[:3] == ("rubric", "phases", 0) and earlier:
        return ("rubric", *path[3:])
    return path


def _in_phases(rubric: Mapping[str, Any]) -> dict[str, Any]:
    """Put what was said of the only round into a phase. What was counted without a criterion read nothing."""
    whole = {name: held for name, held in rubric.items() if name not in _OF_PHASE}
    if not rubric.get("criteria"):
        return whole
    phase = {
        "key": FIRST_PHASE,
        "kind": "files",
        **{name: rubric[name] for name in _OF_PHASE if name in rubric},
    }
    return {**whole, "phases": [phase]}
