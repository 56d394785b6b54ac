"""Which column of a file answers which question.

A mapping is proposed from the columns' names, and completed on a page or by a mapping file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cohortmgr.applications.answers.dates import DAY_FIRST, MONTH_FIRST
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.tables import ENCODINGS, Place
from cohortmgr.base.text import fold
from cohortmgr.base.typed import parse_json, parse_toml
from cohortmgr.programmes.definition.rules import Form, ImportLayout, Option, Question, QuestionKind

# The order of a column whose texts say it, and in which a spreadsheet exchanged day and month of the dates it made.
TURNED = "turned"
_NEVER_IMPORTED = (QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.GROUP)
_LONGEST_MAPPING = 200_000
_PARTS = ("columns", "values", "sent_at", "dates", "sheet", "line", "encoding", "hidden")


@dataclass(frozen=True)
class GivenMapping:
    """What a person says about a file: `columns` maps a header to a question key (None: do not read it),
    `values` maps, for each question, spellings to option keys, and `sent_at` is the header of the time of
    sending. `dates` maps a header to the order of its dates, "day" or "month" first, or TURNED; `place`
    is where the table stands. What is not said is found."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sent_at: str | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    # The name of the earlier file of the same columns whose mapping this is, if it is one's.
    remembered_of: str = ""
    # Whether rows that the spreadsheet hides are left out.
    without_hidden: bool = False


@dataclass(frozen=True)
class ColumnMapping(GivenMapping):
    """A complete mapping of a header. `missing` holds the keys of required questions that no column answers."""

    missing: tuple[str, ...] = ()

    def column_of(self, key: str) -> str | None:
        """The header of the column that answers the question; None if there is none."""
        return next((header for header, mapped in self.columns.items() if mapped == key), None)


def is_expected(question: Question) -> bool:
    """Whether an imported row may answer the question. Files, consents and groups are given online only."""
    return question.kind not in _NEVER_IMPORTED and not question.only_online


def is_required(question: Question) -> bool:
    """Whether a row without this answer cannot be used."""
    wanted = question.required or question.required_in_files
    return wanted and question.asked_at_application and is_expected(question)


def lacking_one(form: Form, given: Collection[str]) -> list[tuple[Question, ...]]:
    """The questions of which an imported row must answer one and answers none, group by group; `given` are the keys
    that are answered. Where one of them is required of every row, that is said instead."""
    groups = {
        question.either: form.instead_of(question)
        for question in form.questions
        if question.either and question.asked_at_application
    }
    expected = [tuple(each for each in group if is_expected(each)) for group in groups.values()]
    return [
        group
        for group in expected
        if group and not any(is_required(each) or each.key in given for each in group)
    ]


def parse_mapping(text: str) -> GivenMapping:
    """Read a mapping file, TOML or JSON: `[columns]` "header" = "question key" ("": do not read it),
    `[values.QUESTION]` "value" = "option key", `sent_at` = "header", `[dates]` "header" = "day" or "month",
    whichever comes first, or "turned" where a spreadsheet exchanged them, `sheet`, `line` and `encoding` of the
    table, and `hidden` = "skip" to leave out the rows that the spreadsheet hides. Raises Refused for any other shape,
    naming the place."""
    if len(text) > _LONGEST_MAPPING:
        raise Refused(N_("Ce fichier de correspondance est trop long. Gardez une ligne par colonne."))
    document = _parsed(text)
    if unknown := [key for key in document if key not in _PARTS]:
        raise Refused(
            *(
                Problem(
                    N_("« %(key)s » n’est pas une partie d’une correspondance : %(parts)s."),
                    {"key": key, "parts": ", ".join(_PARTS)},
                    key,
                )
                for key in unknown
            )
        )
    sent_at = document.get("sent_at")
    if not isinstance(sent_at, str | None):
        raise Refused(_not_text("sent_at"))
    values = document.get("values", {})
    if not isinstance(values, dict):
        raise Refused(_not_text("values"))
    columns = {header: key or None for header, key in _texts(document.get("columns", {}), "columns").items()}
    return GivenMapping(
        columns,
        {key: _texts(each, f"values.{key}") for key, each in values.items()},
        sent_at,
        _orders(_texts(document.get("dates", {}), "dates")),
        _place(document),
        without_hidden=_without_hidden(document.get("hidden", "read")),
    )


