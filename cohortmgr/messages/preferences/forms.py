"""The form by which a person chooses how to be written to."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, TelField, ValidationError, widgets
from wtforms.validators import Optional

from cohortmgr.applications.answers.values import normalise_phone
from cohortmgr.base.errors import Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGE_NAMES, say
from cohortmgr.messages.preferences.rules import ChosenPreferences, ContactPreference

_HOURS = [SelectChoice(hour, _l("%(hour)s h", hour=hour)) for hour in range(24)]
_LANGUAGES = [SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()]
_CHANNELS = [SelectChoice("email", _l("Par e-mail")), SelectChoice("sms", _l("Par SMS"))]


class PreferencesForm(HouseForm):
    """Language, channel, telephone number, quiet hours, digest, and whether campaigns are wanted."""

    language = RadioField(_l("Langue des messages"), choices=_LANGUAGES, option_widget=widgets.RadioInput())
    channel = RadioField(
        _l("Comment vous écrire"),
        choices=_CHANNELS,
        description=_l(
            "Un message trop long pour un SMS, ou qui ouvre votre compte, vient toujours par e-mail."
        ),
    )
    phone = TelField(
        _l("Numéro de téléphone"),
        [Optional()],
        filters=[lambda value: value.strip() if value else ""],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    quiet = BooleanField(
        _l("Pas de SMS ni d’annonce à certaines heures"),
        description=_l("Heures de Casablanca. Ce qui presse vient quand même."),
    )
    quiet_from = SelectField(_l("De"), choices=_HOURS, coerce=int)
    quiet_until = SelectField(_l("À"), choices=_HOURS, coerce=int)
    digest = BooleanField(
        _l("Un seul e-mail par jour"),
        description=_l("À 18 h, tout ce qui peut attendre. Ce qui presse vient aussitôt."),
    )
    campaigns = BooleanField(
        _l("Recevoir les annonces"),
        description=_l(
            "Nouvelles campagnes, journées portes ouvertes. Ce qui concerne votre dossier vient toujours."
        ),
    )

    def validate_phone(self, field: TelField) -> None:
        """Keep the number in its stored form."""
        try:
            field.data = normalise_phone(field.data)
        except Refused as refusal:
            raise ValidationError(say(refusal.problems[0])) from None

    @classmethod
    def of(cls, chosen: ChosenPreferences) -> PreferencesForm:
        """Make a form filled with the present choices, or with what was posted."""
        wish = chosen.wish
        start, end = wish.quiet or ContactPreference().quiet or (0, 0)
        return cls(
            data={
                "language": chosen.language,
                "channel": wish.channel,
                "phone": chosen.phone,
                "quiet": wish.quiet is not None,
                "quiet_from": start,
                "quiet_until": end,
                "digest": wish.digest,
                "campaigns": wish.campaigns,
            }
        )

    def chosen(self) -> ChosenPreferences:
        """Return what was posted, once the form is valid."""
        quiet = (self.quiet_from.data, self.quiet_until.data) if self.quiet.data else None
        wish = ContactPreference(self.channel.data, self.campaigns.data, self.digest.data, quiet)
        return ChosenPreferences(self.language.data, self.phone.data or "", wish)
