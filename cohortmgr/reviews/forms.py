"""Forms for assigning files and for abstaining. `staff_views` reads the rubric's own fields from the definition."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from cohortmgr.base.forms import HouseForm, WholeField


class AssignForm(HouseForm):
    """The form that assigns readers. It keeps the seed, so that the same assignment can be made again."""

    seed = WholeField(
        _l("Nombre du tirage"),
        [InputRequired(_l("Écrivez un nombre.")), NumberRange(min=0, max=999_999_999)],
        default=1,
        description=_l("Le même nombre donne la même répartition."),
    )


class AbstainForm(HouseForm):
    """The form in which a reader says why they give a file back."""

    version = HiddenField()
    reason = TextAreaField(
        _l("Pourquoi vous récusez-vous ?"),
        [InputRequired(_l("Dites en quelques mots pourquoi vous vous récusez.")), Length(max=1000)],
        description=_l("Par exemple : je connais cette personne. Seuls les responsables le lisent."),
    )


class RecallForm(HouseForm):
    """The form that takes the files of a reader back: the page fills in who may read instead."""

    to = SelectField(_l("Qui les lira ?"), validate_choice=False)
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Par exemple : absente jusqu’à la fin du mois. Seuls les responsables le lisent."),
    )
