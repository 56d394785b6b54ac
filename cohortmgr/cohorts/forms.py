"""The form of the first and last day of somebody's part in a cohort."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from cohortmgr.base.forms import HouseForm


class DaysForm(HouseForm):
    """Holds the two days and the reason; `version` is the enrolment's."""

    version = HiddenField()
    starts_on = DateField(_l("Premier jour"), [InputRequired(_l("Choisissez un jour."))])
    ends_on = DateField(
        _l("Dernier jour"), [Optional()], description=_l("Vide tant que la personne suit la formation.")
    )
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Il reste au journal."),
    )
