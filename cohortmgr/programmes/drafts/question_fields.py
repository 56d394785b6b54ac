"""Turns the fields of a question's or section's page into the plain table that a draft holds, and back.

Numbers that are not valid stay as they were typed: the draft keeps them, and the checks name them. Only what
no draft may hold (far too long texts, control characters) is a problem here.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.text import without_marks
from cohortmgr.programmes.definition.checks.form import KEY
from cohortmgr.programmes.definition.questions import ConditionOperator, QuestionKind
from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.definition.rules import TARGETS, TEXT_LANGUAGES
from cohortmgr.programmes.drafts.kinds_offered import INNER_LEFT_OUT, fields_of
from cohortmgr.programmes.drafts.structure import key_from

PostedValues = Mapping[str, Sequence[str]]
QuestionTable = dict[str, Any]

LIMITS: Mapping[str, int] = {"label": 300, "title": 300, "help": 2000, "reader_title": 300}
LONGEST_NAME, MOST_OPTIONS, MOST_NAMES, MOST_CONDITIONS = 120, 200, 20, 6
MEGABYTE = 1024 * 1024
_FLAGS = ("required", "sealed", "only_online", "required_in_files")
_DECIMALS = ("minimum", "maximum")
_WHOLES = ("max_length", "max_files", "max_pages", "promise_days")
_CONDITIONS = ("show_when", "require_when", "when")
# The lists of rows on pages, and what their buttons do; `again` shows the page again.
_ROWS = ("options", "periods", "purposes", "partners", *_CONDITIONS)
_ROW_ACTS = ("add", "remove", "up")


@dataclass
class Typed:
    """A table read from a page, the problems of what no draft may hold, and the row button pressed (its name
    and row)."""

    table: QuestionTable
    problems: list[Problem] = field(default_factory=list)
    act: str = ""
    row: int = -1

    def text(self, given: PostedValues, name: str, limit: int, *, lines: bool = False) -> str:
        """The text of a field, trimmed. A text that is too long or has control characters is a problem, and
        is cut."""
        said = one(given, name).replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(said) > limit:
            what = N_("Ce texte dépasse %(limit)s caractères. Raccourcissez-le.")
            self.problems.append(Problem(what, {"limit": limit}, name))
            return said[:limit]
        if any(unicodedata.category(c) in ("Cc", "Cs") and not (lines and c == "\n") for c in said):
            what = N_(
                "Ce texte contient un caractère invisible qui n’est pas permis. Saisissez-le au clavier."
            )
            self.problems.append(Problem(what, {}, name))
            return "".join(c for c in said if unicodedata.category(c) not in ("Cc", "Cs") or c == "\n")
        return said if without_marks(said).strip() else ""  # nobody would see any of it

    def localized(self, given: PostedValues, name: str, limit: int, *, lines: bool = False) -> dict[str, str]:
        """A text in each language that the page sent."""
        return {
            code: self.text(given, f"{name}-{code}", limit, lines=lines)
            for code in TEXT_LANGUAGES
            if f"{name}-{code}" in given
        }

    def press(self, given: PostedValues, lists: Sequence[str] = _ROWS) -> None:
        """Note which row button was pressed, if any, of these lists of rows."""
        for name in (*(f"{rows}-{act}" for rows in lists for act in _ROW_ACTS), "again"):
            if name in given:
                row = one(given, name)
                self.act, self.row = name, int(row) if row.isdecimal() and len(row) < 4 else -1
                return


def one(given: PostedValues, name: str) -> str:
    """The first value of a field; empty if it has none."""
    return next(iter(given.get(name, ())), "")


def read_question(given: PostedValues, before: Mapping[str, Any], *, inner: bool = False) -> Typed:
    """The question as typed on the page, starting from what it was; what the page does not show stays as it
    was."""
    typed = Typed(copy.deepcopy(dict(before)))
    table = typed.table
    shown = fields_of(QuestionKind(table["kind"])) - (INNER_LEFT_OUT if inner else frozenset())
    table["label"] = typed.localized(given, "label", LIMITS["label"])
    put(table, "help", _filled(typed.localized(given, "help", LIMITS["help"], lines=True)))
    if "reader_title" in shown:
        put(table, "reader_title", _filled(typed.localized(given, "reader_title", LIMITS["reader_title"])))
    for name in shown & set(_FLAGS):
        put(table, name, bool(one(given, name)))
    _read_plain(typed, given, shown)
    typed.press(given)
    if "options" in shown:
        put(table, "options", _options(typed, given, table.get("options", [])))
    for name in shown & set(_CONDITIONS):
        put(table, name, read_conditions(typed, given, name))
    return typed


def _read_plain(typed: Typed, given: PostedValues, shown: frozenset[str]) -> None:
    """Read what has a single field each."""
    table = typed.table
    if "asked_at_application" in shown:
        table.pop("asked_at_application", None)
        if one(given, "asked_at_application") == "later":
            table["asked_at_application"] = False
    if "application_intakes" in shown:
        keys = typed.text(given, "application_intakes", 400)
        put(table, "application_intakes", keys.replace(",", " ").replace(";", " ").split())
    for name in shown & {*_DECIMALS, *_WHOLES, "max_bytes"}:
        put(table, name, figure(name, typed.text(given, name, 20)))
    for name in shown & {"target", "proof", "page", "either"}:
        put(table, name, typed.text(given, name, 40))
    if table.get("target") and table["target"] not in TARGETS:
        table.pop("target")
    if "reveals" in shown:
        parts = [part.value for part in HiddenPart if part.value in given.get("reveals", ())]
        put(table, "reveals", parts[0] if len(parts) == 1 else parts)
    if "accept" in shown:
        put(table, "accept", [each[:10] for each in given.get("accept", ())][:10])
    if "columns" in shown:
        lines = typed.text(given, "columns", MOST_NAMES * LONGEST_NAME, lines=True).splitlines()
        put(table, "columns", _names(typed, lines, "columns"))


def read_section(given: PostedValues, before: Mapping[str, Any]) -> Typed:
    """The section as typed on the page: its title and for whom it is."""
    typed = Typed(copy.deepcopy(dict(before)))
    typed.table["title"] = typed.localized(given, "title", LIMITS["title"])
    told = typed.localized(given, "reader_title", LIMITS["reader_title"])
    put(typed.table, "reader_title", _filled(told))
    typed.press(given)
    put(typed.table, "show_when", read_conditions(typed, given, "show_when"))
    return typed


def put(table: QuestionTable, name: str, value: Any) -> None:
    """Put a value into the table, or take the field out if the value is empty."""
    if value in ("", None, False, [], {}):
        table.pop(name, None)
    else:
        table[name] = value


def _filled(text: dict[str, str]) -> dict[str, str] | None:
    return text if any(text.values()) else None


def revealed_in(table: Mapping[str, Any]) -> list[str]:
    """What a question of a draft reveals, which is written as a list or as its only value."""
    held = table.get("reveals", [])
    return [held] if isinstance(held, str) else [*held]


def figure(name: str, said: str) -> Any:
    """A number in the form that definitions have, or the text as it was typed if it is not valid."""
    if not said:
        return None
    compact = (
        western_digits(said).replace(" ", "").replace("\u202f", "").replace("\xa0", "").replace(",", ".")
    )
    try:
        number = Decimal(compact)
    except InvalidOperation:
        return said
    if not number.is_finite() or abs(number) > 10**9:
        return said
    if name == "max_bytes":
        return int(number * MEGABYTE)
    if name in _WHOLES:
        return int(number) if number == number.to_integral_value() and number >= 0 else said
    return compact


def megabytes(held: Any) -> str:
    """A size in bytes as people type it, in megabytes; other values as they are."""
    if not isinstance(held, int):
        return str(held or "")
    return f"{held / MEGABYTE:.2f}".rstrip("0").rstrip(".")


def _names(typed: Typed, lines: Sequence[str], where: str) -> list[str]:
    """The spellings or headers of one thing, each once."""
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(found) > MOST_NAMES or any(len(each) > LONGEST_NAME for each in found):
        what = N_("Au plus %(most)s noms de %(limit)s caractères chacun.")
        typed.problems.append(Problem(what, {"most": MOST_NAMES, "limit": LONGEST_NAME}, where))
    return [each[:LONGEST_NAME] for each in found[:MOST_NAMES]]


def _count(given: PostedValues, name: str, most: int) -> int:
    said = one(given, f"{name}-count")
    return min(int(said), most) if said.isdecimal() and len(said) < 5 else 0


def _options(typed: Typed, given: PostedValues, before: Sequence[Mapping[str, Any]]) -> list[QuestionTable]:
    """The rows of choices."""

    def read(name: str) -> QuestionTable:
        row: QuestionTable = {"label": typed.localized(given, f"{name}-label", LIMITS["label"])}
        aliases = typed.text(given, f"{name}-aliases", MOST_NAMES * LONGEST_NAME)
        put(row, "aliases", _names(typed, aliases.split(";"), f"{name}-aliases"))
        return row

    return read_rows(typed, given, KeyedRows("options", "label", MOST_OPTIONS, "choix"), before, read)


@dataclass(frozen=True)
class KeyedRows:
    """A list of rows on a page, whose keys are made from one of their texts: the list's name, the name of
    that text, how many rows there may be, and what a key is made of if the text has nothing usable."""

    name: str
    titled: str
    most: int
    otherwise: str


def read_rows(
    typed: Typed,
    given: PostedValues,
    rows: KeyedRows,
    before: Sequence[Mapping[str, Any]],
    read: Callable[[str], QuestionTable],
) -> list[QuestionTable]:
    """The rows as typed on the page; `read` gives a row by the beginning of its fields' names. A new row gets
    its key from its French text; other rows keep their keys for ever. A new row without text is left out."""
    known = [str(each.get("key", "")) for each in before]
    found: list[QuestionTable] = []
    for place in range(_count(given, rows.name, rows.most)):
        wrong = len(typed.problems)
        row = {"key": one(given, f"{rows.name}-{place}-key"), **read(f"{rows.name}-{place}")}
        removed = typed.act == f"{rows.name}-remove" and place == typed.row
        if not removed and (_says(row) or row["key"] in known or typed.act):
            found.append(row)
        else:
            del typed.problems[wrong:]  # the problems of a row that is left out
    if typed.act == f"{rows.name}-add" and len(found) < rows.most:
        found.append({"key": "", rows.titled: {}})
    if typed.act == f"{rows.name}-up" and 0 < typed.row < len(found):
        found.insert(typed.row - 1, found.pop(typed.row))
    _name_rows(typed, rows, found, known)
    return found


def _says(row: Mapping[str, Any]) -> bool:
    """Whether anything was written in a row; a tick, or a choice from a list, does not count."""
    held = (each for name, each in row.items() if name not in ("key", "kind", "required"))
    return any(any(each.values()) if isinstance(each, Mapping) else each for each in held)


def _name_rows(typed: Typed, rows: KeyedRows, found: list[QuestionTable], known: Sequence[str]) -> None:
    """Give keys to the rows that have none of their own."""
    kept = [row["key"] for row in found if row["key"] in known]
    for place, row in enumerate(found):
        before = [each["key"] for each in found[:place]]
        if row["key"] in known and row["key"] not in before and KEY.fullmatch(row["key"]):
            continue
        label = str(row[rows.titled].get("fr", ""))
        row["key"] = "" if typed.act else key_from(label, {*kept, *before}, rows.otherwise)


def read_conditions(typed: Typed, given: PostedValues, name: str) -> list[QuestionTable]:
    """The rows of conditions; a row that names no question is left out."""
    rows: list[QuestionTable] = []
    for place in range(_count(given, name, MOST_CONDITIONS)):
        row = f"{name}-{place}"
        if typed.act == f"{name}-remove" and place == typed.row:
            continue
        operator = one(given, f"{row}-operator")
        found: QuestionTable = {
            "question": one(given, f"{row}-question")[:40],
            "operator": operator if operator in list(ConditionOperator) else ConditionOperator.ONE_OF.value,
        }
        said = [each.strip()[:LONGEST_NAME] for each in given.get(f"{row}-values", ())]
        if found["operator"] not in (ConditionOperator.NOT_EMPTY, ConditionOperator.EMPTY):
            put(found, "values", [_value(each) for each in said if each and each.isprintable()])
        if found["question"] or typed.act:
            rows.append(found)
    if typed.act == f"{name}-add" and len(rows) < MOST_CONDITIONS:
        rows.append({"question": "", "operator": ConditionOperator.ONE_OF.value})
    return rows


def _value(said: str) -> str:
    """A value that a condition compares with: a number in the form that definitions have, or else the text."""
    return str(figure("minimum", said))


def anchor(rest: Sequence[str | int]) -> str:
    """The name of the field on a page that a fault concerns; `rest` is the fault's path below the question or
    section."""
    if not rest:
        return "label-fr"
    name = str(rest[0])
    if name in ("label", "help", "title", "reader_title"):
        return f"{name}-{rest[1]}" if len(rest) > 1 else f"{name}-fr"
    if name in ("options", *_CONDITIONS) and len(rest) > 1:
        inner = [str(each) for each in rest[2:]] or ["label" if name == "options" else "question"]
        inner = inner[:2] if inner[0] == "label" else inner[:1]
        if inner == ["label"] or (name == "options" and inner == ["key"]):
            inner = ["label", "fr"]
        return "-".join([name, str(rest[1]), *inner])
    return name
