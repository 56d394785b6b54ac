"""The names of a country's people, and the words by which they are searched for: each name is folded once."""

from __future__ import annotations

from functools import cache

from cohortmgr.applications.file.words import words_of
from cohortmgr.base.text import fold

# In both scripts; some are written in two words, with a hyphen or with an apostrophe.
GIVEN = (
    ("Salma", "سلمى"), ("Youssef", "يوسف"), ("Fatima-Zahra", "فاطمة الزهراء"), ("Mehdi", "المهدي"),
    ("Imane", "إيمان"), ("Abdelilah", "عبد الإله"), ("Hajar", "هاجر"), ("Anas", "أنس"), ("Ghita", "غيثة"),
    ("Moulay Ali", "مولاي علي"), ("Meryem", "مريم"), ("Ayoub", "أيوب"), ("Chaimae", "شيماء"), ("Omar", "عمر"),
    ("Nour-Eddine", "نور الدين"), ("Kaoutar", "كوثر"), ("Ilyas", "إلياس"), ("Douae", "دعاء"), ("Hamza", "حمزة"),
    ("Rim", "ريم"),
)  # fmt: skip
FAMILY = (
    ("Alaoui", "العلوي"), ("El Amrani", "العمراني"), ("Benjelloun", "بنجلون"), ("Ait Lahcen", "أيت لحسن"),
    ("Tazi", "التازي"), ("M'Barek", "مبارك"), ("Berrada", "برادة"), ("El Fassi", "الفاسي"), ("Ouazzani", "الوزاني"),
    ("Chraibi", "الشرايبي"), ("Bennani", "بناني"), ("Idrissi", "الإدريسي"), ("Jabri", "الجابري"),
    ("Kettani", "الكتاني"), ("Lahlou", "لحلو"), ("Mernissi", "المرنيسي"), ("Naciri", "الناصري"),
    ("Ouhabi", "أوهابي"), ("Qabbaj", "القباج"), ("Rhazi", "الغازي"), ("Sefrioui", "الصفريوي"),
    ("Touimi", "التويمي"), ("Zniber", "زنيبر"), ("Guessous", "كسوس"), ("Filali", "الفيلالي"),
    ("Debbagh", "الدباغ"), ("Hassani", "الحسني"), ("Sqalli", "الصقلي"), ("Belghiti", "بلغيتي"),
    ("Ziani", "الزياني"),
)  # fmt: skip


@cache
def folded(text: str) -> str:
    """The names of a country are few."""
    return fold(text)


@cache
def _words_of_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words_of(names, "").split())


def words_with(names: tuple[str, ...], number: str, email: str) -> str:
    """Do `words_of`, and find the words of the same names only once."""
    return " ".join(sorted(_words_of_names(names).union(words_of((), number, email).split())))
