"""The form in which a reader gives a sheet of marks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired

from cohortmgr.base.forms import HouseForm


class MarksheetForm(HouseForm):
    """A sheet of one's own marks."""

    file = FileField(
        _l("Feuille de notes"),
        [FileRequired(_l("Choisissez un fichier CSV ou XLSX."))],
        description=_l("Celle que cette page donne, remplie. Rien n’est gardé avant votre confirmation."),
    )
