"""Read answers of several parts, from the fields of a form or from one cell of an imported file. Pure.

The fields of a question are named after it: `key` alone for several choices, else `key-part`
(`birth_date-day`, `home-province`, `wishes-1`, `diplomas-0-title`), as WTForms names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from cohortmgr.accounts.identifiers import (
    normalise_cin,
    normalise_passport,
    normalise_residence_permit,
)
from cohortmgr.applications.answers.cells import of_file, require_no_error, says_nothing, without_text_mark
from cohortmgr.applications.answers.provinces import province_of
from cohortmgr.applications.answers.values import Answer, read_value
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import month_of
from cohortmgr.programmes.definition.rules import Option, Question, QuestionKind

# Field name to what it holds; a name sent several times holds a list.
_CHOICES = NN_("%(num)s choix", "%(num)s choix")
_ANSWERS = NN_("%(num)s réponse", "%(num)s réponses")
FieldValues = Mapping[str, str | Sequence[str]]
ReadAnswer = tuple[Answer, list[Problem]]

DATE_PARTS = ("day", "month", "year")
ADDRESS_PARTS = ("province", "commune", "street")
# Each kind of identity document: its name, and the function that normalises its number.
IDENTITY_DOCUMENTS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "cin": (N_("Carte nationale (CIN)"), normalise_cin),
    "passport": (N_("Passeport"), normalise_passport),
    "residence_permit": (N_("Titre de séjour"), normalise_residence_permit),
}
_LONGEST_PART = 200
_BETWEEN = re.compile(r"[;|\n>]")
_COMMAS = re.compile(r"[;|\n>,،؛]")
_PAIR = re.compile(r"[:=]")


def read_given(question: Question, given: FieldValues, today: date) -> ReadAnswer:
    """Read the posted fields of a question: the answer (None if nothing is given) and what is wrong with it.

    A part that is left empty is not a Problem here: `file.rules.missing` reports it before sending. A wrong
    part is left out of the answer: in a group's row only that field, in any other question the whole answer.
    `where` of a Problem is the field's name.
    """
    reader = _FROM_FIELDS.get(question.kind)
    if reader is not None:
        return reader(question, given, today)
    return _single(question, first(given, question.key), today)


def _single(question: Question, raw: str, today: date) -> ReadAnswer:
    value = read_value(question, raw, today) if raw.strip() else None
    return (None, [value]) if isinstance(value, Problem) else (value, [])


def read_cell(
    question: Question, raw: str, today: date, date_formats: Sequence[str] = ()
) -> Answer | Problem:
    """Read one cell as `values.read_value` does, for every kind but groups; ; | or a new line separate parts.

    Levels are written `Anglais : B2 ; Arabe : C1`, ranks from the first to the last, an address
    `province ; commune ; street`, an identity document `Passeport : AB123456` or the number of a CIN alone. What a
    program left for nothing is an empty cell, and what it damaged is said to be so.
    """
    raw = without_text_mark(raw)
    try:
        require_no_error(raw)
    except Refused as refused:
        return replace(refused.problems[0], where=question.key)
    if says_nothing(question, raw, unread=False):
        raw = ""
    value = _cell(question, raw, today, date_formats)
    if isinstance(value, Problem) and says_nothing(question, raw, unread=True):
        value = _cell(question, "", today, date_formats)
    return of_file(question, raw, value) if isinstance(value, Problem) else value


def _cell(question: Question, raw: str, today: date, date_formats: Sequence[str]) -> Answer | Problem:
    reader = _FROM_CELL.get(question.kind)
    if reader is None:
        return read_value(question, raw, today, date_formats)
    # The cell is first cleaned and checked as a text is; the reader sees only what passed.
    as_text = Question(
        question.key, QuestionKind.LONG_TEXT, question.label, required=question.required, max_length=2000
    )
    text = read_value(as_text, raw, today)
    if not isinstance(text, str):
        return text if isinstance(text, Problem) else None
    answer, problems = reader(question, text, today)
    if problems:
        return replace(problems[0], where=question.key)
    return read_value(as_text, "", today) if answer is None else answer


def first(given: FieldValues, name: str) -> str:
    """The value of a field, the first if it has several; empty when it was not sent."""
    held = given.get(name, "")
    if isinstance(held, str):
        return held
    return held[0] if held else ""


def every(given: FieldValues, name: str, most: int = 200) -> list[str]:
    """The values of a field that are not blank, among the first `most`."""
    held = given.get(name, ())
    return [each for each in ([held] if isinstance(held, str) else list(held)[:most]) if each.strip()]


def _part(question: Question, name: str, kind: QuestionKind, **more: Any) -> Question:
    return Question(f"{question.key}-{name}", kind, question.label, **more)


def _day(question: Question, given: FieldValues, today: date) -> ReadAnswer:
    """Read a day from one text, or from three: day, month (by number or name) and year."""
    whole = first(given, question.key)
    if whole.strip():
        return _single(question, whole, today)
    parts = {name: first(given, f"{question.key}-{name}").strip()[:_LONGEST_PART] for name in DATE_PARTS}
    if not any(parts.values()):
        return None, []
    for name, problem in _ABSENT_PART.items():
        if not parts[name]:
            return None, [Problem(problem, where=f"{question.key}-{name}")]
    named = month_of(parts["month"])
    return _single(question, "/".join((parts["day"], str(named or parts["month"]), parts["year"])), today)


_ABSENT_PART = {
    "day": N_("Il manque le jour. Écrivez-le en chiffres."),
    "month": N_("Il manque le mois. Écrivez-le en chiffres."),
    "year": N_("Il manque l’année. Écrivez-la en quatre chiffres."),
}


def _options_of(question: Question, texts: Iterable[str], today: date) -> tuple[list[str], list[Problem]]:
    """The keys of the options that the texts name, in order; with a Problem at the first that names none."""
    chooser = Question(question.key, QuestionKind.CHOICE, question.label, options=question.options)
    keys: list[str] = []
    for text in texts:
        found = read_value(chooser, text, today)
        if isinstance(found, Problem):
            return keys, [found]
        if isinstance(found, str):
            keys.append(found)
    return keys, []


def _several(question: Question, texts: Sequence[str], today: date) -> ReadAnswer:
    chosen, problems = _options_of(question, texts, today)
    keys = [option.key for option in question.options if option.key in chosen]
    if problems or not keys:
        return None, problems
    if len(keys) > question.most:
        what = N_("Vous avez choisi %(found)s : gardez-en %(most)s au plus.")
        return None, [
            Problem(what, {"found": Quantity(*_ANSWERS, len(keys)), "most": question.most}, question.key)
        ]
    least = int(question.minimum or 0)
    if len(keys) < least:
        what = N_("Vous avez choisi %(found)s : choisissez-en au moins %(least)s.")
        return None, [Problem(what, {"found": Quantity(*_ANSWERS, len(keys)), "least": least}, question.key)]
    return list(keys), []


def _identity_document(question: Question, kind: str, number: str, today: date) -> ReadAnswer:
    where = f"{question.key}-number"
    cleaned = read_value(_part(question, "number", QuestionKind.TEXT), number, today)
    if isinstance(cleaned, Problem):
        return None, [cleaned]
    if not isinstance(cleaned, str):
        return None, []
    if kind not in IDENTITY_DOCUMENTS:
        what = N_("Dites de quel document est ce numéro : carte nationale, passeport ou titre de séjour.")
        return None, [Problem(what, where=f"{question.key}-type")]
    try:
        return {"type": kind, "number": IDENTITY_DOCUMENTS[kind][1](cleaned)}, []
    except Refused as refused:
        return None, [replace(refused.problems[0], where=where)]


def _address(question: Question, parts: Mapping[str, str], today: date) -> ReadAnswer:
    answer: dict[str, str] = {}
    problems: list[Problem] = []
    for name in ADDRESS_PARTS:
        limit = 80 if name == "commune" else _LONGEST_PART
        part = _part(question, name, QuestionKind.TEXT, max_length=limit)
        value = read_value(part, parts.get(name, ""), today)
        if isinstance(value, str) and name == "province":
            code = province_of(value)
            what = N_("« %(value)s » n’est pas une province du Maroc. Choisissez-la dans la liste.")
            value = code or Problem(what, {"value": value[:60]}, part.key)
        if isinstance(value, Problem):
            problems.append(value)
        elif isinstance(value, str):
            answer[name] = value
    return (None if problems else answer or None), problems


def _levels(question: Question, parts: Mapping[str, str], today: date) -> ReadAnswer:
    answer: dict[str, str] = {}
    problems: list[Problem] = []
    for option in question.options:
        asked = _part(question, option.key, QuestionKind.LANGUAGE_LEVEL)
        value = read_value(asked, parts.get(option.key, ""), today)
        if isinstance(value, Problem):
            problems.append(value)
        elif isinstance(value, str):
            answer[option.key] = value
    return (None if problems else answer or None), problems


def _ranking(question: Question, texts: Sequence[str], today: date) -> ReadAnswer:
    """Read a ranking; empty ranks in between are closed up. `where` of a Problem names the rank at fault."""
    keys: list[str] = []
    for rank, text in enumerate(texts[: question.most], start=1):
        if not text.strip():
            continue
        found, problems = _options_of(question, [text], today)
        where = f"{question.key}-{rank}"
        if problems:
            return None, [replace(problems[0], where=where)]
        if found and found[0] in keys:
            what = N_("Ce choix est déjà votre n° %(rank)s. Choisissez-en un autre, ou laissez vide.")
            return None, [Problem(what, {"rank": keys.index(found[0]) + 1}, where)]
        keys += found
    least = int(question.minimum or 0)
    if keys and len(keys) < least:
        what = N_("Vous avez classé %(found)s : classez-en au moins %(least)s.")
        return None, [
            Problem(
                what,
                {"found": Quantity(*_CHOICES, len(keys)), "least": least},
                f"{question.key}-{len(keys) + 1}",
            )
        ]
    return list(keys) or None, []


def rows_sent(question: Question, given: FieldValues) -> list[int]:
    """The numbers of a group's rows among the posted fields, in order; a number has three digits at most."""
    prefix = f"{question.key}-"
    found = {
        name[len(prefix) :].partition("-")[0]
        for name in given
        if name.startswith(prefix) and name[len(prefix) :].partition("-")[2]
    }
    return sorted(int(each) for each in found if each.isascii() and each.isdigit() and len(each) < 4)


