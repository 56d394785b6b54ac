"""Turns a programme's public texts into fields of a page, and back into plain tables. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.rules import ProgrammeStage
from cohortmgr.programmes.drafts.question_fields import PostedValues, Typed, one

TEXTS: Mapping[str, str] = {
    "title": N_("Titre du programme"),
    "summary": N_("Résumé, dans les listes"),
    "description": N_("Description"),
    "legal_basis": N_("Base légale"),
}
PRACTICAL: Mapping[str, str] = {
    "audience": N_("Pour qui"),
    "duration": N_("Durée"),
    "place": N_("Lieu"),
    "schedule": N_("Rythme"),
    "cost": N_("Coût"),
    "pay": N_("Bourse"),
    "housing": N_("Hébergement"),
    "papers": N_("Papiers demandés"),
}
LIMITS: Mapping[str, int] = {
    "title": 200,
    "summary": 600,
    "description": 6000,
    "legal_basis": 2000,
    "practical": 1000,
}
SHOWN = ("title", "summary", "description", "legal_basis", "stages", "practical")


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a document that the page shows."""
    return {name: copy.deepcopy(document.get(name)) for name in SHOWN}


def read_texts(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The same part as typed on the page; what it does not show stays as it was."""
    typed = Typed(described(document))
    for name in TEXTS:
        if said := typed.localized(given, name, LIMITS[name], lines=True):
            typed.table[name] = said
    practical = typed.table["practical"] = dict(typed.table["practical"] or {})
    for name in PRACTICAL:
        practical[name] = typed.localized(given, f"practical-{name}", LIMITS["practical"], lines=True)
    if one(given, "stages-shown"):
        typed.table["stages"] = [each.value for each in ProgrammeStage if one(given, f"stages-{each.value}")]
    return typed
