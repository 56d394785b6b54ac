"""The forms for signing up, signing in, typing a code and choosing a password."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    PasswordField,
    StringField,
    ValidationError,
)
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import DateInput, PasswordInput

from cohortmgr.accounts.contacts import LONGEST, Contact, contact_of
from cohortmgr.accounts.slips import ASKED, TypedQuestion, asked_before, question_on, settled
from cohortmgr.accounts.typed_codes import read_code
from cohortmgr.base.errors import Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say


def _stripped(value: Any) -> Any:
    return value.strip() if value else value


def _said(read: Callable[[str], Any], field: Field) -> Any:
    try:
        return read(field.data)
    except Refused as refusal:
        raise ValidationError(say(refusal.problems[0])) from None


class AddressField(StringField):
    """Where something will be sent. A text that looks mistyped is asked about once, beside the field: the form is
    not valid then, and has no error. `asks` is false where nothing will be sent."""

    aside: TypedQuestion | None = None
    asked: str | None = None
    asks = True

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the text, or what the button of a question took in its place."""
        given = settled(formdata) if formdata else formdata
        super().process(given, data, extra_filters)
        self.asked = asked_before(given, self.name) if given else None

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Whether the text may be used: it has no error, and no question is asked about it."""
        sound = bool(super().validate(form, extra_validators))
        held = {self.name: self.data or "", f"{ASKED}{self.name}": self.asked or ""}
        self.aside = question_on(MultiDict(held), self.name) if self.asks else None
        if self.aside is None:
            return sound
        if self.data != self.asked:
            self.errors = list[str]()
        self.asked = self.data
        return False


class ContactForm(HouseForm):
    """An address or a number, to which a code is sent."""

    email = AddressField(
        _l("Adresse e-mail ou numéro de téléphone"),
        [
            InputRequired(_l("Écrivez votre adresse e-mail ou votre numéro de téléphone.")),
            Length(max=LONGEST),
        ],
        filters=[_stripped],
        render_kw={"autocomplete": "username", "dir": "ltr", "inputmode": "email", "spellcheck": "false"},
    )
    contact: Contact

    def validate_email(self, field: Field) -> None:
        """Keep the contact in the form in which contacts are compared."""
        self.contact = _said(contact_of, field)


class DeviceForm(HouseForm):
    """Whether the device on which somebody enters is shared with others."""

    shared = BooleanField(
        _l("Cet appareil est partagé"),
        description=_l(
            "Téléphone d’un proche, cybercafé, salle de l’école : rien n’y est gardé, et la page se ferme "
            "après 30 minutes sans activité."
        ),
    )


class EntryForm(ContactForm, DeviceForm):
    """Where to send a code for signing in, and whether the device is shared."""


class SignInForm(EntryForm):
    """The entry form, with a password for signing in without a code."""

    password = PasswordField(
        _l("Mot de passe"), [Length(max=200)], render_kw={"autocomplete": "current-password", "dir": "ltr"}
    )
    # With a password nothing is sent; who has an account by such an address is not asked at each entry.
    sends_with_password = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields. What was typed for a password stays while its address is asked about."""
        self.email.asks = self.sends_with_password or not self.password.data
        sound = bool(super().validate(extra_validators))
        if self.email.aside is not None:
            self.password.widget = PasswordInput(hide_value=False)
        return sound


class SignUpForm(SignInForm):
    """The sign-in form, with a new password, which may be left empty."""

    sends_with_password = True
    password = PasswordField(
        _l("Choisissez un mot de passe"),
        [Length(max=200)],
        description=_l("10 caractères ou plus ; une phrase de quelques mots convient."),
        render_kw={"autocomplete": "new-password", "dir": "ltr"},
    )


class CodeForm(HouseForm):
    """The six digits of a code, however they are copied."""

    code = StringField(
        _l("Code à six chiffres"),
        [InputRequired(_l("Écrivez les six chiffres du message."))],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "dir": "ltr",
            "spellcheck": "false",
            "autofocus": True,
        },
    )
    digits: str

    def validate_code(self, field: Field) -> None:
        """Refuse what is not six digits, so that it does not count as a try."""
        digits = read_code(field.data)
        if digits is None:
            raise ValidationError(_l("Le code a six chiffres. Recopiez-les, ou collez-les."))
        self.digits = digits


class DoubtForm(HouseForm):
    """What only the person of a file knows: its number, or their day of birth."""

    answer = StringField(
        _l("Numéro du dossier ou date de naissance"),
        [InputRequired(_l("Écrivez le numéro du dossier ou la date de naissance.")), Length(max=200)],
        description=_l("Le numéro est dans nos messages, par exemple MDIA-ABC234. Une date : 14/03/2004."),
        filters=[_stripped],
        render_kw={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"},
    )


class DoubtAgainForm(DoubtForm):
    """The same, with the day of birth of several that was said before."""

    before = HiddenField(validators=[Optional(), Length(max=200)], filters=[_stripped])


class BesideForm(HouseForm):
    """The day by which somebody returns who begins beside an account that their address enters."""

    born = StringField(
        _l("Votre date de naissance"),
        [Optional(), Length(max=200)],
        description=_l("Par exemple 14/03/2004. Elle vous sera demandée à chaque entrée par cette adresse."),
        filters=[_stripped],
        render_kw={"autocomplete": "bday", "dir": "ltr", "spellcheck": "false"},
    )


class LinkForm(DeviceForm):
    """For whoever opens a link to their file, which is proof enough: a password, if they want one, and whether the
    device is shared."""

    password = PasswordField(
        _l("Choisissez un mot de passe"),
        [Optional(), Length(max=200)],
        description=_l("10 caractères ou plus ; une phrase de quelques mots convient."),
        render_kw={"autocomplete": "new-password", "dir": "ltr"},
    )


class ClaimForm(DoubtForm, LinkForm):
    """What only the person of a file knows, too, for a link that went to a telephone number."""


class NewPasswordForm(HouseForm):
    """A password for one's own account."""

    password = PasswordField(
        _l("Choisissez un mot de passe"),
        [InputRequired(_l("Choisissez un mot de passe.")), Length(max=200)],
        description=_l("10 caractères ou plus ; une phrase de quelques mots convient."),
        render_kw={"autocomplete": "new-password", "dir": "ltr"},
    )


class DayField(DateField):
    """A day, as a browser sends it or as people type it; within a lifetime of now."""

    widget = DateInput()
    data: date | None

    def __init__(self, label: Any, missing: Any = None, **values: Any) -> None:
        """`missing` is what to say when no day is written; without it, none need be."""
        needed = Optional() if missing is None else InputRequired(missing)
        super().__init__(label, [needed], format=["%Y-%m-%d", "%d/%m/%Y"], **values)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the day; ValueError, in words, if it is none."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Écrivez un jour, comme 31/03/2027.")) from None
        if self.data is not None and not 2000 <= self.data.year <= 2100:
            self.data = None
            raise ValueError(_l("Écrivez un jour, comme 31/03/2027."))
