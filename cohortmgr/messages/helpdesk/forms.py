"""The forms for asking a question and adding to it."""

from __future__ import annotations

from typing import Any

import phonenumbers
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import EmailInput

from cohortmgr.accounts.forms import AddressField
from cohortmgr.applications.documents.rules import LARGEST
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say
from cohortmgr.base.text import new_reference
from cohortmgr.messages.helpdesk.names import TOPICS
from cohortmgr.messages.helpdesk.rules import LONGEST

_EMAIL = Regexp(
    r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$",
    message=_l("Écrivez l’adresse en entier, par exemple nom@exemple.ma."),
)


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class WordsForm(HouseForm):
    """A text, and the unique name by which a second click is recognised."""

    once = HiddenField(default=lambda: new_reference())
    text = TextAreaField(
        _l("Votre message"),
        [InputRequired(_l("Écrivez votre question.")), Length(max=LONGEST)],
        render_kw={"rows": 7, "dir": "auto"},
    )


class JoiningForm(WordsForm):
    """A text with which a file may come. `kept` names one that was examined before, while something is mended."""

    kept = HiddenField()
    unjoin = BooleanField(_l("Ne pas joindre ce fichier"))
    attachment = FileField(
        _l("Joindre un fichier"),
        [Optional()],
        description=_l(
            "Un PDF ou une photo, de %(size)s Mo au plus : un relevé, une attestation…",
            size=LARGEST // 1024**2,
        ),
    )


class HelpRequestForm(WordsForm):
    """A question by somebody who is signed in."""

    topic = SelectField(_l("À propos de"))

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.topic.choices = [(key.value, say(name)) for key, name in TOPICS.items()]


class FileRequestForm(HelpRequestForm, JoiningForm):
    """A question about one's own file."""


class PublicHelpRequestForm(HelpRequestForm):
    """A question by somebody without an account, with where to answer."""

    name = StringField(
        _l("Votre nom"),
        [InputRequired(_l("Écrivez votre nom.")), Length(max=120)],
        filters=[_stripped],
        render_kw={"autocomplete": "name", "dir": "auto"},
    )
    email = AddressField(
        _l("Adresse e-mail"),
        [Optional(), Length(max=254), _EMAIL],
        filters=[_stripped],
        description=_l("La réponse y arrive. Sans e-mail, laissez un téléphone."),
        widget=EmailInput(),
        render_kw={"autocomplete": "email", "dir": "ltr", "inputmode": "email"},
    )
    phone = TelField(
        _l("Téléphone"),
        [Optional(), Length(max=30)],
        filters=[_stripped],
        render_kw={"autocomplete": "tel", "dir": "ltr"},
    )

    def validate_phone(self, field: TelField) -> None:
        """Accept a Moroccan or an international number; it is kept as +212…"""
        try:
            number = phonenumbers.parse(field.data, "MA")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_l("Écrivez le numéro en entier, par exemple 06 12 34 56 78."))
        field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
