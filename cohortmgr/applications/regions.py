"""The twelve regions of Morocco by their ISO 3166-2 code, and the names under which files give them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cohortmgr.base.text import fold

# Code: names in French, Arabic and English.
REGIONS: Mapping[str, Mapping[str, str]] = {
    "MA-01": {
        "fr": "Tanger-Tétouan-Al Hoceïma",
        "ar": "طنجة - تطوان - الحسيمة",
        "en": "Tangier-Tetouan-Al Hoceima",
    },
    "MA-02": {"fr": "L'Oriental", "ar": "الشرق", "en": "Oriental"},
    "MA-03": {"fr": "Fès-Meknès", "ar": "فاس - مكناس", "en": "Fez-Meknes"},
    "MA-04": {"fr": "Rabat-Salé-Kénitra", "ar": "الرباط - سلا - القنيطرة", "en": "Rabat-Sale-Kenitra"},
    "MA-05": {"fr": "Béni Mellal-Khénifra", "ar": "بني ملال - خنيفرة", "en": "Beni Mellal-Khenifra"},
    "MA-06": {"fr": "Casablanca-Settat", "ar": "الدار البيضاء - سطات", "en": "Casablanca-Settat"},
    "MA-07": {"fr": "Marrakech-Safi", "ar": "مراكش - آسفي", "en": "Marrakesh-Safi"},
    "MA-08": {"fr": "Drâa-Tafilalet", "ar": "درعة - تافيلالت", "en": "Draa-Tafilalet"},
    "MA-09": {"fr": "Souss-Massa", "ar": "سوس - ماسة", "en": "Souss-Massa"},
    "MA-10": {"fr": "Guelmim-Oued Noun", "ar": "كلميم - واد نون", "en": "Guelmim-Oued Noun"},
    "MA-11": {
        "fr": "Laâyoune-Sakia El Hamra",
        "ar": "العيون - الساقية الحمراء",
        "en": "Laayoune-Sakia El Hamra",
    },
    "MA-12": {"fr": "Dakhla-Oued Ed-Dahab", "ar": "الداخلة - وادي الذهب", "en": "Dakhla-Oued Ed-Dahab"},
}

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
    """The code of a region named by code, or by a name in any language, whatever the accents and
    dashes; else None."""
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