def _without_hidden(said: object) -> bool:
    if said not in ("read", "skip"):
        what = N_("« hidden » dit quoi faire des lignes masquées : écrivez « read » ou « skip ».")
        raise Refused(Problem(what, {}, "hidden"))
    return said == "skip"


def _orders(dates: dict[str, str]) -> dict[str, str]:
    for header, order in dates.items():
        if order not in (DAY_FIRST, MONTH_FIRST, TURNED):
            what = N_("« %(order)s » n’est pas un ordre de dates : écrivez « day », « month » ou « turned ».")
            raise Refused(Problem(what, {"order": order}, header))
    return dates


def _place(document: Mapping[str, Any]) -> Place:
    sheet, line, encoding = (document.get(name) for name in ("sheet", "line", "encoding"))
    if not isinstance(sheet, str | None):
        raise Refused(_not_text("sheet"))
    if line is not None and (type(line) is not int or line < 1):
        raise Refused(Problem(N_("« line » est le numéro de la ligne des titres."), {}, "line"))
    if encoding is not None and encoding not in ENCODINGS:
        what = N_("« %(encoding)s » n’est pas un encodage connu : %(known)s.")
        values = {"encoding": str(encoding)[:40], "known": ", ".join(ENCODINGS)}
        raise Refused(Problem(what, values, "encoding"))
    return Place(sheet or None, line, encoding)


def _parsed(text: str) -> dict[str, Any]:
    bare = text.lstrip("\ufeff \t\r\n")
    try:
        document = parse_json(bare) if bare.startswith("{") else parse_toml(bare.replace("\r\n", "\n"))
    except ValueError as error:
        raise Refused(
            Problem(
                N_("La correspondance n’est ni du TOML ni du JSON : %(error)s."), {"error": str(error)[:200]}
            )
        ) from None
    if not isinstance(document, dict):
        raise Refused(_not_text("columns"))
    return document


def _texts(part: object, where: str) -> dict[str, str]:
    if not isinstance(part, dict) or not all(isinstance(value, str) for value in part.values()):
        raise Refused(_not_text(where))
    return part


def _not_text(where: str) -> Problem:
    return Problem(N_("« %(where)s » doit associer des textes à des textes."), {"where": where}, where)


def mapping_as_json(mapping: GivenMapping) -> dict[str, Any]:
    """A mapping in the form kept with an import. Columns are pairs, since a database may change the order of
    keys."""
    return {
        "columns": [[header, key] for header, key in mapping.columns.items()],
        "values": {key: dict(values) for key, values in mapping.values.items()},
        "sent_at": mapping.sent_at,
        "dates": dict(mapping.dates),
        "place": [mapping.place.sheet, mapping.place.line, mapping.place.encoding],
        "remembered_of": mapping.remembered_of,
        "without_hidden": mapping.without_hidden,
    }


def mapping_from_json(document: Mapping[str, Any]) -> GivenMapping:
    """The inverse of `mapping_as_json`; an empty document gives an empty mapping."""
    columns = dict(document.get("columns", []))
    return GivenMapping(
        columns,
        document.get("values", {}),
        document.get("sent_at"),
        document.get("dates", {}),
        Place(*document.get("place", ())),
        document.get("remembered_of", ""),
        document.get("without_hidden", False),
    )


def propose_mapping(
    header: Sequence[str], form: Form, layout: ImportLayout, given: GivenMapping | None = None
) -> ColumnMapping:
    """Propose the question that each column answers, by the questions' columns, labels and keys; `given`
    comes first.

    Raises Refused if the given mapping names a column that the file lacks, a question that the form lacks, or
    a question twice.
    """
    given = given or GivenMapping()
    chosen = _checked(header, form, given)
    free = {header_: _name(header_) for header_ in header if header_ not in chosen}
    sent_at = _sent_at(header, layout, given)
    free.pop(sent_at or "", None)
    taken = {key for key in chosen.values() if key}
    for question in form.questions:
        if question.key in taken or not is_expected(question):
            continue
        found = next((h for name in _names(question) for h, folded in free.items() if folded == name), None)
        if found is not None:
            chosen[found] = question.key
            taken.add(question.key)
            del free[found]
    columns = {each: chosen.get(each) for each in header}
    lacking = {group[0].key for group in lacking_one(form, taken)}
    missing = tuple(
        q.key for q in form.questions if q.key not in taken and (is_required(q) or q.key in lacking)
    )
    values = {
        key: {**layout.value_aliases.get(key, {}), **given.values.get(key, {})}
        for key in {**layout.value_aliases, **given.values}
    }
    return ColumnMapping(
        columns,
        values,
        sent_at,
        given.dates,
        given.place,
        given.remembered_of,
        given.without_hidden,
        missing,
    )


