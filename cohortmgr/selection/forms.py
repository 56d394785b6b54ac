"""The form that proposes a batch of decisions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length, Optional

from cohortmgr.base.forms import HouseForm


class ProposeForm(HouseForm):
    """Holds a note to the person who will approve."""

    note = TextAreaField(
        _l("Note pour la personne qui approuvera"),
        [Optional(), Length(max=2000)],
    )
