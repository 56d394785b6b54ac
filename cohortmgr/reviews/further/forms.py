"""The form that gives further readings out."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField
from wtforms.validators import InputRequired, Optional

from cohortmgr.base.forms import HouseForm, WholeField


class FurtherForm(HouseForm):
    """The form that gives further readings out: how many, and by which day they are to be handed in."""

    readings = WholeField(
        _l("Combien de lectures de plus ?"),
        [InputRequired(_l("Écrivez combien de lectures confier."))],
        description=_l("Moins, s’il n’y en a pas tant qui changeraient le choix."),
    )
    due_on = DateField(_l("À remettre au plus tard le"), [Optional()])
