"""The form in which people ask to be told when an intake opens."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectField, widgets

from cohortmgr.accounts.forms import ContactForm
from cohortmgr.base.i18n import LANGUAGE_NAMES, language, localized
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.queries import ProgrammeTitle


class WatchForm(ContactForm):
    """Where to write, and about which region and programme."""

    region = SelectField(
        _l("Votre région"), description=_l("Les campagnes de toutes les régions, ou de la vôtre.")
    )
    programme = SelectField(_l("Pour quel programme"))
    spoken = RadioField(
        _l("Langue du message"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()],
        option_widget=widgets.RadioInput(),
    )

    def offer(self, programmes: list[ProgrammeTitle]) -> None:
        """Set the choices, in the language of the page."""
        self.region.choices = [
            SelectChoice("", _("Tout le Maroc")),
            *(SelectChoice(code, localized(name)) for code, name in REGIONS.items()),
        ]
        self.programme.choices = [
            SelectChoice("", _("Tous les programmes")),
            *(SelectChoice(each.key, localized(each.title)) for each in programmes),
        ]
        if self.spoken.data is None:
            self.spoken.data = language()
