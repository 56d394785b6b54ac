"""Rules of what people read, over texts: each function names the faults of one text, nothing where it is well. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_LETTER, _MARKED = "\u0621-\u064a", "\u0621-\u0652"
_PLACE = re.compile(r"%\((\w+)\)[sd]")

# What a machine says, or French that is another language's, with what to say in its place.
_UNSAID: Mapping[str, str] = {
    r"\b[Ii]l manque :": "say what to do: Remplissez, Choisissez, Cochez",
    r"\bessais qui restent": "say: Il vous reste 3 essais",
    r"\bObligatoire si :": "say when in a sentence",
    r"n’attend de vous": "say: Rien ne vous attend",
    r"\bque je suis\b|\bla suis\b": "that reads « I am »",
    r"\b[Gg]raines?\b": "say: nombre du tirage",
    r"paires? bloquantes?": "say who would prefer whom",
    r"lus autant de fois qu": "say what is finished",
    r"\by sont dit": "say: vous y trouverez",
    r"\b[Aa]llocation": "the money of a placement is la bourse",
    # One word for one outcome, whoever reads it.
    r"\b[Aa]ffectation\b[^.;]*\bvalid(?:é|er)|\bla valider\b": "a placement, as all that two agree to, is approuvée",
    r"\b[Dd]éclinée?s?\b|[Rr]efusées par la personne": "whoever does not take a seat renonce: renoncement",
    r"\b[Oo]ffres? expirées?\b": "an offer whose day is past is sans réponse",
    r"\brefusés? sans lecture|^%\(num\)s refus$": "who gets no seat is non retenu",
}
# A number that stands before a noun in the plural without choosing its form: never one, by rule of the house.
CONSTANT: Mapping[str, str] = {
    "most": "the most of something is a limit of several",
    "limit": "a limit of several",
    "least": "one is said without a number",
    "minutes": "a lifetime that the house fixes",
    "hours": "a delay that the house fixes",
    "of": "the working days of a month",
    "segments": "told only when there are too many",
    "months": "of a stipend: its form is the same in French, and one month is none",
    "total": "of a page, in « page 2 sur 7 »",
    "columns": "are named, several",
}
# Sentences in which a number is known to be several, with the reason.
SEVERAL: Mapping[str, str] = {
    "lien": "a link lives for thirty days or a year",
    "Suivez-la ici, dans les": "a link lives for thirty days",
    "Les %(count)s chaînes": "an institution has thirty-two",
    "Les %(count)s réunions": "as many as the page shows",
    "%(count)s colonnes manquent": "one is told in a sentence of its own",
    "lus de %(count)s": "a bound",
    "lus de %(most)s": "a bound",
    "Choisissez une date dans les": "sixty days, by rule",
    "%(number)s codes faux": "told from ten on",
    "%(seats)s meilleurs dossiers": "one seat has a sentence of its own",
    "Vous donnez %(points)s points": "told from two points on",
}
_INVARIABLE = re.compile(
    "choix|fois|mois|sur|sans|après|pas|plus|est|vous|dans|lus|puis|mais|dès|sous|vers|jamais|toujours"
)
# Names of values that count, in English texts, where a verb too ends in s.
_COUNTS = frozenset(
    {
        "absences",
        "age",
        "count",
        "days",
        "files",
        "found",
        "left",
        "missing",
        "scored",
        "seats",
        "size",
        "taken",
        "wished",
    }
)
_NOUN = re.compile(r"%\((\w+)\)s (?:autres |premiers |dernières )?([a-zà-ÿ]+[sx])\b(?!’)")

# Words that end in kaf for another reason than « you » in the singular.
_OWN_KAF = re.compile(
    r"[وفبلك]*(?:ال)?(?:ذلك|تلك|هناك|كذلك|لذلك|بذلك|بنك|ملك|مسلك|مسالك|سلك|مشترك|متحرك|متروك|باك|أنابيك|فك|شريك|شك|صك|شارك|يشارك)"
    r"|[ينتأ]?(?:ي|ت)?(?:شترك|حرك|ترك)|استدرك|و?يترك"
)
# Imperatives to one person that no past tense looks like.
_SINGULAR = re.compile(
    r"(?:^|[.:؛،!؟»]\s*)(?:ابدأ|اختر|اكتب|افتح|ضع|أضف|احذف|اقرأ|اضغط|انقر|املأ|أجب|اطلب|ادخل|اقبل)(?= |$)"
)
# Words with an alef at their end that is their own: a dual, a name, a pronoun.
_OWN_ALEF = re.compile(
    "[وفبلك]*(?:البيولوجيا|البكالوريا|الجغرافيا|الدنيا|العليا|خلايا|ناريفا|جافا|طاطا|شيما|وفا|سلا|رضا|هذا|هكذا|ماذا|كذا|إذا|لذا|إلا"
    "|بينما|حالما|كلما|عندما|حيثما|ربما|إنما|إما|أما|مما|عما|لما|فيما|ما|لا|ألا|كما|هنا|أنا|يا|قضايا|ملفا|تاريخا|رقما"
    "|عادتا|مسودتا|زالا|تصلا|التحقا|يجربا|يدليا|يرسلا|كانا)"
)
_ENDINGS = ("وا", "ها", "هما", "كما", "نا", "تما")
_ISOLATED = re.compile("\u2068[^\u2069]*\u2069|\u200e[^\u0621-\u064a]*")
_ADRIFT = re.compile(
    rf"[{_LETTER}][A-Za-z]|[A-Za-z][{_LETTER}]|[A-Za-z] +\d|\d +[A-Za-z]|[A-Za-z0-9][+#]+(?!\w)|\+\d|\d[ -]+\d"
)
_DAYS = "until|moment|deadline|day|closes|opens|date"
_EASTERN = re.compile(
    rf"(?<![{_LETTER}])[وفبلك]*(?:سبتمبر|أغسطس|اغسطس|يوليو|نوفمبر|ديسمبر|مايو)(?![{_LETTER}])"
)


def french(text: str) -> list[str]:
    """The faults of a French text."""
    faults = [why for what, why in _UNSAID.items() if re.search(what, text)]
    if re.search(rf"(?<![\d/.,])1[ \u00a0](?:{_MONTHS})\b", text):
        faults.append("the first of a month is 1er")
    return faults + list(_of_any(text, ("par exemple", "comme", "exemple")))


def english(text: str) -> list[str]:
    """The faults of an English text."""
    return list(_of_any(text, ("for example", "like", "as ")))


def arabic(text: str) -> list[str]:
    """The faults of an Arabic text; a placeholder stands for a word."""
    words = re.findall(f"[{_MARKED}]+", text)
    bare = list(map(_bare, words))
    faults = [
        f"speak to several: {word}" for word in bare if word.endswith("ك") and not _OWN_KAF.fullmatch(word)
    ]
    faults += [f"speak to several: {found[0]}" for found in _SINGULAR.finditer(text)]
    faults += ["the two strokes stand before the alef's place: اً"] if "\u064b\u0627" in text else []
    faults += [
        f"two strokes are written: {word}"
        for word in map(_bare, (each for each in words if "\u064b" not in each))
        if word.endswith("ا") and not _OWN_ALEF.fullmatch(word) and not word.endswith(_ENDINGS)
    ]
    faults += [f"a month of Morocco: {found[0]}" for found in _EASTERN.finditer(text)]
    faults += ["a day is said: قبل يوم"] if re.search(rf"قبل %\((?:{_DAYS})\)s", text) else []
    faults += ["money is درهم"] if re.search(r"\b(?:MAD|DH)\b", text) else []
    faults += ["the stipend is منحة"] if re.search("تعويض", text) else []
    free = _ISOLATED.sub("ب", _PLACE.sub("ب", text))
    faults += [f"isolate: {found[0]}" for found in _ADRIFT.finditer(re.sub("<[^>]*>", "", free))]
    return faults + list(_of_any(text, ("مثل",)))


def _bare(word: str) -> str:
    return re.sub("[\u064b-\u0652]", "", word)


def _of_any(text: str, examples: tuple[str, ...]) -> Iterator[str]:
    """The faults that every language may have: numbers and days in a machine's form."""
    if re.search(r"(?<!\d)0[5-8]\d{8}(?!\d)|\+212\d", text):
        yield "a telephone number is written in pairs"
    if re.search(r"\d\d/\d\d/\d{4}", text) and not any(word in text.lower() for word in examples):
        yield "a day is written as people say it, but where one shows how to type it"


def uncounted(french_text: str, said: str | None = None) -> list[str]:
    """The nouns in the plural behind a number that may be one, in a text without plural forms: the French one, or what
    English says for it."""
    if any(known in french_text for known in SEVERAL):
        return []
    return [
        found[0]
        for found in _NOUN.finditer(french_text if said is None else said)
        if found[1] not in CONSTANT
        and not _INVARIABLE.fullmatch(found[2])
        and (said is None or found[1] in _COUNTS)
    ] + re.findall(r"\w+\(e?s\)", said or french_text)


def said_in(value: Any, language: str) -> Iterator[str]:
    """Every text of a language within a definition's tables: `{ fr = …, ar = … }`, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get(language), str) and "fr" in value:
            yield value[language]
        for each in value.values():
            yield from said_in(each, language)
    elif isinstance(value, list):
        for each in value:
            yield from said_in(each, language)
