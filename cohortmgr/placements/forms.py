"""The forms of placements by hand: proposing one, and breaking one off."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from cohortmgr.base.forms import HouseForm


class HandPlacementForm(HouseForm):
    """Who goes where, from when and why; the page fills in the persons and the companies."""

    enrolment = SelectField(
        _l("Personne"), [InputRequired(_l("Choisissez une personne de la liste."))], validate_choice=False
    )
    position = SelectField(
        _l("Entreprise"), [InputRequired(_l("Choisissez une entreprise de la liste."))], validate_choice=False
    )
    starts_on = DateField(_l("Premier jour en entreprise"), [InputRequired(_l("Choisissez un jour."))])
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("La deuxième personne le lit avant d’approuver, et il reste au journal."),
    )


class BreakOffForm(HouseForm):
    """The last day in a company, and why it ended before its time."""

    last_day = DateField(_l("Dernier jour en entreprise"), [InputRequired(_l("Choisissez un jour."))])
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Il reste au journal."),
    )
