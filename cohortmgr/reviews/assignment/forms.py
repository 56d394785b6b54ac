"""Forms for giving files to readers and for taking them back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cohortmgr.base.forms import HouseForm, WholeField
from cohortmgr.reviews.assignment.acquaintance import LONGEST_PLACE

_BY = _l("À remettre au plus tard le")
_MOST_TEXT = 20_000


class AssignForm(HouseForm):
    """The form that assigns readers: lots are drawn from the intake's reference, so that a day alone is asked."""

    due_on = DateField(
        _BY,
        [Optional()],
        description=_l("Les lecteurs sont prévenus avant ce jour, aux heures que dit la grille."),
    )
    anchors = BooleanField(
        _l("Commencer par des dossiers que tous lisent"),
        default=True,
        description=_l(
            "Ils montrent si les lecteurs notent de la même façon. Leur nombre est dans la grille."
        ),
    )


class DayForm(HouseForm):
    """The form that says by which day what waits is to be handed in."""

    due_on = DateField(_BY, [Optional()], description=_l("Vide : sans date."))


class TermsForm(DayForm):
    """The form of how many files a reader has at most, by which day they hand in what waits, and in which languages and
    fields they read: the page fills in what the intake has."""

    most_files = WholeField(
        _l("Dossiers, au plus"),
        [Optional(), NumberRange(0, 100_000, _l("Écrivez un nombre entier, de 0 à 100000."))],
        description=_l("Vide : sans limite. Ce qui est déjà confié reste."),
    )
    languages = SelectMultipleField(
        _l("Langues des dossiers"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
        description=_l(
            "Sans rien cocher : toutes. Le partage en tient compte, pas ce qui est confié à la main."
        ),
    )
    studies = SelectMultipleField(
        _l("Domaines des dossiers"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
        description=_l("Sans rien cocher : tous."),
    )


class MoreForm(HouseForm):
    """The form that asks one more reading: of one file, by its number."""

    number = StringField(_l("Numéro du dossier"), [InputRequired(_l("Écrivez un numéro de dossier."))])
    due_on = DateField(_BY, [Optional()])


class GiveForm(HouseForm):
    """The form that gives named files to somebody: the page fills in who may read."""

    to = SelectField(_l("Qui les lira ?"), validate_choice=False)
    files = TextAreaField(
        _l("Numéros des dossiers"),
        [InputRequired(_l("Écrivez au moins un numéro de dossier.")), Length(max=_MOST_TEXT)],
        description=_l("Un par ligne, ou séparés par des espaces ou des virgules."),
    )
    due_on = DateField(_BY, [Optional()])


class KnownForm(HouseForm):
    """The form in which a reader types the names of those whom they know, their institution, and schools and clubs; the
    page lists the others to tick."""

    names = TextAreaField(_l("Noms des personnes que vous connaissez"), [Optional(), Length(max=_MOST_TEXT)])
    institution = StringField(
        _l("Votre établissement"),
        [Optional(), Length(max=LONGEST_PLACE)],
        description=_l(
            "Nom entier ou sigle : les dossiers de celles et ceux qui y ont étudié iront à d’autres."
        ),
    )
    places = TextAreaField(
        _l("Écoles et clubs dont vous connaissez les élèves ou les membres"),
        [Optional(), Length(max=_MOST_TEXT)],
        description=_l(
            "Un par ligne, le nom entier ou le sigle : les dossiers qui les nomment iront à d’autres."
        ),
    )


class ConflictForm(HouseForm):
    """The form that closes files to a reader, by their numbers."""

    files = TextAreaField(
        _l("Numéros des dossiers"),
        [InputRequired(_l("Écrivez au moins un numéro de dossier.")), Length(max=_MOST_TEXT)],
        description=_l("Ce qui attend de ces dossiers chez cette personne va aussitôt à d’autres."),
    )


class RecallForm(HouseForm):
    """The form that takes files of a reader back: the page fills in who may read instead."""

    to = SelectField(_l("Qui les lira ?"), validate_choice=False)
    files = TextAreaField(
        _l("Seulement ces dossiers"),
        [Optional(), Length(max=_MOST_TEXT)],
        description=_l("Leurs numéros ; vide : tous ceux qui attendent."),
    )
    due_on = DateField(_BY, [Optional()])
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Par exemple : absente jusqu’à la fin du mois. Seuls les responsables le lisent."),
    )
