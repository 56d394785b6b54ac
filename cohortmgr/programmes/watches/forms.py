"""The form in which people ask to be told when an intake opens."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectField, widgets

from cohortmgr.accounts.forms import ContactForm
from cohortmgr.base.i18n import LANGUAGE_NAMES, language, localized
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import Text


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

    def offer(self, programmes: Mapping[str, Text]) -> None:
        """Set the choices, in the language of the page; the programmes come by their keys."""
        self.region.choices = [
            SelectChoice("", _("Tout le Maroc")),
            *(SelectChoice(code, localized(name)) for code, name in REGIONS.items()),
        ]
        self.programme.choices = [
            SelectChoice("", _("Tous les programmes")),
            *(SelectChoice(key, localized(title)) for key, title in programmes.items()),
        ]
        if self.spoken.data is None:
            self.spoken.data = language()