def _rows(question: Question, given: FieldValues, today: date) -> ReadAnswer:
    """Read the rows that hold something. A Problem names a row by its place, as the form shows it again."""
    rows: list[dict[str, Answer]] = []
    problems: list[Problem] = []
    # One more than may be given is enough to say that there are too many.
    for place, number in enumerate(rows_sent(question, given)[: question.most + 1]):
        row: dict[str, Answer] = {}
        for each in question.fields:
            value, wrong = read_given(replace(each, key=f"{question.key}-{number}-{each.key}"), given, today)
            if value is not None:
                row[each.key] = value
            before, after = f"{question.key}-{number}-", f"{question.key}-{place}-"
            problems += [
                replace(one, where=(one.where or "").replace(before, after, 1) or None) for one in wrong
            ]
        if row:
            rows.append(row)
    if len(rows) > question.most:
        what = N_("%(most)s lignes au plus : retirez-en.")
        problems.append(Problem(what, {"most": question.most}, question.key))
        rows = rows[: question.most]
    return list(rows) or None, problems


def _pair(text: str) -> tuple[str, str]:
    """`A : b` as (A, b); a name may hold the sign too, what follows it never does."""
    *_, last = (None, *_PAIR.finditer(text))
    return (text[: last.start()].strip(), text[last.end() :].strip()) if last else (text.strip(), "")