def names_counted(
    form: Form, layout: ImportLayout, given: GivenMapping | None = None
) -> Callable[[Sequence[str]], int]:
    """A function that counts how many of its cells name a question, or the time of sending, as a header does."""
    known = {
        name: question.key
        for question in form.questions
        if is_expected(question)
        for name in _names(question)
    }
    if layout.sent_at_column:
        known.setdefault(_name(layout.sent_at_column), "@sent_at")
    for header, key in (given.columns if given else {}).items():
        known[_name(header)] = key or header
    known.pop("", None)
    return lambda cells: len({known[name] for cell in cells if (name := _name(cell[:300])) in known})


def _name(header: str) -> str:
    return fold(header).strip(" *:?؟.")


def _names(question: Question) -> Iterator[str]:
    """The names by which a column may stand for the question, the surest first."""
    for name in (*question.columns, *question.label.values(), question.key):
        yield _name(name)


def _sent_at(header: Sequence[str], layout: ImportLayout, given: GivenMapping) -> str | None:
    if given.sent_at:
        return given.sent_at
    wanted = _name(layout.sent_at_column)
    return next((each for each in header if wanted and _name(each) == wanted), None)


def _checked(header: Sequence[str], form: Form, given: GivenMapping) -> dict[str, str | None]:
    problems: list[Problem] = []
    questions = {question.key: question for question in form.questions if is_expected(question)}
    for name in (*given.columns, *([given.sent_at] if given.sent_at else [])):
        if name not in header:
            problems.append(
                Problem(
                    N_("La colonne « %(column)s » de la correspondance n’est pas dans le fichier."),
                    {"column": name},
                    name,
                )
            )
    for key in (*(k for k in given.columns.values() if k), *given.values):
        if key not in questions:
            problems.append(
                Problem(N_("« %(key)s » n’est pas une question de ce formulaire."), {"key": key}, key)
            )
    mapped = [key for key in given.columns.values() if key]
    for key in sorted({key for key in mapped if mapped.count(key) > 1}):
        problems.append(
            Problem(
                N_("Deux colonnes répondent à la question « %(key)s ». Gardez-en une."), {"key": key}, key
            )
        )
    for key, values in given.values.items():
        options = (
            {option.key for option in questions[key].options} if key in questions else set(values.values())
        )
        problems += [
            Problem(
                N_("« %(option)s » n’est pas un choix de la question « %(key)s »."),
                {"option": option, "key": key},
                key,
            )
            for option in values.values()
            if option not in options
        ]
    if problems:
        raise Refused(*problems)
    return dict(given.columns)


def is_dated(name: str, mapping: GivenMapping, form: Form) -> bool:
    """Whether the column with that header holds dates."""
    key = mapping.columns.get(name)
    return name == mapping.sent_at or (key is not None and form.question(key).kind is QuestionKind.DATE)


def require_dated(mapping: ColumnMapping, form: Form) -> None:
    """Refuse an order of dates that is said of a column which the file lacks, or which holds no dates: what a person
    says is never left aside unseen."""
    problems = []
    for name in mapping.dates:
        if name not in mapping.columns:
            what = N_("La colonne « %(column)s » de la correspondance n’est pas dans le fichier.")
            problems.append(Problem(what, {"column": name}, name))
        elif not is_dated(name, mapping, form):
            what = N_(
                "La colonne « %(column)s » ne répond à aucune question de date : retirez-la de « dates », ou dites à "
                "quelle question elle répond."
            )
            problems.append(Problem(what, {"column": name}, name))
    if problems:
        raise Refused(*problems)


def questions_of(mapping: ColumnMapping, form: Form) -> dict[str, Question]:
    """The question behind each mapped header. Its options also accept the spellings in the mapping.

    A question that is optional, or asked later, is not required here: a row is judged by what an import must
    hold."""
    found = {}
    for header, key in mapping.columns.items():
        if key is not None:
            question = form.question(key)
            extra = mapping.values.get(key, {})
            options = tuple(_with_aliases(option, extra) for option in question.options)
            found[header] = replace(question, required=is_required(question), options=options)
    return found


def _with_aliases(option: Option, extra: Mapping[str, str]) -> Option:
    return replace(
        option, aliases=(*option.aliases, *(value for value, key in extra.items() if key == option.key))
    )
