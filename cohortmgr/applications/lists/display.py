"""Writes the cells of the staff's list and of its export.

They are written column by column, since a page of 600 rows has 5 400 of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.corrections.rules import CORRECTION_STATE_NAMES, CorrectionState
from cohortmgr.applications.file.rules import FILE_STATES, SOURCE_NAMES, diploma_question
from cohortmgr.applications.lists import columns as known_columns
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import column_of_thousandths, localized, say, short_days, speaking
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.definition.rules import Definition

FIGURES = frozenset({"average", "sent", "documents", "notes", "changed"})
_LANGUAGES = {"fr": N_("Français"), "ar": N_("Arabe"), "en": N_("Anglais")}
_OUTCOMES = {
    "offer": N_("Retenu"),
    "waiting": N_("Liste d’attente"),
    "refused": N_("Non retenu"),
}
_TAGS: Mapping[str, Mapping[Any, str]] = {
    "conditions": {True: "done", False: "stop"},
    "correction": {"asked": "wait", "done": "info"},
    "outcome": {"offer": "done", "waiting": "wait"},
}


def words_of(definition: Definition) -> dict[str, dict[Any, str]]:
    """What people read for each value of a column that has few values, by column, in the page's language."""
    diploma = diploma_question(definition)
    return {
        "diploma": {o.key: localized(o.label) for o in diploma.options} if diploma else {},
        "region": {code: localized(name) for code, name in REGIONS.items()},
        "conditions": {True: _("Éligible"), False: _("Non éligible")},
        "state": {state.value: _(name) for state, name in FILE_STATES.names.items()},
        "source": {source.value: _(name) for source, name in SOURCE_NAMES.items()},
        "offering": {o.key: localized(o.title) for i in definition.intakes for o in i.offerings},
        "language": {code: _(name) for code, name in _LANGUAGES.items()},
        "correction": {
            CorrectionState(state).value: _(name) for state, name in CORRECTION_STATE_NAMES.items()
        },
        "outcome": {outcome: _(name) for outcome, name in _OUTCOMES.items()},
        **{
            key: {value: _(word) for value, word in lent.words.items()}
            for key, lent in known_columns.LENT.items()
            if lent.words
        },
    }


def figures() -> frozenset[str]:
    """The columns that are aligned as figures are: the list's own, and those lent ones that have no words."""
    return FIGURES | {key for key, lent in known_columns.LENT.items() if not lent.words}


def table_body(
    rows: Sequence[Any],
    columns: Sequence[str],
    words: Mapping[str, Mapping[Any, str]],
    before: str,
    after: str,
    *,
    boxes: bool,
    ticked: Collection[str] = (),
    remarks: Mapping[str, Mapping[str, Problem]] = MappingProxyType({}),
) -> Markup:
    """The rows of the table's body. Each given row begins with its reference and name (see
    `lists.queries.pages.page`); `words` are those of `words_of`.

    `remarks` say by column what stands below the figures of some files, by reference. `before` and `after` are put
    around a file's reference to make its address. With `boxes`, each row has one to tick, and those of the files
    `ticked` are."""
    if not rows:
        return Markup("")
    references, names, *values = zip(*rows, strict=True)
    unnamed, start, end = _("Sans nom"), escape(before), escape(after)
    shown = _escaped([name or unnamed for name in names])
    cells = [
        [
            f'<th scope="row"><a href="{start}{reference}{end}"><bdi>{name}</bdi></a></th>'
            for reference, name in zip(references, shown, strict=True)
        ]
    ]
    if boxes:
        chosen = frozenset(ticked)
        boxed = zip(references, shown, strict=True)
        cells.insert(0, [_box(reference, name, reference in chosen) for reference, name in boxed])
    for column, found in zip(columns, values, strict=True):
        drawn = _column(column, found, words.get(column))
        cells.append(_remarked(drawn, references, remarks[column]) if column in remarks else drawn)
    lines = map("".join, zip(*cells, strict=True))
    return Markup("<tr>" + "</tr>\n<tr>".join(lines) + "</tr>")  # every value was escaped, or is written here


