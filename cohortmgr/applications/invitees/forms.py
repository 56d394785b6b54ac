"""The form in which a list of people is invited: in whose name, in which language, and who."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectChoice, StringField, TextAreaField, widgets
from wtforms.validators import InputRequired, Length, ValidationError

from cohortmgr.applications.invitees.rules import LONGEST_LIST, bears_link
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.base.text import clean


def _bears_no_link(_form: Form, field: StringField) -> None:
    """Keep a link out of the name in which letters leave: whoever invites is no more than an enroller."""
    if bears_link(field.data or ""):
        raise ValidationError(_l("Écrivez un nom, sans adresse de site."))


class InviteesForm(HouseForm):
    """Who is invited by whom."""

    group_name = StringField(
        _l("École ou employeur"),
        [InputRequired(_l("Écrivez le nom de l’école ou de l’employeur.")), Length(max=120), _bears_no_link],
        filters=[lambda text: clean(text) if text else text],
        description=_l("Chaque personne le lit dans son message."),
        render_kw={"maxlength": 120, "dir": "auto", "autocomplete": "organization"},
    )
    language = RadioField(
        _l("Langue des messages"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()],
        default="fr",
        option_widget=widgets.RadioInput(),
    )
    people = TextAreaField(
        _l("Personnes à inviter"),
        [InputRequired(_l("Écrivez au moins une personne.")), Length(max=LONGEST_LIST)],
        render_kw={"rows": 8, "dir": "auto", "spellcheck": "false", "autocomplete": "off"},
    )
