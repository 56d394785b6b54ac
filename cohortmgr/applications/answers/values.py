"""Read a typed text as the answer to a question, in the same way for the online form and for imports.

An answer is kept as text in one canonical form (option key, `12.5`, `2003-02-28`, `+212612345678`, `MA-04`).
A consent is kept as True, an answer of several parts as a list or a dict of such texts (see `composed.py`),
and no answer as None. So two files that say the same thing in different ways hold equal answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import phonenumbers

from cohortmgr.accounts.bank import check_rib
from cohortmgr.accounts.contacts import address_within
from cohortmgr.accounts.identifiers import normalise_cin, normalise_massar, western_digits
from cohortmgr.applications.answers.dates import parsed
from cohortmgr.applications.answers.regions import region_of
from cohortmgr.base.domains import known_domain
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import bare, fold, plain_punctuation, without_marks
from cohortmgr.programmes.definition.rules import FULL_MARK_POINTS, LANGUAGE_LEVELS, Question, QuestionKind

# Lists: keys of several choices, ranked keys, rows of a group. Dicts: the parts of an address, an identity
# document, languages with their levels, a group's row.
_YEARS = NN_("%(num)s an", "%(num)s ans")
Answer = str | bool | list[Any] | dict[str, Any] | None

YOUNGEST, OLDEST = 15, 80
_LONGEST_LINE, _LONGEST_TEXT = 300, 10_000
NOT_A_NUMBER = N_("« %(value)s » n’est pas un nombre. Écrivez-le en chiffres, comme 12,50.")
NOT_A_DATE = N_("« %(value)s » n’est pas une date. Écrivez jour/mois/année, comme 28/02/2003.")
NOT_A_PHONE = N_("Ce numéro de téléphone n’est pas valable. Écrivez-le comme 06 12 34 56 78, ou avec +212.")
_FREE = frozenset({QuestionKind.TEXT, QuestionKind.LONG_TEXT, QuestionKind.FILE})
_TEXTS = frozenset({QuestionKind.TEXT, QuestionKind.LONG_TEXT, QuestionKind.CITY, QuestionKind.FILE})

_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,20})?\Z")
# Averages that a program computed bear fifteen digits and more, the last of them by chance.
_PLACES = Decimal("1e-10")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3}){1,3}(?:[.,]|\Z)")
# What people add to a number, as in 06 12 34 56 78 (WhatsApp).
_REMARK = re.compile(r"\([^()0-9]{1,30}\)\Z")
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_NAME_MARKS = frozenset(" '-·.")
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = str.maketrans(dict.fromkeys("\u200b\u200e\u200f\ufeff\xad"))
_YES = frozenset({"1", "true", "on", "yes", "oui", "y", "o", "نعم", "d'accord", "j'accepte"})
_NAMES = frozenset(
    {"person.family_name", "person.given_name", "person.family_name_ar", "person.given_name_ar"}
)

_folded = lru_cache(maxsize=8192)(fold)


def is_given(answer: Answer) -> bool:
    """Whether an answer says anything: an empty list, an empty text and an unticked box do not."""
    return answer is not None and answer is not False and answer not in ("", [], {})


def read_value(
    question: Question, raw: str, today: date, date_formats: Sequence[str] = ()
) -> Answer | Problem:
    """Read `raw` as the canonical answer: the answer, None when it is optional and empty, or a Problem
    (`where` = the question's key). For kinds of one part; `composed.read_cell` reads the others.

    `date_formats` (for strptime) are tried in order, before our own: day first, or ISO.
    """
    try:
        text = _clean(_without_strays(question, raw), many_lines=question.kind is QuestionKind.LONG_TEXT)
        if not text:
            if question.required:
                return Problem(_missing(question.kind), where=question.key)
            return None
        if len(text) > _LONGEST_LINE and question.kind not in _TEXTS:
            raise Refused(_too_long(_LONGEST_LINE))
        if question.kind is QuestionKind.DATE:
            return _date(question, text, today, date_formats)
        return _READERS[question.kind](question, text, today)
    except Refused as refused:
        return replace(refused.problems[0], where=question.key)


def _without_strays(question: Question, raw: str) -> str:
    """The text without what programs leave in it. Only in free texts do marks of direction have a meaning, and
    there they are refused."""
    if question.target in _NAMES:
        return plain_punctuation(without_marks(raw))
    return raw if question.kind in _FREE else bare(raw)


def _missing(kind: QuestionKind) -> str:
    if kind is QuestionKind.CONSENT:
        return N_("Cochez cette case pour continuer.")
    if kind is QuestionKind.FILE:
        return N_("Joignez ce document.")
    return N_("Cette réponse manque. Remplissez ce champ.")


def _clean(raw: str, *, many_lines: bool) -> str:
    """The text in NFC, without invisible marks. Refused if it has control or direction characters, which
    could hide the text or turn it around."""
    if len(raw) > 4 * _LONGEST_TEXT:
        raise Refused(_too_long(_LONGEST_TEXT))
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).translate(_INVISIBLE)
    for character in text:
        if character in _DIRECTION or (
            unicodedata.category(character) in ("Cc", "Cs", "Cn") and character not in "\n\t"
        ):
            raise Refused(
                N_(
                    "Cette réponse contient un caractère invisible qui n’est pas permis. "
                    "Saisissez-la de nouveau au clavier."
                )
            )
    return text.strip() if many_lines else " ".join(text.split())


def _too_long(limit: int) -> Problem:
    return Problem(N_("Cette réponse dépasse %(limit)s caractères. Raccourcissez-la."), {"limit": limit})


def _text(question: Question, text: str, today: date) -> str:
    long = question.kind is QuestionKind.LONG_TEXT
    limit = question.max_length or (_LONGEST_TEXT if long else _LONGEST_LINE)
    if len(text) > limit:
        raise Refused(_too_long(limit))
    if question.target in _NAMES:
        _check_name(text)
    return text


def _check_name(text: str) -> None:
    letters = [c for c in text if c not in _NAME_MARKS]
    if not letters or any(unicodedata.category(c)[0] not in "LM" for c in letters) or text[0] == "=":
        raise Refused(
            N_(
                "Un nom ne contient que des lettres, des espaces, des traits d’union et des "
                "apostrophes. Corrigez-le."
            )
        )


def _choice(question: Question, text: str, today: date) -> str:
    wanted = _folded(text)
    for option in question.options:
        if text == option.key or any(
            _folded(name) == wanted for name in (option.key, *option.label.values(), *option.aliases)
        ):
            return option.key
    raise Refused(
        Problem(
            N_("« %(value)s » n’est pas un choix de la liste. Choisissez une des réponses proposées."),
            {"value": text[:80]},
        )
    )


def _decimal(text: str) -> Decimal:
    compact = western_digits(text).replace("٫", ".")
    if _GROUPED.match(compact):
        compact = compact.replace(" ", "")
    if not _DECIMAL.match(compact):
        raise Refused(Problem(NOT_A_NUMBER, {"value": text[:40]}))
    number = Decimal(compact.replace(",", "."))
    return number.quantize(_PLACES) if int(number.as_tuple().exponent) < -10 else number


def _canonical(number: Decimal) -> str:
    return format(number.normalize(), "f") if number else "0"


def _bounded(number: Decimal, least: Decimal | None, most: Decimal | None) -> str:
    if (least is not None and number < least) or (most is not None and number > most):
        values = {
            "value": _canonical(number),
            "least": "" if least is None else _canonical(least),
            "most": "" if most is None else _canonical(most),
        }
        if least is None:
            raise Refused(
                Problem(N_("%(value)s est trop grand : le maximum est %(most)s. Corrigez ce nombre."), values)
            )
        if most is None:
            raise Refused(
                Problem(
                    N_("%(value)s est trop petit : le minimum est %(least)s. Corrigez ce nombre."), values
                )
            )
        raise Refused(
            Problem(N_("%(value)s n’est pas entre %(least)s et %(most)s. Corrigez ce nombre."), values)
        )
    return _canonical(number)


def _grade(question: Question, text: str, today: date) -> str:
    least = Decimal(0) if question.minimum is None else question.minimum
    most = Decimal(FULL_MARK_POINTS) if question.maximum is None else question.maximum
    figure, slash, scale = text.partition("/")
    if slash and western_digits(scale).strip() == _canonical(most):
        text = figure.rstrip()
    return _bounded(_decimal(text), least, most)


def _number(question: Question, text: str, today: date) -> str:
    return _bounded(_decimal(text), question.minimum, question.maximum)


def _year(question: Question, text: str, today: date) -> str:
    digits = western_digits(text)
    if not (digits.isascii() and digits.isdigit() and len(digits) == 4):
        raise Refused(
            Problem(
                N_("« %(value)s » n’est pas une année. Écrivez-la en quatre chiffres, comme 2025."),
                {"value": text[:40]},
            )
        )
    least = Decimal(1950) if question.minimum is None else question.minimum
    most = Decimal(today.year + 5) if question.maximum is None else question.maximum
    return _bounded(Decimal(digits), least, most)


def _date(question: Question, text: str, today: date, formats: Sequence[str]) -> str:
    day = parsed(western_digits(text), formats)
    if day is None:
        raise Refused(Problem(NOT_A_DATE, {"value": text[:40]}))
    if question.target == "person.birth_date":
        _check_age(question, day, today)
    elif not 1900 <= day.year <= 2200:
        raise Refused(
            Problem(N_("L’année %(year)s n’est pas vraisemblable. Vérifiez cette date."), {"year": day.year})
        )
    return day.isoformat()


def _check_age(question: Question, born: date, today: date) -> None:
    """Refuse a date of birth that gives no plausible age; the question's bounds, if any, are in years."""
    if born > today:
        raise Refused(
            Problem(
                N_("Cette date de naissance est dans le futur. Vérifiez l’année %(year)s."),
                {"year": born.year},
            )
        )
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    least = YOUNGEST if question.minimum is None else int(question.minimum)
    most = OLDEST if question.maximum is None else int(question.maximum)
    if not least <= age <= most:
        raise Refused(
            Problem(
                N_(
                    "Cette date de naissance donne %(age)s, ce qui n’est pas entre %(least)s et "
                    "%(most)s ans. Vérifiez l’année."
                ),
                {"age": Quantity(*_YEARS, age), "least": least, "most": most},
            )
        )


def normalise_email(text: str) -> str:
    """The e-mail address in lower case, its domain in letters as accounts know it; Refused unless its syntax is sound
    (lengths of RFC 5321, dot-atom, two labels at least, a domain that IDNA 2008 knows)."""
    address = unicodedata.normalize("NFC", address_within(bare(text)).lower())
    local, at, domain = address.rpartition("@")
    known = known_domain(domain) if at and len(address) <= 254 else None
    if known is None or len(local) > 64 or not _LOCAL_PART.match(local):
        raise Refused(
            N_("Cette adresse e-mail n’est pas valable. Écrivez une adresse complète, comme nom@exemple.ma.")
        )
    return f"{local}@{known}"


def normalise_phone(text: str) -> str:
    """The number in E.164 (`+212612345678`), Moroccan unless it says otherwise; Refused if impossible."""
    wrong = Refused(NOT_A_PHONE)
    written = bare(text) if len(text) <= 80 else ""
    if not 0 < len(written) <= 40:
        raise wrong
    try:
        number = phonenumbers.parse(_REMARK.sub("", western_digits(written)), "MA")
    except phonenumbers.NumberParseException:
        raise wrong from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise wrong
    if number.country_code == 212 and not re.match(r"[5-8][0-9]{8}\Z", str(number.national_number)):
        raise wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _region(question: Question, text: str, today: date) -> str:
    code = region_of(text)
    if code is None:
        raise Refused(
            Problem(
                N_("« %(value)s » n’est pas une région du Maroc. Choisissez l’une des douze."),
                {"value": text[:60]},
            )
        )
    return code


def _level(question: Question, text: str, today: date) -> str:
    if text.upper() in LANGUAGE_LEVELS:
        return text.upper()
    if question.options:
        return _choice(question, text, today)
    raise Refused(
        Problem(
            N_("« %(value)s » n’est pas un niveau de langue. Choisissez de A1 à C2."), {"value": text[:40]}
        )
    )


def _consent(question: Question, text: str, today: date) -> bool | None:
    if _folded(text[:40]) in _YES:
        return True
    if question.required:
        raise Refused(_missing(question.kind))
    return None


def _alone(normalise: Callable[[str], str]) -> Callable[[Question, str, date], str]:
    return lambda question, text, today: normalise(text)


_READERS: Mapping[QuestionKind, Callable[[Question, str, date], Answer]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.LONG_TEXT: _text,
    QuestionKind.CITY: _text,
    QuestionKind.FILE: _text,
    QuestionKind.CHOICE: _choice,
    QuestionKind.GRADE: _grade,
    QuestionKind.NUMBER: _number,
    QuestionKind.YEAR: _year,
    QuestionKind.EMAIL: _alone(normalise_email),
    QuestionKind.PHONE: _alone(normalise_phone),
    QuestionKind.CIN: _alone(normalise_cin),
    QuestionKind.MASSAR: _alone(normalise_massar),
    QuestionKind.RIB: _alone(check_rib),
    QuestionKind.REGION: _region,
    QuestionKind.LANGUAGE_LEVEL: _level,
    QuestionKind.CONSENT: _consent,
}
