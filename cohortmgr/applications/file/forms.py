"""The form in which staff type the reason for an act on a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField


class ReasonForm(FlaskForm):
    """A reason, kept in the trail."""

    reason = TextAreaField(
        _l("Raison, gardée au journal"), render_kw={"rows": 2, "maxlength": 1000, "dir": "auto"}
    )
