"""Forms of importing: the upload, its column mapping, and a row of the tray to mend."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from cohortmgr.accounts.forms import AddressField
from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.answers.dates import DAY_FIRST, MONTH_FIRST
from cohortmgr.applications.answers.scripts import exchanged, in_both_writings
from cohortmgr.applications.form.asides import EXCHANGE_BUTTON
from cohortmgr.applications.form.forms.classes import direction_of
from cohortmgr.applications.importing.mappings import (
    TURNED,
    ColumnMapping,
    GivenMapping,
    is_expected,
    questions_of,
)
from cohortmgr.applications.importing.rules import RowFault
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import localized, say, told
from cohortmgr.base.sheets.tables import ENCODINGS, Place, SheetTable
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.rules import Definition, Question, QuestionKind

SENT = "@sent_at"
_LEFT_TO_RIGHT = {
    QuestionKind.CIN,
    QuestionKind.MASSAR,
    QuestionKind.RIB,
    QuestionKind.EMAIL,
    QuestionKind.PHONE,
    QuestionKind.DATE,
    QuestionKind.GRADE,
    QuestionKind.NUMBER,
    QuestionKind.YEAR,
}
# The kinds that are more than a line of text.
_WIDE: dict[QuestionKind, type[StringField]] = {
    QuestionKind.LONG_TEXT: TextAreaField,
    QuestionKind.EMAIL: AddressField,
}
_EXCHANGED = Problem(N_("Les noms des deux écritures semblent échangés."))
# How many unknown spellings of one column a page lets staff map to a choice.
SPELLINGS = 30


class UploadForm(HouseForm):
    """An institution's file, and a mapping file for columns that are not recognised by their names."""

    file = FileField(
        _l("Fichier des candidatures"),
        [FileRequired(_l("Choisissez un fichier CSV ou XLSX."))],
        description=_l("CSV ou XLSX, 20 Mo au plus. Rien n’est chargé avant votre confirmation."),
    )
    mapping = FileField(
        _l("Correspondance des colonnes"),
        description=_l(
            "Un fichier TOML ou JSON déjà préparé. Sans lui, les colonnes sont reconnues à leur nom."
        ),
    )


class DiscardForm(HouseForm):
    """The reason for which a row is set aside."""

    reason = StringField(
        _l("Pourquoi l’écarter ?"),
        [InputRequired(_l("Dites pourquoi cette ligne est écartée.")), Length(max=500)],
        description=_l("Par exemple : doublon saisi par l’établissement."),
    )


def question_choices(definition: Definition) -> list[tuple[str, str]]:
    """The choices for a column: not read, the time of sending, or a question that an imported file may
    answer."""
    asked = [question for question in definition.form.questions if is_expected(question)]
    return [
        ("", str(_l("Ne pas lire"))),
        (SENT, str(_l("Date d’envoi"))),
        *((question.key, localized(question.label)) for question in asked),
    ]


def strange_values(table: SheetTable, mapping: ColumnMapping, definition: Definition) -> dict[str, list[str]]:
    """For each mapped question with choices: the first 30 spellings in the file that match none of its
    options."""
    found: dict[str, list[str]] = {}
    today = clock.today()
    for position, header in enumerate(table.header):
        question = questions_of(mapping, definition.form).get(header)
        if question is None or question.kind is not QuestionKind.CHOICE:
            continue
        cells = {row.cells[position].strip() for row in table.rows if position < len(row.cells)}
        strange = [
            cell for cell in sorted(cells) if cell and isinstance(read_cell(question, cell, today), Problem)
        ]
        if strange:
            found[question.key] = strange[:SPELLINGS]
    return found


def mapping_of(given: Mapping[str, str], header: Sequence[str], before: GivenMapping) -> GivenMapping:
    """The mapping chosen on the page: the select `c3` is for the fourth column, `d3` for the order of its dates,
    `v:QUESTION:SPELLING` for a value."""
    chosen = {name: given.get(f"c{position}", "") for position, name in enumerate(header)}
    columns = {name: None if key in ("", SENT) else key for name, key in chosen.items()}
    sent_at = next((name for name, key in chosen.items() if key == SENT), None)
    values = {key: dict(each) for key, each in before.values.items()}
    for name, option in given.items():
        start, key, spelling = (*name.split(":", 2), "", "")[:3]
        if start == "v" and key and option:
            values.setdefault(key, {})[spelling] = option
    mapped = set(columns.values())
    dates = {
        name: order
        for p, name in enumerate(header)
        if (order := given.get(f"d{p}")) in (DAY_FIRST, MONTH_FIRST, TURNED)
    }
    return GivenMapping(
        columns, {key: each for key, each in values.items() if key in mapped}, sent_at, dates, before.place
    )


