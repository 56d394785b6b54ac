"""Forms of a reading. The views read the rubric's own fields from the definition."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from cohortmgr.base.forms import HouseForm


class AbstainForm(HouseForm):
    """The form in which a reader says why they give a file back."""

    version = HiddenField()
    reason = TextAreaField(
        _l("Pourquoi vous récusez-vous ?"),
        [InputRequired(_l("Dites en quelques mots pourquoi vous vous récusez.")), Length(max=1000)],
        description=_l("Par exemple : je connais cette personne. Seuls les responsables le lisent."),
    )
