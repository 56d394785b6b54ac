"""A reader's own marks as a workbook, and what the heads of such a sheet mean in each of our languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import in_each_language, language, localized
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.reviews.marksheets.rules import COMMENT, NUMBER, RUBRIC_MARK, VERSION, OwnReading, head_of
from cohortmgr.reviews.rules import rubric_mark

_HEADS = {
    NUMBER: N_("Dossier"),
    COMMENT: N_("Commentaire"),
    VERSION: N_("Version (à laisser)"),
    RUBRIC_MARK: N_("Grille (à laisser)"),
}


def heads_of(rubric: Rubric) -> dict[str, set[str]]:
    """What each head may mean, folded: a sheet that was made in one language is read in another."""
    known: dict[str, set[str]] = {}
    for name, head in _HEADS.items():
        for text in in_each_language(head).values():
            known.setdefault(fold(text).strip(), set()).add(name)
    for criterion in rubric.criteria:
        for text in (*criterion.title.values(), criterion.key):
            known.setdefault(fold(text).strip(), set()).add(criterion.key)
    return known


def workbook_of(title: Mapping[str, str], rubric: Rubric, readings: Sequence[OwnReading]) -> bytes:
    """Return a row for each reading: its number, the marks given so far, the comment, and of which version and by which
    rubric they are, so that a sheet that comes back late takes nothing away unnoticed."""
    titles = [head_of(localized(each.title), each.key) for each in rubric.criteria]
    header = [_("Dossier"), *titles, _("Commentaire"), _("Version (à laisser)"), _("Grille (à laisser)")]
    mark = rubric_mark(rubric.files)
    rows = [
        [
            each.number,
            *(each.scores.get(criterion.key) for criterion in rubric.criteria),
            each.comment,
            each.version,
            mark,
        ]
        for each in readings
    ]
    return write_xlsx([Sheet(localized(title), header, rows, language() == "ar")])
