"""The form above the trail."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import SearchField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from cohortmgr.accounts.forms import DayField
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say


def _stripped(text: str | None) -> str:
    return (text or "").strip()


class TrailForm(HouseForm):
    """What is looked for in the trail. It stands in the address, and changes nothing: it needs no token."""

    class Meta:
        """Its settings for WTForms."""

        csrf = False

    person = SearchField(
        _l("Personne"),
        [Length(max=100)],
        description=_l("Qui a agi, ou qui est concerné : un nom ou une adresse."),
        filters=[_stripped],
    )
    action = SelectField(_l("Acte"), default="")
    kind = SelectField(_l("Objet"), default="")
    reference = StringField(
        _l("Référence de l’objet"),
        [Length(max=26)],
        description=_l("Entière, ou son début."),
        filters=[_stripped],
        render_kw={"dir": "ltr", "spellcheck": "false"},
    )
    first = DayField(_l("Depuis le"))
    last = DayField(_l("Jusqu’au (inclus)"))

    def offer(self, acts: Mapping[str, str], kinds: Mapping[str, str]) -> None:
        """Say which acts and objects may be chosen, by the names that people read."""
        for field, names in ((self.action, acts), (self.kind, kinds)):
            words = sorted((say(name), key) for key, name in names.items())
            field.choices = [SelectChoice("", _l("Tous")), *(SelectChoice(key, word) for word, key in words)]
