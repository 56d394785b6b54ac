"""The form of a letterhead: its texts in three languages, its numbers, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, StringField, TelField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import EmailInput

from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.organisations.letterheads.rules import (
    LANGUAGES,
    LONGEST,
    OF_HOME,
    REQUIRED,
    TEXT_NAMES,
    Letterhead,
    LetterheadDraft,
    field_of,
)

# The texts that have lines enough for an area.
_LONG = 200


class LetterheadForm(HouseForm):
    """The texts and numbers of a letterhead. The fields of the texts are made from the rules' list of them."""

    telephone = TelField(
        _l("Téléphone"),
        [Optional(), Length(max=30)],
        description=_l("Le numéro que les gens appellent, et par lequel ils vérifient un message."),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    email = StringField(
        _l("Adresse e-mail"),
        [Optional(), Length(max=254)],
        widget=EmailInput(),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    cndp = StringField(
        _l("Numéro de la CNDP"),
        [Optional(), Length(max=40)],
        description=_l("Le numéro de la déclaration ou de l’autorisation de ce traitement."),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )

    def rows(self, home: bool) -> list[tuple[str, list[Any]]]:
        """Return each text's msgid with its fields, in the order of the languages; those of the home page if it is
        `home`'s, the installation's."""
        return [
            (title, [self[field_of(name, language)] for language in LANGUAGES])
            for name, title in TEXT_NAMES.items()
            if home or name not in OF_HOME
        ]

    def draft(self) -> LetterheadDraft:
        """Return what was typed."""
        texts = {
            name: {language: self[field_of(name, language)].data or "" for language in LANGUAGES}
            for name in LONGEST
        }
        return LetterheadDraft(texts, self.telephone.data or "", self.email.data or "", self.cndp.data or "")


def _add_texts() -> None:
    for name, most in LONGEST.items():
        kind = TextAreaField if most >= _LONG else StringField
        for language in LANGUAGES:
            wished: dict[str, Any] = {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
            if kind is TextAreaField:
                wished["rows"] = 3
            needed = [] if name in REQUIRED else [Optional()]
            made = kind(LANGUAGE_NAMES[language], needed, render_kw=wished)
            setattr(LetterheadForm, field_of(name, language), made)


_add_texts()


class MarkForm(HouseForm):
    """The picture of a letterhead."""

    mark = FileField(
        _l("Logo"),
        [Optional()],
        description=_l("PNG, JPEG ou WebP, de 4 Mo au plus. Il est réduit à 96 points de côté."),
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )


class PictureForm(HouseForm):
    """The picture of the home page."""

    picture = FileField(
        _l("Image de la page d’accueil"),
        [Optional()],
        description=_l("PNG, JPEG ou WebP, de 4 Mo au plus. Elle est réduite à 480 points de large."),
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )


def values_of(letterhead: Letterhead) -> Mapping[str, str]:
    """Return what stands in the form of a letterhead that is written already."""
    texts = {
        field_of(name, language): letterhead.text(name).get(language, "")
        for name in LONGEST
        for language in LANGUAGES
    }
    return {**texts, "telephone": letterhead.telephone, "email": letterhead.email, "cndp": letterhead.cndp}
