"""The form in which staff decide one file's eligibility."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField

from cohortmgr.applications.file.forms import ReasonForm


class OverrideForm(ReasonForm):
    """Whether the file is eligible, and the reason; `seen` is the decision that stood when the form was opened."""

    seen = HiddenField()
    eligible = RadioField(_l("Ce dossier est"), validate_choice=False)

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.eligible.choices = [("yes", _("Éligible")), ("no", _("Non éligible"))]
