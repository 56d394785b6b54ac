"""Recognise the twelve regions by the names that people type, beside those that `organisations` lists."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cohortmgr.base.text import fold
from cohortmgr.organisations.rules import REGIONS

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "MA-01": ("Tanger Tétouan Al Hoceima", "TTA"),
    "MA-02": ("Oriental", "Région de l'Oriental", "جهة الشرق", "The Oriental"),
    "MA-03": ("Fez-Meknès",),
    "MA-04": ("RSK",),
    "MA-06": ("Grand Casablanca-Settat", "Casa-Settat"),
    "MA-07": ("Marrakesh-Asfi", "Marrakech-Asfi"),
    "MA-10": ("Guelmim-Oued Noun", "كلميم - وادي نون"),
    "MA-11": ("Laâyoune-Sakia El-Hamra", "Laayoune-Saguia al Hamra"),
    "MA-12": ("Dakhla-Oued Eddahab", "Eddakhla-Oued Eddahab", "الداخلة - واد الذهب"),
}


def region_of(text: str) -> str | None:
    """The code of the region that a text names, whatever the accents and dashes; None if it names none."""
    return _by_name().get(_bare(text[:80]))


@cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, names in REGIONS.items():
        for name in (code, code[3:], *names.values(), *_OTHER_NAMES.get(code, ())):
            found[_bare(name)] = code
            found[_bare(f"Région {name}")] = code
            found[_bare(f"جهة {name}")] = code
    return found


def _bare(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())
