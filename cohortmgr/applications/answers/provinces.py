"""The seventy-five provinces and prefectures by region: ISO 3166-2 codes, and the names that people type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cohortmgr.base.errors import N_
from cohortmgr.base.text import fold

ABROAD = "ABROAD"
ABROAD_NAME = N_("Hors du Maroc")

# Region to (code, French name, Arabic name). The English pages write the French name, as maps do.
_BY_REGION: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "MA-01": (
        ("MA-HOC", "Al Hoceïma", "الحسيمة"), ("MA-CHE", "Chefchaouen", "شفشاون"),
        ("MA-FAH", "Fahs-Anjra", "الفحص - أنجرة"), ("MA-LAR", "Larache", "العرائش"),
        ("MA-MDF", "M’diq-Fnideq", "المضيق - الفنيدق"), ("MA-OUZ", "Ouezzane", "وزان"),
        ("MA-TNG", "Tanger-Assilah", "طنجة - أصيلة"), ("MA-TET", "Tétouan", "تطوان"),
    ),
    "MA-02": (
        ("MA-BER", "Berkane", "بركان"), ("MA-DRI", "Driouch", "الدريوش"), ("MA-FIG", "Figuig", "فجيج"),
        ("MA-GUF", "Guercif", "جرسيف"), ("MA-JRA", "Jerada", "جرادة"), ("MA-NAD", "Nador", "الناظور"),
        ("MA-OUJ", "Oujda-Angad", "وجدة - أنجاد"), ("MA-TAI", "Taourirt", "تاوريرت"),
    ),
    "MA-03": (
        ("MA-BOM", "Boulemane", "بولمان"), ("MA-HAJ", "El Hajeb", "الحاجب"), ("MA-FES", "Fès", "فاس"),
        ("MA-IFR", "Ifrane", "إفران"), ("MA-MEK", "Meknès", "مكناس"),
        ("MA-MOU", "Moulay Yaâcoub", "مولاي يعقوب"), ("MA-SEF", "Sefrou", "صفرو"),
        ("MA-TAO", "Taounate", "تاونات"), ("MA-TAZ", "Taza", "تازة"),
    ),
    "MA-04": (
        ("MA-KEN", "Kénitra", "القنيطرة"), ("MA-KHE", "Khémisset", "الخميسات"), ("MA-RAB", "Rabat", "الرباط"),
        ("MA-SAL", "Salé", "سلا"), ("MA-SIK", "Sidi Kacem", "سيدي قاسم"),
        ("MA-SIL", "Sidi Slimane", "سيدي سليمان"), ("MA-SKH", "Skhirate-Témara", "الصخيرات - تمارة"),
    ),
    "MA-05": (
        ("MA-AZI", "Azilal", "أزيلال"), ("MA-BEM", "Béni Mellal", "بني ملال"),
        ("MA-FQH", "Fquih Ben Salah", "الفقيه بن صالح"), ("MA-KHN", "Khénifra", "خنيفرة"),
        ("MA-KHO", "Khouribga", "خريبكة"),
    ),
    "MA-06": (
        ("MA-BES", "Benslimane", "بنسليمان"), ("MA-BRR", "Berrechid", "برشيد"),
        ("MA-CAS", "Casablanca", "الدار البيضاء"), ("MA-JDI", "El Jadida", "الجديدة"),
        ("MA-MED", "Médiouna", "مديونة"), ("MA-MOH", "Mohammadia", "المحمدية"),
        ("MA-NOU", "Nouaceur", "النواصر"), ("MA-SET", "Settat", "سطات"),
        ("MA-SIB", "Sidi Bennour", "سيدي بنور"),
    ),
    "MA-07": (
        ("MA-HAO", "Al Haouz", "الحوز"), ("MA-CHI", "Chichaoua", "شيشاوة"),
        ("MA-KES", "El Kelâa des Sraghna", "قلعة السراغنة"), ("MA-ESI", "Essaouira", "الصويرة"),
        ("MA-MAR", "Marrakech", "مراكش"), ("MA-REH", "Rehamna", "الرحامنة"), ("MA-SAF", "Safi", "آسفي"),
        ("MA-YUS", "Youssoufia", "اليوسفية"),
    ),
    "MA-08": (
        ("MA-ERR", "Errachidia", "الرشيدية"), ("MA-MID", "Midelt", "ميدلت"),
        ("MA-OUA", "Ouarzazate", "ورزازات"), ("MA-TIN", "Tinghir", "تنغير"), ("MA-ZAG", "Zagora", "زاكورة"),
    ),
    "MA-09": (
        ("MA-AGD", "Agadir-Ida-Ou-Tanane", "أكادير إدا وتنان"), ("MA-CHT", "Chtouka-Aït Baha", "اشتوكة آيت باها"),
        ("MA-INE", "Inezgane-Aït Melloul", "إنزكان آيت ملول"), ("MA-TAR", "Taroudannt", "تارودانت"),
        ("MA-TAT", "Tata", "طاطا"), ("MA-TIZ", "Tiznit", "تيزنيت"),
    ),
    "MA-10": (
        ("MA-ASZ", "Assa-Zag", "أسا - الزاك"), ("MA-GUE", "Guelmim", "كلميم"),
        ("MA-SIF", "Sidi Ifni", "سيدي إفني"), ("MA-TNT", "Tan-Tan", "طانطان"),
    ),
    "MA-11": (
        ("MA-BOD", "Boujdour", "بوجدور"), ("MA-ESM", "Es-Semara", "السمارة"), ("MA-LAA", "Laâyoune", "العيون"),
        ("MA-TAF", "Tarfaya", "طرفاية"),
    ),
    "MA-12": (("MA-AOU", "Aousserd", "أوسرد"), ("MA-OUD", "Oued Ed-Dahab", "وادي الذهب")),
}  # fmt: skip

# Region to its provinces in the order of their French names: code to name.
PROVINCES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    region: {code: {"fr": french, "ar": arabic, "en": french} for code, french, arabic in provinces}
    for region, provinces in _BY_REGION.items()
}
_REGION_OF = {code: region for region, provinces in PROVINCES.items() for code in provinces}
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "MA-TNG": ("Tanger", "طنجة"), "MA-OUJ": ("Oujda", "وجدة"), "MA-AGD": ("Agadir", "أكادير"),
    "MA-INE": ("Inezgane", "إنزكان"), "MA-SKH": ("Témara", "Skhirat-Témara", "تمارة"),
    "MA-OUD": ("Dakhla", "الداخلة"), "MA-TAR": ("Taroudant",), "MA-ERR": ("Er-Rachidia",),
    "MA-KES": ("El Kelaa",), "MA-MDF": ("Mdiq-Fnideq",), "MA-ESM": ("Smara",),
}  # fmt: skip
_BEFORE = ("", "province de ", "prefecture de ", "إقليم ", "عمالة ")


def region_of_province(code: str) -> str | None:
    """The region of a province, None for an address outside the country."""
    return _REGION_OF.get(code)


def province_name(code: str) -> Mapping[str, str] | None:
    """The name of a province in each language, None when no province has that code."""
    region = _REGION_OF.get(code)
    return PROVINCES[region][code] if region else None


def province_of(text: str) -> str | None:
    """The code of the province that a text names by its code or a name, whatever the accents; else None."""
    return _by_name().get(_bare(text[:80]))


@cache
def _by_name() -> dict[str, str]:
    found = {
        _bare(name): ABROAD for name in (ABROAD, ABROAD_NAME, "Étranger", "Outside Morocco", "خارج المغرب")
    }
    for provinces in PROVINCES.values():
        for code, names in provinces.items():
            for name in (code, *names.values(), *_OTHER_NAMES.get(code, ())):
                found |= {_bare(before + name): code for before in _BEFORE}
    return found


def _bare(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())
