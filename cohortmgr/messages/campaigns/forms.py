"""The form of a campaign: what it says, to whom and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import Optional

from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.clock import instant
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGE_NAMES, localized
from cohortmgr.base.text import new_reference
from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.rules import LIMITS, CampaignDraft, CampaignText

# The conditions of the list that this form has fields for; the list's other conditions are kept as they came.
TYPED = ("search", "state", "eligible", "region", "source")
# Long enough for every file that can be ticked on one page of the list.
_LONGEST = 20_000


class CampaignForm(HouseForm):
    """The form of a campaign. The rules check lengths and texts, and name the field of each problem."""

    version = HiddenField()
    form_key = HiddenField()
    others = HiddenField()
    title = StringField(
        _l("Nom de l’envoi"), description=_l("Pour vous y retrouver ; personne ne le reçoit.")
    )
    audience = RadioField(_l("Les destinataires"), validate_choice=False)
    search = StringField(_l("Nom, numéro ou adresse"), [Optional()])
    state = SelectField(_l("État"), validate_choice=False)
    eligible = SelectField(_l("Conditions"), validate_choice=False)
    region = SelectField(_l("Région"), validate_choice=False)
    source = SelectField(_l("Origine"), validate_choice=False)
    with_drafts = BooleanField(_l("Aussi les personnes qui ont commencé et n’ont pas envoyé"))
    subject_fr = StringField(_l("Objet"))
    body_fr = TextAreaField(_l("Texte"))
    short_fr = TextAreaField(_l("Texte pour SMS"), [Optional()])
    subject_ar = StringField(_l("Objet"))
    body_ar = TextAreaField(_l("Texte"))
    short_ar = TextAreaField(_l("Texte pour SMS"), [Optional()])
    subject_en = StringField(_l("Objet"))
    body_en = TextAreaField(_l("Texte"))
    short_en = TextAreaField(_l("Texte pour SMS"), [Optional()])
    day = DateField(_l("Jour"), [Optional()], description=_l("Sans date, l’envoi part dès son approbation."))
    hour = TimeField(_l("Heure de Casablanca"), [Optional()])

    def __init__(self, *arguments: Any, with_cohort: bool = False, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.audience.choices = [("list", _("Une liste de candidatures"))]
        if with_cohort:
            self.audience.choices.append(("cohort", _("Les membres de la promotion")))
        everyone = ("", _("Toutes"))
        self.state.choices = [
            ("submitted", _("Envoyée")),
            ("draft", _("Brouillon")),
            ("withdrawn", _("Retirée")),
            ("all", _("Tous")),
        ]
        self.eligible.choices = [
            everyone,
            ("yes", _("Éligible")),
            ("no", _("Non éligible")),
            ("open", _("À décider")),
        ]
        self.region.choices = [everyone, *((code, localized(name)) for code, name in REGIONS.items())]
        self.source.choices = [
            everyone,
            ("online", _("En ligne")),
            ("import", _("Importée")),
            ("paper", _("Sur papier")),
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the form; an hour without a day is refused."""
        right = bool(super().validate(extra_validators))
        if self.hour.data is not None and self.day.data is None and not self.day.errors:
            self.day.errors = [*self.day.errors, _("Choisissez aussi un jour.")]
            right = False
        return right

    @property
    def languages(self) -> list[tuple[str, str, list[Any]]]:
        """Return each language with its name and its three fields."""
        return [
            (code, LANGUAGE_NAMES[code], [self[f"{part}_{code}"] for part in LIMITS])
            for code in rules.LANGUAGES
        ]

    @property
    def kept_conditions(self) -> int:
        """How many conditions of the list have no field here, not counting the ticked files."""
        return len(self._others().keys() - {"files"})

    @property
    def ticked(self) -> int:
        """How many files of the list were ticked; 0 if the whole list is meant."""
        return len([each for each in self.filters().files.split(",") if each])

    def filters(self) -> ApplicationFilters:
        """Return the list's conditions: those typed here, and those that came in the URL."""
        typed = {name: self[name].data or "" for name in TYPED}
        return ApplicationFilters.of({**self._others(), **typed})

    def _others(self) -> dict[str, str]:
        return dict(parse_qsl((self.others.data or "")[:_LONGEST]))

    def due(self) -> datetime | None:
        """Return the typed hour, by Casablanca's clocks; eight in the morning if only a day was typed."""
        if self.day.data is None:
            return None
        hour = self.hour.data
        return instant(self.day.data, hour.hour, hour.minute) if hour else instant(self.day.data, 8)

    def draft(self) -> CampaignDraft:
        """Return what was typed, as a draft."""
        texts = {
            code: CampaignText(*(self[f"{part}_{code}"].data or "" for part in LIMITS))
            for code in rules.LANGUAGES
        }
        return CampaignDraft(
            self.title.data or "",
            texts,
            self.filters(),
            bool(self.with_drafts.data),
            self.audience.data == "cohort",
            self.due(),
        )


def values_of_filters(filters: ApplicationFilters) -> dict[str, Any]:
    """Return the form's values for a list's filters."""
    given = filters.arguments()
    left = {name: value for name, value in given.items() if name not in (*TYPED, "sort", "size", "columns")}
    typed = {name: getattr(filters, name) for name in TYPED}
    return {**typed, "others": urlencode(left)}


def values_of_new(filters: ApplicationFilters) -> dict[str, Any]:
    """Return the form's values for a new campaign to a list."""
    return {**values_of_filters(filters), "audience": "list", "form_key": new_reference()}
