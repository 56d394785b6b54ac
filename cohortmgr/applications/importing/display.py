"""Say of each column that a file may have what it holds, on the page and in the empty workbook that is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from cohortmgr.applications.answers.display import choices_of
from cohortmgr.applications.importing.columns import ExpectedColumn, expected_columns
from cohortmgr.base.i18n import localized, mirrored, quoted
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.definition.rules import Definition


@dataclass(frozen=True)
class ColumnTold:
    """A column, in the language of whoever prepares the file; `choices` are the answers that it may hold, if few."""

    header: str
    need: str
    label: str
    help: str = ""
    choices: str = ""
    is_needed: bool = False


def columns_told(definition: Definition) -> Sequence[ColumnTold]:
    """Say the columns of a file: the form's, and the time of sending where the programme reads one."""
    told = [
        ColumnTold(
            each.header,
            _need(each),
            localized(each.question.label),
            localized(each.question.help),
            " · ".join(localized(label) for label in choices_of(each.question).values()),
            each.is_required or bool(each.instead),
        )
        for each in expected_columns(definition.form, definition.imports, localized)
    ]
    sent_at = definition.imports.sent_at_column
    return [*told, ColumnTold(sent_at, _("Non"), _("Moment de l’envoi"))] if sent_at else told


def _need(column: ExpectedColumn) -> str:
    if column.instead:
        return _("L’une de : %(columns)s", columns=quoted(column.instead))
    return _("Oui") if column.is_required else _("Non")


def workbook_of_columns(definition: Definition) -> bytes:
    """Make an empty workbook with these columns, and a second sheet that says what each of them holds."""
    told = columns_told(definition)
    titles = [_("Colonne"), _("Obligatoire"), _("Question"), _("Aide"), _("Réponses possibles")]
    rows = [(each.header, each.need, each.label, each.help, each.choices) for each in told]
    return write_xlsx(
        [
            Sheet(_("Candidatures"), [each.header for each in told], (), mirrored()),
            Sheet(_("Colonnes"), titles, rows, mirrored()),
        ]
    )