def _pairs(text: str) -> list[tuple[str, str]]:
    """`A : b ; C : d` as (A, b), (C, d)."""
    return [pair for each in _COMMAS.split(text) if any(pair := _pair(each))]


def _parts_of(question: Question, text: str, between: re.Pattern[str], today: date) -> list[str]:
    """The parts of a cell, which `between` separates. A choice whose own name holds such a sign stays whole:
    at each place the longest run that names a choice is taken, and one part where none does."""
    cut = [0, *(at for sign in between.finditer(text) for at in sign.span()), len(text)]
    ends = list(zip(cut[::2], cut[1::2], strict=True))
    spelled = (each for option in question.options for each in (*option.label.values(), *option.aliases))
    most = 1 + max((len(between.findall(each)) for each in spelled), default=0)
    found, place = [], 0
    while place < len(ends):
        start, run = ends[place][0], 1
        for longer in range(min(most, len(ends) - place), 1, -1):
            inner, whole = (
                text[start : ends[place + longer - 2][1]],
                text[start : ends[place + longer - 1][1]],
            )
            if question.kind is QuestionKind.LANGUAGE_LEVELS:
                whole = "" if _PAIR.search(inner) else _pair(whole)[0]
            if _named(question, whole, today):
                run = longer
                break
        found.append(text[start : ends[place + run - 1][1]].strip())
        place += run
    return [each for each in found if each]


