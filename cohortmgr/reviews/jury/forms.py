"""The forms in which a commission says by which marks a phase is ranked, and takes that back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired

from cohortmgr.base.forms import HouseForm
from cohortmgr.reviews.harmonising.rules import BASIS_WORDS


class ChooseMarksForm(HouseForm):
    """By which marks a phase is ranked, and why."""

    basis = RadioField(
        _l("Classer par"),
        [InputRequired(_l("Choisissez par quelles notes classer."))],
        choices=[SelectChoice(basis.value, _l(words)) for basis, words in BASIS_WORDS.items()],
    )
    because = TextAreaField(
        _l("Pourquoi ces notes ?"),
        description=_l("Le motif, votre nom et la date restent au dossier, et vont avec les décisions."),
    )


class TakeMarksBackForm(HouseForm):
    """Why a choice is taken back."""

    because = TextAreaField(
        _l("Pourquoi reprendre ce choix ?"),
        description=_l("Possible tant que la phase n’est pas close et qu’aucune décision n’en dépend."),
    )
