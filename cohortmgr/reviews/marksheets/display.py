"""A reader's own marks as a workbook, and what the heads of such a sheet mean in each of our languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import in_each_language, language, localized
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.reviews.marksheets.rules import COMMENT, NUMBER, VERSION, OwnReading

_HEADS = {NUMBER: N_("Dossier"), COMMENT: N_("Commentaire"), VERSION: N_("Version (à laisser)")}


def heads_of(rubric: Rubric) -> dict[str, str]:
    """What each head means, folded: a sheet that was made in one language is read in another."""
    known = {fold(text): name for name, head in _HEADS.items() for text in in_each_language(head).values()}
    for criterion in rubric.criteria:
        known |= {fold(text): criterion.key for text in (*criterion.title.values(), criterion.key)}
    return known


def workbook_of(title: Mapping[str, str], rubric: Rubric, readings: Sequence[OwnReading]) -> bytes:
    """Return a row for each reading: its number, the marks given so far, the comment, and of which version they are, so
    that a sheet that comes back late takes nothing away unnoticed."""
    titles = [localized(each.title) for each in rubric.criteria]
    header = [_("Dossier"), *titles, _("Commentaire"), _("Version (à laisser)")]
    rows = [
        [
            each.number,
            *(each.scores.get(criterion.key) for criterion in rubric.criteria),
            each.comment,
            each.version,
        ]
        for each in readings
    ]
    return write_xlsx([Sheet(localized(title), header, rows, language() == "ar")])
