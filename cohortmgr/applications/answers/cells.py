"""Tells what programs leave in the cells of a file in place of an answer. Pure.

It may be a mark of nothing, an error, or a number that is none of a person's.

An error is no answer and no empty cell: what stood there is lost, and only who made the file can say it. A date or
a number that a spreadsheet turned into something else is named, so that nobody looks for the mistake elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from cohortmgr.accounts.bank import DAMAGED, DAMAGED_IN_FILE
from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.applications.answers.values import NOT_A_DATE, NOT_A_NUMBER, NOT_A_PHONE
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import bare, fold, month_of
from cohortmgr.programmes.definition.rules import Question, QuestionKind

_MISSING = N_("Cette réponse manque. Remplissez ce champ.")
ERROR = N_(
    "Cette cellule contient une erreur du tableur (%(value)s) : ce qu’elle disait est perdu. Écrivez la valeur."
)
DATE_AS_NUMBER = N_(
    "« %(value)s » est une date qu’un tableur a écrite en nombre, sans doute le %(day)s. Mettez la colonne au format "
    "Date, ou écrivez jour/mois/année."
)
PHONE_AS_NUMBER = N_(
    "Excel a remplacé les derniers chiffres de ce numéro de téléphone. Mettez la colonne au format Texte, puis "
    "recopiez le numéro."
)
FIGURE_AS_DATE = N_(
    "Un tableur a pris ce nombre pour une date (%(value)s). Mettez la colonne au format Texte, puis recopiez le nombre."
)
# What is said of a cell, and what whoever mends their own row reads in its place: the spreadsheet is not theirs.
TO_ITS_PERSON: Mapping[str, str] = {
    DAMAGED_IN_FILE: DAMAGED,
    ERROR: _MISSING,
    DATE_AS_NUMBER: NOT_A_DATE,
    PHONE_AS_NUMBER: NOT_A_PHONE,
    FIGURE_AS_DATE: NOT_A_NUMBER,
}

_FREE = frozenset({QuestionKind.TEXT, QuestionKind.LONG_TEXT, QuestionKind.CITY})
_FIGURES = frozenset({QuestionKind.GRADE, QuestionKind.NUMBER})
_TEXT_MARK = re.compile(r"\s*['’‘](?=[0-9٠-٩=+@-]\S*(?:\s+[^'’]*)?\Z)")
# What Excel in French and English, LibreOffice and Google Sheets show in place of a value.
_ERROR = re.compile(
    r"#(?:N/?A|REF|VALUE|VALEUR|NAME|NOM|DIV/0|NUM|NOMBRE|NULL|NUL|SPILL|PROPAGATION|CALC|ERROR)[  ]?[!?]?|#{3,}"
    r"|Err:[0-9]{3}"
)
# What programs write for nothing, whatever the column asks; none of these is anybody's name.
_NOTHING = frozenset({"null", "nan", "n/a", "undefined", r"\n", "(vide)", "(null)"})
# What people write for it, where it is no answer of the column.
_NOTHING_BY_HAND = frozenset(
    fold(each)
    for each in (
        "na",
        "none",
        "néant",
        "vide",
        "aucun",
        "aucune",
        "rien",
        "non renseigné",
        "لا يوجد",
        "لا شيء",
        "لاشيء",
    )
)
_ONLY_SIGNS = re.compile(r"[-–—_./\\*?؟ ]{1,20}\Z")
# Days as spreadsheets count them, of 1927 to 2064, with the hour behind them; fewer digits are a year or an age.
_SERIAL = re.compile(r"([1-5][0-9]{4})(?:[.,][0-9]{1,12})?\Z")
_DAY_ZERO = date(1899, 12, 30)
_SCIENTIFIC = re.compile(r"[+]?[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}\Z", re.IGNORECASE)
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9:]{5,8})?\Z|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}\Z")
_NAMED = re.compile(r"(?:[0-9]{1,2}[-. /]{1,2})?([^\W\d_]{3,10})\.?(?:[-. /]{1,2}[0-9]{1,4})?\Z")


def without_text_mark(raw: str) -> str:
    """The text of a cell without the apostrophe by which people and programs keep a spreadsheet from reading a number
    or a formula in it, as our own lists do. It hides nothing: a quotation or a name begins otherwise."""
    return raw.lstrip()[1:] if _TEXT_MARK.match(raw) else raw


def require_no_error(raw: str) -> None:
    """Refuse a cell that holds an error of a spreadsheet."""
    text = raw.strip()
    if len(text) < 20 and _ERROR.fullmatch(text):
        raise Refused(Problem(ERROR, {"value": text}))


def says_nothing(question: Question, raw: str, *, unread: bool) -> bool:
    """Whether the text of a cell stands for no answer; `unread`: it cannot be read as one."""
    text = raw.strip()
    if len(text) > 20:
        return False
    if text.lower() in _NOTHING and not _is_choice(question, text):
        return True
    return (
        unread
        and question.kind not in _FREE
        and (bool(_ONLY_SIGNS.match(text)) or fold(text) in _NOTHING_BY_HAND)
    )


def _is_choice(question: Question, text: str) -> bool:
    return any(
        fold(text) == fold(each)
        for option in question.options
        for each in (option.key, *option.label.values(), *option.aliases)
    )


def of_file(question: Question, raw: str, problem: Problem) -> Problem:
    """The problem of a cell, as what a spreadsheet did to it if it did."""
    text = western_digits(bare(raw[:60]))
    if problem.what == DAMAGED:
        return replace(problem, what=DAMAGED_IN_FILE)
    if question.kind is QuestionKind.DATE and (day := day_counted(text)):
        return replace(problem, what=DATE_AS_NUMBER, values={"value": text[:40], "day": f"{day:%d/%m/%Y}"})
    if question.kind is QuestionKind.PHONE and _SCIENTIFIC.match(text):
        return replace(problem, what=PHONE_AS_NUMBER, values={})
    if question.kind in _FIGURES and _is_date(text):
        return replace(problem, what=FIGURE_AS_DATE, values={"value": text[:40]})
    return problem


def day_counted(text: str) -> date | None:
    """The day that a number of a spreadsheet means, if it is likely to be one; else None."""
    found = _SERIAL.match(text)
    return _DAY_ZERO + timedelta(days=int(found[1])) if found else None


def _is_date(text: str) -> bool:
    if _DATED.match(text):
        return True
    named = _NAMED.match(text)
    return named is not None and month_of(named[1]) is not None
