"""Signing up and in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length, Regexp

_EMAIL = Regexp(
    r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$",
    message=_l("Écrivez l’adresse en entier, par exemple nom@exemple.ma."),
)


class EmailForm(FlaskForm):
    """One e-mail address."""

    email = EmailField(
        _l("Adresse e-mail"),
        [InputRequired(_l("Écrivez votre adresse e-mail.")), Length(max=254), _EMAIL],
        filters=[lambda value: value.strip() if value else value],
        render_kw={"autocomplete": "email", "dir": "ltr", "inputmode": "email"},
    )


class SignInForm(EmailForm):
    """Address and password."""

    password = PasswordField(
        _l("Mot de passe"),
        [InputRequired(_l("Écrivez votre mot de passe."))],
        render_kw={"autocomplete": "current-password", "dir": "ltr"},
    )


class SignUpForm(EmailForm):
    """Address and a new password."""

    password = PasswordField(
        _l("Choisissez un mot de passe"),
        [InputRequired(_l("Choisissez un mot de passe.")), Length(max=200)],
        description=_l("10 caractères ou plus ; une phrase de quelques mots convient."),
        render_kw={"autocomplete": "new-password", "dir": "ltr"},
    )


class NewPasswordForm(FlaskForm):
    """A password for the account of a link."""

    password = PasswordField(
        _l("Choisissez un mot de passe"),
        [InputRequired(_l("Choisissez un mot de passe.")), Length(max=200)],
        description=_l("10 caractères ou plus ; une phrase de quelques mots convient."),
        render_kw={"autocomplete": "new-password", "dir": "ltr"},
    )
