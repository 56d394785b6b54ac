"""Proposing a batch of decisions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional


class ProposeForm(FlaskForm):
    """The seed of the lots, and a word to the second person."""

    seed = StringField(
        _l("Graine du tirage"),
        [InputRequired(_l("Écrivez une graine.")), Length(max=80)],
        description=_l(
            "Elle départage seulement les dossiers à égalité en tout. Elle est publiée dans le certificat."
        ),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    note = TextAreaField(
        _l("Note pour la personne qui approuvera"),
        [Optional(), Length(max=2000)],
    )
