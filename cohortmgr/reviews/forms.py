"""Giving files out, and giving one back. The rubric's own fields come from the definition: see `staff_views`."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange


class AssignForm(FlaskForm):
    """The seed of the sharing out, so that it can be done again."""

    seed = IntegerField(
        _l("Graine du tirage"),
        [InputRequired(_l("Écrivez un nombre.")), NumberRange(min=0, max=999_999_999)],
        default=1,
        description=_l("La même graine donne la même répartition."),
    )


class AbstainForm(FlaskForm):
    """Why a reader gives a file back."""

    version = HiddenField()
    reason = TextAreaField(
        _l("Pourquoi vous récusez-vous ?"),
        [InputRequired(_l("Dites en quelques mots pourquoi vous vous récusez.")), Length(max=1000)],
        description=_l("Par exemple : je connais cette personne. Seuls les responsables le lisent."),
    )
