"""Proposing a batch of decisions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length, Optional


class ProposeForm(FlaskForm):
    """A word to the second person."""

    note = TextAreaField(
        _l("Note pour la personne qui approuvera"),
        [Optional(), Length(max=2000)],
    )
