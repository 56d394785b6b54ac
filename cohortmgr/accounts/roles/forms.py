"""Forms for inviting people, and for giving, ending and lending roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.forms import ContactForm, DayField, DeviceForm
from cohortmgr.accounts.roles.rules import ALONE, RoleScope
from cohortmgr.accounts.rules import ROLE_NAMES, Role
from cohortmgr.base.errors import Problem
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGE_NAMES, localized, say

_SPOKEN = [SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()]
_CHOOSE = _l("Choisissez dans la liste.")


class Choosable(Protocol):
    """A person in a list to choose from."""

    @property
    def reference(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def contact(self) -> Contact: ...


class PeriodForm(HouseForm):
    """From which day to which day, both included."""

    begins_on = DayField(_l("Premier jour"), description=_l("Vide : tout de suite."))
    ends_on = DayField(_l("Dernier jour (inclus)"), description=_l("Vide : sans date de fin."))


class RoleForm(PeriodForm):
    """A role, where it is held, and when."""

    role = SelectField(_l("Rôle"), validate_choice=True)
    scope = SelectField(_l("Où"), validate_choice=True)

    def offer(self, roles: Sequence[Role], scopes: Sequence[RoleScope]) -> None:
        """Say which roles and places may be chosen."""
        self.role.choices = [SelectChoice(role.value, say(ROLE_NAMES[role])) for role in roles]
        self.scope.choices = [SelectChoice(scope.choice, _called(scope)) for scope in scopes]


def _called(scope: RoleScope) -> str:
    place = localized(scope.name)
    return say(Problem(ALONE, {"place": place})) if scope.alone else place


class InvitedForm(ContactForm):
    """Who is invited: an address or number, a name, and the language of the message."""

    given_name = StringField(_l("Prénom"), [Length(max=120)])
    family_name = StringField(_l("Nom"), [Length(max=120)])
    spoken = SelectField(_l("Langue du message"), choices=_SPOKEN, default="fr")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.email.render_kw = {**(self.email.render_kw or {}), "autocomplete": "off"}


class InviteForm(InvitedForm, RoleForm):
    """Who is invited, and to what."""


class EndForm(HouseForm):
    """The last day of a role; today, and at once, if it is left empty."""

    ends_on = DayField(_l("Dernier jour (inclus)"), description=_l("Vide : tout de suite."))


class DeputyForm(PeriodForm):
    """Who stands in for a colleague, and when."""

    ends_on = DayField(
        _l("Dernier jour (inclus)"), missing=_l("Écrivez le dernier jour : une suppléance finit d’elle-même.")
    )
    deputy = SelectField(_l("Qui remplace"), [InputRequired(_CHOOSE)], validate_choice=True)

    def offer(self, people: Sequence[Choosable]) -> None:
        """Say who may be chosen."""
        self.deputy.choices = [
            SelectChoice(each.reference, each.name or each.contact.address) for each in people
        ]


class AcceptForm(DeviceForm):
    """The name of whoever accepts an invitation, and with which account if another one than theirs is open."""

    MINE, ANOTHER = "mine", "another"

    given_name = StringField(
        _l("Prénom"),
        [InputRequired(_l("Écrivez votre prénom.")), Length(max=120)],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        _l("Nom"),
        [InputRequired(_l("Écrivez votre nom.")), Length(max=120)],
        render_kw={"autocomplete": "family-name"},
    )
