"""The forms in which the tree is kept: an organisation with its kind, place, names and region; why it closes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.text import clean
from cohortmgr.organisations.rules import HOSTS, KIND_NAMES, REGIONS, OrganisationKind

LONGEST_NAME = 200


def _name(label: object, language: str) -> StringField:
    look = {"lang": language, "dir": "rtl" if language == "ar" else "ltr", "maxlength": LONGEST_NAME}
    return StringField(label, render_kw={**look, "autocomplete": "off"})


class NamesForm(HouseForm):
    """What an organisation is called in three languages, and the region where it is."""

    fr = _name(_l("Nom en français"), "fr")
    ar = _name(_l("Nom en arabe"), "ar")
    en = _name(_l("Nom en anglais"), "en")
    region = SelectField(_l("Région"), validate_choice=False)

    def offer_regions(self) -> None:
        """Fill the choice of the region, in the language of the page."""
        named = sorted(((key, localized(name)) for key, name in REGIONS.items()), key=lambda each: each[1])
        self.region.choices = [("", say(N_("Aucune"))), *named]

    def names(self) -> dict[str, str]:
        """What was typed, in each language; Refused with each that is missing."""
        found = {each: clean(self[each].data or "").strip()[:LONGEST_NAME] for each in ("fr", "ar", "en")}
        lacking = [each for each, said in found.items() if not said]
        if lacking:
            raise Refused(*(Problem(N_("Écrivez ce texte."), {}, each) for each in lacking))
        return found

    def region_chosen(self) -> str | None:
        """The code of the region as it was sent, or None for none."""
        return self.region.data or None


class OrganisationForm(NamesForm):
    """A new organisation."""

    kind = SelectField(_l("Type"), validate_choice=False)
    parent = SelectField(_l("Rattachée à"), validate_choice=False)
    key = StringField(
        _l("Clé"),
        description=_l(
            "Courte, en lettres minuscules et tirets. Elle ne change plus : les rôles en dépendent."
        ),
        render_kw={"dir": "ltr", "maxlength": 40, "autocomplete": "off"},
    )

    def offer_kinds(self) -> None:
        """Fill the choice of the kind, in the language of the page."""
        self.kind.choices = [
            (kind.value, say(name)) for kind, name in KIND_NAMES.items() if kind not in HOSTS
        ]

    def kind_chosen(self) -> OrganisationKind:
        """The kind that was chosen; Refused if there is none."""
        try:
            return OrganisationKind(self.kind.data or "")
        except ValueError:
            raise Refused(Problem(N_("Choisissez un type d’organisation."), {}, "kind")) from None


class ReachForm(HouseForm):
    """How an organisation is reached."""

    telephone = StringField(
        _l("Téléphone"),
        render_kw={"dir": "ltr", "maxlength": 30, "inputmode": "tel", "autocomplete": "off"},
    )
    email = StringField(
        _l("Adresse e-mail"),
        render_kw={"dir": "ltr", "maxlength": 254, "inputmode": "email", "autocomplete": "off"},
    )


class ClosingForm(HouseForm):
    """Why an organisation closes."""

    reason = TextAreaField(
        _l("Raison, gardée au journal"), render_kw={"rows": 2, "maxlength": 1000, "dir": "auto"}
    )
