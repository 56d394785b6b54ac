"""The form in which staff type the reason for an act on a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from cohortmgr.base.forms import HouseForm


class ReasonForm(HouseForm):
    """A reason, kept in the trail."""

    reason = TextAreaField(
        _l("Raison, gardée au journal"), render_kw={"rows": 2, "maxlength": 1000, "dir": "auto"}
    )
