"""Forms for giving files to readers and for taking them back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from cohortmgr.base.forms import HouseForm


class AssignForm(HouseForm):
    """The form that assigns readers: nothing is asked, for lots are drawn from the intake's reference."""


class RecallForm(HouseForm):
    """The form that takes the files of a reader back: the page fills in who may read instead."""

    to = SelectField(_l("Qui les lira ?"), validate_choice=False)
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Par exemple : absente jusqu’à la fin du mois. Seuls les responsables le lisent."),
    )
