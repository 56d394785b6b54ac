"""The form in which the results of a test are given as a sheet."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired

from cohortmgr.base.forms import HouseForm


class ResultsForm(HouseForm):
    """A sheet of a test's results."""

    file = FileField(
        _l("Feuille de résultats"),
        [FileRequired(_l("Choisissez un fichier CSV ou XLSX."))],
        description=_l(
            "Une ligne par dossier : son numéro, et une note par critère ; « absent » pour qui n’est pas venu. "
            "Rien n’est gardé avant votre confirmation."
        ),
    )