def _escaped(texts: Sequence[str]) -> list[str]:
    """Escape a whole column at once, which costs a sixth of escaping each text; no database of ours keeps a NUL."""
    return str(escape("\0".join(texts))).split("\0")


def _box(reference: str, name: str, is_ticked: bool) -> str:
    state = " checked" if is_ticked else ""
    box = f'<input type="checkbox" form="ticked" name="files" value="{reference}" aria-label="{name}"{state}>'
    return f'<td class="box">{box}</td>'


def _column(column: str, values: Sequence[Any], words: Mapping[Any, str] | None) -> list[str]:
    lent = known_columns.LENT.get(column)
    label = escape(_(known_columns.names()[column]))
    figure = ' class="num"' if column in FIGURES or (lent and not lent.words) else ""
    start, end = f'<td{figure} data-label="{label}">', "</td>"
    if words is not None:
        tags = lent.tags if lent else _TAGS.get(column)
        drawn = {value: start + _tagged(text, tags, value) + end for value, text in words.items()}
        return [drawn.get(value) or f"{start}{escape(value or '')}{end}" for value in values]
    if lent:
        told = column_of_thousandths(values) if lent.scale > 1 else _counts(values)
        return [f"{start}{text}{end}" for text in told]
    if column == "number":
        return [f'{start}<bdi class="ref">{value}</bdi>{end}' for value in values]
    if column == "email":
        return [f'{start}<bdi dir="ltr">{escape(value or "")}</bdi>{end}' for value in values]
    if column == "phone":
        return [
            f'{start}<bdi dir="ltr">•• {escape(value)}</bdi>{end}' if value else start + end
            for value in values
        ]
    return [f"{start}{text}{end}" for text in _SHOWN[column](values)]


def _remarked(cells: Sequence[str], references: Sequence[str], said: Mapping[str, Problem]) -> list[str]:
    end = "</td>"
    return [
        f'{cell.removesuffix(end)}<br><small class="quiet-text">{escape(say(said[reference]))}</small>{end}'
        if reference in said
        else cell
        for cell, reference in zip(cells, references, strict=True)
    ]


def _tagged(text: str, tags: Mapping[Any, str] | None, value: Any) -> str:
    return (
        str(escape(text))
        if tags is None
        else f'<span class="tag {tags.get(value, "neutral")}">{escape(text)}</span>'
    )


def _counts(values: Sequence[Any]) -> list[str]:
    return [str(count or "") for count in values]


_SHOWN: Mapping[str, Callable[[Sequence[Any]], list[str]]] = {
    "average": column_of_thousandths,
    "sent": short_days,
    "changed": short_days,
    "documents": _counts,
    "notes": _counts,
}


def sheet(
    rows: Iterable[Any], columns: Sequence[str], definition: Definition
) -> tuple[list[str], Iterator[list[Any]]]:
    """The header of an export, and its lines as they are taken; figures stay figures, and days stay days."""
    words = words_of(definition)
    titles = known_columns.names()
    header = [_("Nom"), *(_(titles[name]) for name in columns)]
    return header, ([row[1], *_cells(columns, row[2:], words)] for row in rows)


def workbook(
    rows: Iterable[Any],
    columns: Sequence[str],
    definition: Definition,
    title: Mapping[str, str],
    language: str,
) -> bytes:
    """A list as a workbook in a language."""
    with speaking(language):
        header, lines = sheet(rows, columns, definition)
        return write_xlsx([Sheet(localized(title), header, lines, language == "ar")])


def _cells(
    columns: Sequence[str], values: Sequence[Any], words: Mapping[str, Mapping[Any, str]]
) -> list[Any]:
    return [_plain(column, value, words) for column, value in zip(columns, values, strict=True)]


def _plain(column: str, value: Any, words: Mapping[str, Mapping[Any, str]]) -> Any:
    if value is None:
        return None
    if column in words:
        return words[column].get(value, value)
    if column == "average":
        return value / 1000
    if column in known_columns.LENT:
        scale = known_columns.LENT[column].scale
        return value / scale if scale > 1 else value
    if column in ("sent", "changed"):
        return clock.local(value).date()
    return value
