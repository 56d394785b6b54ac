"""What a programme says of itself and when its campaigns are, as fields of a page and as plain tables; times are
those of Casablanca, as people write them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.editing import Given, Typed

TEXTS: Mapping[str, str] = {
    "title": N_("Titre du programme"),
    "summary": N_("Résumé, dans les listes"),
    "description": N_("Description"),
}
PRACTICAL: Mapping[str, str] = {
    "audience": N_("Pour qui"),
    "duration": N_("Durée"),
    "place": N_("Lieu"),
    "schedule": N_("Rythme"),
    "cost": N_("Coût"),
    "pay": N_("Allocation"),
    "housing": N_("Hébergement"),
    "papers": N_("Papiers demandés"),
}
LIMITS: Mapping[str, int] = {"title": 200, "summary": 600, "description": 6000, "practical": 1000}
# The dates of a campaign, and whether they bear an hour.
DATES: Mapping[str, tuple[str, bool]] = {
    "opens_at": (N_("Ouverture"), True),
    "closes_at": (N_("Clôture"), True),
    "decision_by": (N_("Réponse promise avant le"), False),
    "starts_on": (N_("Début de la formation"), False),
}
SHOWN = ("title", "summary", "description", "practical", "intakes")


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a document that the page shows."""
    return {name: copy.deepcopy(document.get(name)) for name in SHOWN}


def read_texts(given: Given, document: Mapping[str, Any]) -> Typed:
    """The same part as the page says it; what it does not show stays as it was."""
    typed = Typed(described(document))
    for name in TEXTS:
        typed.table[name] = typed.localized(given, name, LIMITS[name], lines=True)
    practical = typed.table["practical"] = dict(typed.table["practical"] or {})
    for name in PRACTICAL:
        practical[name] = typed.localized(given, f"practical-{name}", LIMITS["practical"], lines=True)
    for place, intake in enumerate(typed.table["intakes"] or ()):
        intake["title"] = typed.localized(given, f"intakes-{place}-title", LIMITS["title"])
        for name, (_label, with_hour) in DATES.items():
            where = f"intakes-{place}-{name}"
            said = typed.text(given, where, 30)
            read = _read(said, with_hour)
            if read is None:
                what = N_(
                    "Écrivez une date comme 2027-06-30, et l’heure si elle est demandée : 2027-06-30T18:00."
                )
                typed.problems.append(Problem(what, {}, where))
            intake[name] = said if read is None else read
    return typed


def _read(said: str, with_hour: bool) -> str | None:
    """A time in UTC, or a day, as documents hold them; None for what is neither."""
    try:
        if with_hour:
            return datetime.fromisoformat(said).replace(tzinfo=CASABLANCA).astimezone(UTC).isoformat()
        return date.fromisoformat(said).isoformat()
    except (ValueError, OverflowError):
        return None


def shown_date(said: Any, with_hour: bool) -> str:
    """A document's date or time as the page's field holds it: the time of Casablanca."""
    if not with_hour:
        return str(said or "")
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return str(said or "")
    return (moment.astimezone(CASABLANCA) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M")