def _named(question: Question, text: str, today: date) -> bool:
    found, problems = _options_of(question, [text], today)
    return bool(found) and not problems


def _levels_of_cell(question: Question, text: str, today: date) -> ReadAnswer:
    given: dict[str, str] = {}
    for name, level in map(_pair, _parts_of(question, text, _COMMAS, today)):
        found, problems = _options_of(question, [name], today)
        if problems:
            return None, problems
        given[found[0]] = level
    return _levels(question, given, today)


def _identity_document_of_cell(question: Question, text: str, today: date) -> ReadAnswer:
    [(name, number), *_] = _pairs(text) or [("", "")]
    if not number:
        return _identity_document(question, "cin", name, today)
    options = tuple(
        Option(key, {"fr": said, "ar": key, "en": key.replace("_", " ")})
        for key, (said, _) in IDENTITY_DOCUMENTS.items()
    )
    found, problems = _options_of(replace(question, options=options), [name], today)
    return (None, problems) if problems else _identity_document(question, found[0], number, today)


def _address_of_cell(question: Question, text: str, today: date) -> ReadAnswer:
    parts = [each.strip() for each in _BETWEEN.split(text)]
    return _address(question, dict(zip(ADDRESS_PARTS, parts, strict=False)), today)


def _fields_of(question: Question, given: FieldValues, names: Iterable[str]) -> dict[str, str]:
    return {name: first(given, f"{question.key}-{name}") for name in names}


_FROM_FIELDS: Mapping[QuestionKind, Callable[[Question, FieldValues, date], ReadAnswer]] = {
    QuestionKind.DATE: _day,
    QuestionKind.CHOICES: lambda q, given, today: _several(q, every(given, q.key), today),
    QuestionKind.IDENTITY: lambda q, given, today: _identity_document(
        q, first(given, f"{q.key}-type"), first(given, f"{q.key}-number"), today
    ),
    QuestionKind.ADDRESS: lambda q, given, today: _address(q, _fields_of(q, given, ADDRESS_PARTS), today),
    QuestionKind.LANGUAGE_LEVELS: lambda q, given, today: _levels(
        q, _fields_of(q, given, (option.key for option in q.options)), today
    ),
    QuestionKind.RANKING: lambda q, given, today: _ranking(
        q, [first(given, f"{q.key}-{rank}") for rank in range(1, q.most + 1)], today
    ),
    QuestionKind.GROUP: _rows,
}
_FROM_CELL: Mapping[QuestionKind, Callable[[Question, str, date], ReadAnswer]] = {
    QuestionKind.CHOICES: lambda q, text, today: _several(q, _parts_of(q, text, _COMMAS, today), today),
    QuestionKind.RANKING: lambda q, text, today: _ranking(q, _parts_of(q, text, _BETWEEN, today), today),
    QuestionKind.LANGUAGE_LEVELS: _levels_of_cell,
    QuestionKind.IDENTITY: _identity_document_of_cell,
    QuestionKind.ADDRESS: _address_of_cell,
}
