"""Turns the rows of an institution's file into sendings that can be loaded, and rows that must be mended.
Pure.

One identity number is one person. Of several usable sendings of a person the latest stands, whatever the
order of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.answers.conditions import either_of
from cohortmgr.applications.answers.scripts import wrong_script
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.rules import identity_numbers
from cohortmgr.applications.importing.fingerprints import fingerprint
from cohortmgr.applications.importing.mappings import (
    ColumnMapping,
    GivenMapping,
    is_required,
    lacking_one,
    parse_mapping,
    propose_mapping,
    questions_of,
)
from cohortmgr.applications.importing.moments import sent_moment
from cohortmgr.applications.importing.orders import DateOrder, date_orders, with_day_first
from cohortmgr.applications.importing.persons import IDENTITIES, judged_together
from cohortmgr.applications.importing.sendings import Rejection, RowFault, Sending
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.sheets.tables import Record, SheetTable, column_letters, is_formula
from cohortmgr.programmes.definition.rules import Form, ImportLayout, Question

_CELLS = NN_("%(num)s cellule", "%(num)s cellules")
__all__ = [
    "ColumnMapping", "RowFault", "GivenMapping", "ImportResult", "Rejection", "Sending", "moment_of",
    "parse_mapping", "propose_mapping", "read_record", "read_records", "supersedes",
]  # fmt: skip

_ONE_OF = N_("Une de ces réponses manque : %(questions)s. Remplissez l’une ou l’autre.")


@dataclass(frozen=True)
class ImportResult:
    """The rows of a file, judged. `accepted`: one sending for each person. `replaced`: usable sendings that a
    later one replaced. All are in the order of the lines. `dates` says how each column of dates was read."""

    accepted: tuple[Sending, ...]
    replaced: tuple[Sending, ...]
    rejected: tuple[Rejection, ...]
    dates: Mapping[str, DateOrder] = field(default_factory=dict)


def read_records(
    table: SheetTable, mapping: ColumnMapping, form: Form, layout: ImportLayout, today: date
) -> ImportResult:
    """Read and judge every row. Raises one Refused for the whole file if a required column is missing."""
    if mapping.missing:
        raise Refused(_missing_columns(form, mapping.missing))
    if not table.rows:
        raise Refused(
            N_(
                "Le fichier ne contient aucune ligne sous ses titres. Vérifiez que le tableau a "
                "bien été exporté."
            )
        )
    questions = questions_of(mapping, form)
    orders = date_orders(table, mapping, form, layout)
    usable: list[Sending] = []
    rejected: list[Rejection] = []
    for given in table.rows:
        record = with_day_first(given, table.header, orders)
        outcome = _judged(record, table.header, questions, form, mapping.sent_at, layout, today)
        if isinstance(outcome, Sending):
            usable.append(outcome)
        else:
            rejected.append(outcome)
    accepted, replaced, doubtful = judged_together(usable, questions, form)
    rejected = sorted((*rejected, *doubtful), key=lambda row: row.line)
    return ImportResult(tuple(accepted), tuple(replaced), tuple(rejected), orders)


def read_record(
    raw: Mapping[str, str],
    mapping: ColumnMapping,
    form: Form,
    layout: ImportLayout,
    today: date,
    line: int = 0,
) -> Sending | Rejection:
    """Judge one row that somebody mended, as the rows of a file are judged. `raw` are all its cells by
    header."""
    header = tuple(mapping.columns)
    cells = tuple(raw.get(name, "") for name in header)
    record = Record(
        line, cells, frozenset(position for position, cell in enumerate(cells) if is_formula(cell))
    )
    return _judged(record, header, questions_of(mapping, form), form, mapping.sent_at, layout, today)


def moment_of(raw: Mapping[str, str], mapping: ColumnMapping, layout: ImportLayout) -> datetime | None:
    """The time of sending in a row, usable or not; None if there is none, or none that can be read."""
    try:
        return sent_moment(raw.get(mapping.sent_at or "", ""), layout.sent_at_formats)
    except Refused:
        return None


def _missing_columns(form: Form, keys: Sequence[str]) -> Problem:
    questions = [form.question(key) for key in keys]
    names = [_columns_of(form, each) for each in questions]
    if len(names) > 1:
        what = N_(
            "%(count)s colonnes manquent dans le fichier : %(columns)s. Ajoutez-les, ou indiquez lesquelles "
            "en tiennent lieu."
        )
        return Problem(what, {"count": len(names), "columns": names}, questions[0].key)
    return Problem(
        N_(
            "La colonne « %(column)s » manque dans le fichier. Ajoutez-la, ou indiquez laquelle en "
            "tient lieu."
        ),
        {"column": names[0]},
        questions[0].key,
    )


def _columns_of(form: Form, question: Question) -> str:
    """The column that is missing, or those of which one suffices."""
    wanted = (question,) if is_required(question) else form.instead_of(question) or (question,)
    return " / ".join(each.columns[0] if each.columns else each.label.get("fr", each.key) for each in wanted)


def _lacking(
    form: Form, questions: Mapping[str, Question], answers: Mapping[str, Answer], faults: Sequence[RowFault]
) -> list[RowFault]:
    """A fault for each group of questions of which the row answers none. A cell that is wrong was meant as an
    answer: it has a fault of its own."""
    columns = {question.key: header for header, question in questions.items()}
    meant = {questions[fault.column].key for fault in faults if fault.column and fault.column in questions}
    return [
        RowFault(
            next((columns[each.key] for each in group if each.key in columns), None),
            Problem(_ONE_OF, {"questions": either_of(group)}, group[0].key),
        )
        for group in lacking_one(form, {*answers, *meant})
    ]


def _judged(
    record: Record,
    header: Sequence[str],
    questions: Mapping[str, Question],
    form: Form,
    sent_column: str | None,
    layout: ImportLayout,
    today: date,
) -> Sending | Rejection:
    record = _completed(record, header, questions)
    raw = _by_header(record, header)
    mark = fingerprint(raw)
    if len(raw) != len(header):
        return Rejection(record.line, raw, (_wrong_length(record, header),), mark)
    answers, faults = _answers(record, header, questions, layout, today)
    faults += _lacking(form, questions, answers, faults)
    sent_at: datetime | None = None
    if sent_column is not None:
        try:
            sent_at = sent_moment(raw[sent_column], layout.sent_at_formats)
        except Refused as refused:
            faults.insert(0, RowFault(sent_column, refused.problems[0]))
    identity = _identity(form, answers)
    if identity is None and not faults:
        faults.append(
            RowFault(
                None,
                Problem(
                    N_(
                        "Aucun numéro d’identité ne dit de qui est cette ligne. Ajoutez la CIN ou "
                        "le code Massar."
                    )
                ),
            )
        )
    if faults or identity is None:
        return Rejection(record.line, raw, tuple(faults), mark)
    return Sending(record.line, sent_at, identity, answers, raw, mark)


def _completed(record: Record, header: Sequence[str], questions: Mapping[str, Question]) -> Record:
    """The row with empty cells where it ends early, as programs leave them out. A row that lacks what it must hold
    was cut, and stays as it is."""
    absent = header[len(record.cells) :]
    if not absent or any(name in questions and questions[name].required for name in absent):
        return record
    return replace(record, cells=(*record.cells, *("" for _ in absent)))


def _by_header(record: Record, header: Sequence[str]) -> dict[str, str]:
    """The cells by header. Cells beyond the header are kept under the letters of their column, or dropped if
    empty."""
    raw = dict(zip(header, record.cells, strict=False))
    for position, cell in enumerate(record.cells[len(header) :], start=len(header)):
        if cell.strip():
            raw[f"{column_letters(position)} +"] = cell
    return raw


def _wrong_length(record: Record, header: Sequence[str]) -> RowFault:
    values = {"found": Quantity(*_CELLS, len(record.cells)), "expected": len(header)}
    if len(record.cells) < len(header):
        return RowFault(
            header[len(record.cells)],
            Problem(N_("La ligne est coupée : %(found)s au lieu de %(expected)s. Complétez-la."), values),
        )
    return RowFault(
        None,
        Problem(
            N_(
                "La ligne a %(found)s au lieu de %(expected)s : il manque sans doute des "
                "guillemets autour d’un texte."
            ),
            values,
        ),
    )


def _answers(
    record: Record,
    header: Sequence[str],
    questions: Mapping[str, Question],
    layout: ImportLayout,
    today: date,
) -> tuple[dict[str, Answer], list[RowFault]]:
    answers: dict[str, Answer] = {}
    faults: list[RowFault] = []
    for position, name in enumerate(header):
        question = questions.get(name)
        if question is None:
            continue
        if position in record.formulas:
            faults.append(
                RowFault(
                    name,
                    Problem(
                        N_(
                            "Cette cellule contient une formule. Remplacez-la par sa valeur, saisie "
                            "au clavier."
                        ),
                        where=question.key,
                    ),
                )
            )
            continue
        value = read_cell(question, record.cells[position], today, layout.date_formats)
        if isinstance(value, Problem):
            faults.append(RowFault(name, value))
        elif value is not None:
            answers[question.key] = value
            if (swapped := wrong_script(question, value)) is not None:
                faults.append(RowFault(name, swapped))
    return answers, faults


def _identity(form: Form, answers: Mapping[str, Answer]) -> tuple[str, str] | None:
    """The surest number that says whose row it is: of a question of its own, or of an identity document."""
    held = identity_numbers(form, answers)
    for target in IDENTITIES:
        if (number := held.get(target.removeprefix("identifier."))) is not None:
            return (target, number)
    return None


def supersedes(
    sending: Sending, sent_at: datetime | None, mark: str | None, source: str, withdrawn_at: datetime | None
) -> bool:
    """Whether a sending replaces the file that stands, which was sent at `sent_at` and whose row had the
    fingerprint `mark`.

    The later of the two stands. If both have the same time, an import replaces what was imported but not what
    was sent online. A sending without a time replaces only imports. A draft was never sent: its `sent_at` is
    None.
    """
    if sending.fingerprint == mark:
        return False
    if sent_at is None and withdrawn_at is None:
        return True
    if sending.sent_at is None:
        return source == "import" and withdrawn_at is None
    stands = max(moment for moment in (sent_at, withdrawn_at) if moment is not None)
    return sending.sent_at > stands or (
        sending.sent_at == stands and source == "import" and withdrawn_at is None
    )
