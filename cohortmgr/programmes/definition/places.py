"""Finds the regions in which a programme takes place, by the towns that its offerings name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from cohortmgr.base.text import fold
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.texts import Text

# The towns of each region that have centres and schools, as texts name them in French, English and Arabic.
TOWNS: Mapping[str, tuple[str, ...]] = {
    "MA-01": ("Tanger", "Tangier", "طنجة", "Tétouan", "تطوان", "Al Hoceïma", "الحسيمة", "Larache", "العرائش"),
    "MA-02": ("Oujda", "وجدة", "Nador", "الناظور", "Berkane", "بركان", "Taourirt", "تاوريرت"),
    "MA-03": ("Fès", "Fez", "فاس", "Meknès", "مكناس", "Ifrane", "إفران", "Taza", "تازة"),
    "MA-04": (
        "Rabat",
        "الرباط",
        "Salé",
        "سلا",
        "Kénitra",
        "القنيطرة",
        "Témara",
        "تمارة",
        "Khémisset",
        "الخميسات",
    ),
    "MA-05": ("Béni Mellal", "بني ملال", "Khouribga", "خريبكة", "Khénifra", "خنيفرة", "Azilal", "أزيلال"),
    "MA-06": (
        "Casablanca",
        "الدار البيضاء",
        "Mohammédia",
        "المحمدية",
        "Settat",
        "سطات",
        "El Jadida",
        "الجديدة",
    ),
    "MA-07": (
        "Marrakech",
        "Marrakesh",
        "مراكش",
        "Safi",
        "آسفي",
        "Essaouira",
        "الصويرة",
        "Benguérir",
        "بن جرير",
    ),
    "MA-08": ("Errachidia", "الرشيدية", "Ouarzazate", "ورزازات", "Zagora", "زاكورة", "Midelt", "ميدلت"),
    "MA-09": ("Agadir", "أكادير", "Taroudant", "تارودانت", "Tiznit", "تيزنيت", "Inezgane", "إنزكان"),
    "MA-10": ("Guelmim", "كلميم", "Tan-Tan", "طانطان", "Sidi Ifni", "سيدي إفني"),
    "MA-11": ("Laâyoune", "العيون", "Boujdour", "بوجدور", "Es-Semara", "السمارة"),
    "MA-12": ("Dakhla", "الداخلة"),
}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each region's code with a pattern for its names and towns, as whole words of a folded text."""
    found = []
    for code, towns in TOWNS.items():
        names = {fold(name) for name in (*towns, *REGIONS[code].values())}
        words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        found.append((code, re.compile(rf"(?<!\w)(?:{words})(?!\w)")))
    return tuple(found)


def regions_named(text: str) -> frozenset[str]:
    """The regions whose towns a text names."""
    folded = fold(text[:2000])
    return frozenset(code for code, pattern in _patterns() if pattern.search(folded))


def regions_of(places: Iterable[Text], host: str | None) -> frozenset[str]:
    """The regions where the offerings are, by their places; the host's region if a place names no town we
    know. Empty if nobody knows, so that the programme may be near anybody."""
    found: set[str] = set()
    for place in places:
        named = frozenset().union(*(regions_named(said) for said in place.values()))
        found |= named or ({host} if host else set())
    return frozenset(found)


def is_near(wanted: str | None, regions: frozenset[str]) -> bool:
    """Whether an intake in these regions concerns somebody in the region `wanted`; None means the whole
    country."""
    return wanted is None or not regions or wanted in regions