def place_of(given: Mapping[str, str], before: Place) -> Place:
    """The place of the table that was chosen on the page: `sheet`, `line` and `encoding`; what the page does not
    ask for stays."""
    encoding = given.get("encoding", before.encoding)
    return Place(
        given.get("sheet", before.sheet),
        whole(given.get("line"), 1) or before.line,
        encoding if encoding in ENCODINGS else before.encoding,
    )


def row_form(
    definition: Definition,
    mapping: ColumnMapping,
    columns: Sequence[str],
    cells: Mapping[str, str],
    version: int,
) -> HouseForm:
    """A form with a field for each of the columns, filled with the row's cells. Fields are named `c` and the
    column's position in the file."""
    questions = questions_of(mapping, definition.form)
    header, both = list(mapping.columns), in_both_writings(definition.form)
    members: dict[str, Any] = {"version": HiddenField(default=str(version))}
    for column in columns:
        cell = cells.get(column, "")
        members[f"c{header.index(column)}"] = _field(column, questions.get(column), cell, both)
    form: HouseForm = type("RowForm", (HouseForm,), members)()
    return form


def _field(column: str, question: Question | None, cell: str, both: Collection[str]) -> Any:
    if question is None:
        return StringField(column, default=cell)
    label = localized(question.label)
    choices = [SelectChoice(option.key, localized(option.label)) for option in question.options]
    if choices and question.kind is QuestionKind.CHOICE:
        read = read_cell(question, cell, clock.today())
        known = read if isinstance(read, str) else ""
        return SelectField(
            label, choices=[SelectChoice("", ""), *choices], default=known, validate_choice=False
        )
    kind = _WIDE.get(question.kind, StringField)
    direction = {"dir": "ltr"} if question.kind in _LEFT_TO_RIGHT else direction_of(question, both)
    hint = localized(question.help) if question.help else ""
    return kind(label, default=cell, description=hint, render_kw=direction)


def exchange_names(form: HouseForm, definition: Definition, mapping: ColumnMapping) -> None:
    """Put the names of the two writings that stand in each other's field where they belong."""
    for name, text in _exchanged(form, definition, mapping).items():
        form[name].data = text


def offer_exchange(form: HouseForm, definition: Definition, mapping: ColumnMapping) -> None:
    """Put the button that exchanges the names below the last of them, if they stand in each other's field."""
    moved = _exchanged(form, definition, mapping)
    last = next((name for name in reversed(list(form._fields)) if name in moved), None)
    if last is not None:
        form[last].aside, form[last].asked = TypedQuestion(_EXCHANGED, (EXCHANGE_BUTTON,)), None


def _exchanged(form: HouseForm, definition: Definition, mapping: ColumnMapping) -> dict[str, str]:
    """The names as they stand once exchanged, by the name of the field; those without a field stay."""
    names = {
        key: f"c{position}"
        for position, key in enumerate(mapping.columns.values())
        if key in in_both_writings(definition.form) and f"c{position}" in form
    }
    texts = {key: (form[name].data or "").strip() for key, name in names.items()}
    return {names[key]: text for key, text in exchanged(definition.form, texts, set(names)).items()}


def cells_given(form: HouseForm, header: Sequence[str]) -> dict[str, str]:
    """The cells in a row's form, by header."""
    return {
        name: form[f"c{position}"].data or ""
        for position, name in enumerate(header)
        if f"c{position}" in form
    }


def show_faults(form: HouseForm, faults: Sequence[RowFault], header: Sequence[str]) -> None:
    """Put each fault beside its field, or above the form. A fault that several fields share names its field
    each time."""
    said = [say(fault.problem) for fault in faults]
    for fault, text in zip(faults, said, strict=True):
        name = f"c{header.index(fault.column)}" if fault.column in header else ""
        if name and name in form:
            many = said.count(text) > 1
            shown = told(form[name].label.text, text) if many else text
            form[name].errors = [*form[name].errors, shown]
        else:
            form.form_errors.append(text)
