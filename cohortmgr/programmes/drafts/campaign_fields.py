"""Finds the fields of each campaign on a page by the campaign's key. Pure.

The page counts campaigns by their place; in the draft as it is now, another may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.drafts.question_fields import PostedValues, one

_FIELD = re.compile(r"intakes-([0-9]{1,3})-(.+)")
_LONGEST_KEY = 80
_GONE = N_(
    "La campagne « %(key)s » n’est plus dans ce brouillon : ce que vous y avez écrit n’est pas repris."
)


@dataclass(frozen=True)
class PlacedFields:
    """The fields of a page, those of campaigns under the places of the draft; the places that the page showed; and a
    problem for each campaign that is there no longer."""

    given: PostedValues
    shown: frozenset[int]
    gone: tuple[Problem, ...]


def placed(given: PostedValues, intakes: Sequence[Mapping[str, Any]]) -> PlacedFields:
    """Put the fields of each campaign under the place that its key has in the draft. What a page sends of a campaign
    whose key it does not say is left out."""
    places = {str(intake["key"]): place for place, intake in enumerate(intakes)}
    moved: dict[str, int] = {}
    gone = []
    for name in given:
        found = _FIELD.fullmatch(name)
        if found is None or found[2] != "key":
            continue
        key = one(given, name)[:_LONGEST_KEY]
        if key not in places:
            gone.append(Problem(_GONE, {"key": key}))
        elif places[key] not in moved.values():
            moved[found[1]] = places[key]
    kept = {name: values for name, values in given.items() if _FIELD.fullmatch(name) is None}
    for name, values in given.items():
        found = _FIELD.fullmatch(name)
        if found is not None and found[1] in moved:
            kept[f"intakes-{moved[found[1]]}-{found[2]}"] = values
    return PlacedFields(kept, frozenset(moved.values()), tuple(gone))
