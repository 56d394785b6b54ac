"""Turns a programme's place on the home page into fields of a page, and back into a plain table. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cohortmgr.base.errors import N_, Problem
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import AudienceGroup, ProgrammeKind, StudyLevel
from cohortmgr.programmes.drafts.question_fields import PostedValues, QuestionTable, Typed, one, put

_KIND = N_("Choisissez un type de formation.")


def profile_of(document: Mapping[str, Any]) -> QuestionTable:
    """The profile of a document; empty if it has none."""
    return copy.deepcopy(dict(document.get("profile") or {}))


def read_profile(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The profile as chosen on the page. What is none of the choices is left out; a kind is asked for."""
    typed = Typed(profile_of(document))
    kind, level = one(given, "kind"), one(given, "level")
    put(typed.table, "kind", kind if kind in set(ProgrammeKind) else "")
    put(typed.table, "level", level if level in set(StudyLevel) else "")
    for name, known in (("audiences", [each.value for each in AudienceGroup]), ("regions", list(REGIONS))):
        put(typed.table, name, [each for each in known if one(given, f"{name}-{each}")])
    if "kind" not in typed.table:
        typed.problems.append(Problem(_KIND, {}, "kind"))
    return typed
