"""The forms of an intake's rules: a bound, somebody by right, seats and ties, and the reason of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from cohortmgr.base.errors import Problem
from cohortmgr.base.forms import HouseForm, WholeField
from cohortmgr.base.i18n import localized, say, told
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.bounds.checking import SAME_ATTRIBUTE
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing.rules import LONGEST_PAPER, LONGEST_REASON, EntryByRight, RulesContent

_WHY = _l("Pourquoi ces règles changent-elles ?")
_GROUPS = ("group", "group_2", "group_3")
_MOST_TIES = 6


class BoundForm(HouseForm):
    """How many of a group are chosen. A group is one value of an attribute, or of up to three: `region=MA-08`."""

    page_order = ("offering", *_GROUPS)
    group = SelectField(_l("Groupe"), [InputRequired(_l("Choisissez un groupe."))], validate_choice=False)
    group_2 = SelectField(
        _l("Et aussi"),
        [Optional()],
        description=_l("Plusieurs choix : qui les a tous."),
        validate_choice=False,
    )
    group_3 = SelectField(_l("Et encore"), [Optional()], validate_choice=False)
    offering = SelectField(_l("Choix de la campagne"), validate_choice=False)
    at_least = WholeField(_l("Au moins"), [Optional()])
    at_most = WholeField(_l("Au plus"), [Optional()])
    hard = RadioField(
        _l("Force de la borne"),
        default="hard",
        choices=[
            SelectChoice("hard", _l("Ferme : elle tient toujours, quitte à laisser une place vide")),
            SelectChoice("soft", _l("Souple : elle tient autant que les dossiers le permettent")),
        ],
    )

    def offer(self, attributes: Mapping[str, FileAttribute], named: Mapping[str, Any]) -> None:
        """List what may be chosen: each value of each attribute that a form asks for, and the offerings where there are
        several. What follows from an offering tells nobody apart within it."""
        self.labels = {each.key: each.label for each in attributes.values()}
        known = [
            SelectChoice(f"{each.key}={value}", told(localized(each.label), localized(label)))
            for each in attributes.values()
            if each.is_answer
            for value, label in each.values.items()
        ]
        self.group.choices = [SelectChoice("", _("Choisissez")), *known]
        self.group_2.choices = self.group_3.choices = [SelectChoice("", _("Rien de plus")), *known]
        if len(named) > 1:
            self.offering.choices = [SelectChoice(key, localized(title)) for key, title in named.items()]
        else:
            del self.offering

    def fill(self, bound: Bound) -> None:
        """Show a bound; of a group of more than three attributes, which only a file writes, the first three."""
        for name, (key, value) in zip(_GROUPS, bound.where.items(), strict=False):
            self[name].data = f"{key}={value}"
        for name in ("at_least", "at_most"):
            self[name].data = getattr(bound, name)
        self.hard.data = "hard" if bound.hard else "soft"
        if "offering" in self:
            self.offering.data = bound.offering

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; and no group names an attribute twice, of which one value would be lost."""
        is_valid = bool(super().validate(extra_validators))
        seen: set[str] = set()
        for name in _GROUPS:
            key = (self[name].data or "").partition("=")[0]
            if key and key in seen:
                said = say(Problem(SAME_ATTRIBUTE, {"attribute": self.labels.get(key, key)}))
                self[name].errors = [*self[name].errors, said]
                is_valid = False
            seen.add(key)
        return is_valid

    def bound(self) -> Bound:
        """The bound that was typed."""
        where = dict((self[name].data or "").partition("=")[::2] for name in _GROUPS if self[name].data)
        offering = (self.offering.data or "") if "offering" in self else ""
        return Bound(where, self.at_least.data, self.at_most.data, self.hard.data != "soft", offering)


class RightForm(HouseForm):
    """Somebody who enters by right: their file, why, and the paper that says so."""

    application = StringField(
        _l("Numéro du dossier"), [InputRequired(_l("Écrivez un numéro de dossier.")), Length(max=40)]
    )
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Dites pourquoi cette personne entre de droit.")), Length(max=LONGEST_REASON)],
        description=_l(
            "Il va au certificat et au procès-verbal : n’y écrivez rien de sa santé ni de sa famille."
        ),
    )
    paper = StringField(
        _l("Pièce qui le dit"),
        [
            InputRequired(
                _l("Nommez la pièce qui le dit : la convention et son article, la décision et sa date.")
            ),
            Length(max=LONGEST_PAPER),
        ],
    )

    def entry(self) -> EntryByRight:
        """What was typed."""
        return EntryByRight(
            (self.application.data or "").strip().upper(),
            (self.reason.data or "").strip(),
            (self.paper.data or "").strip(),
        )


class RuleReasonForm(HouseForm):
    """The reason of a change after the first seal."""

    reason = TextAreaField(
        _WHY,
        [Length(max=LONGEST_REASON)],
        description=_l("Le motif va au certificat et au procès-verbal, avec les deux noms et la date."),
    )


class SeatsForm(HouseForm):
    """The seats of each offering and the criteria that decide between equal marks; see `seats_form`."""

    offered: Sequence[str] = ()
    tied: Sequence[str] = ()

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; and no criterion is chosen twice."""
        is_valid = bool(super().validate(extra_validators))
        chosen: set[str] = set()
        for place in range(len(self.tied)):
            tie = self[f"tie_{place}"]
            if tie.data and tie.data in chosen:
                tie.errors = (*tie.errors, _("Ce critère est déjà choisi plus haut."))
                is_valid = False
            chosen.add(tie.data)
        return is_valid

    def seats(self) -> dict[str, int]:
        """The seats that were typed, by offering; one that was left empty is none."""
        return {key: self[f"seats_{place}"].data or 0 for place, key in enumerate(self.offered)}

    def ties(self) -> tuple[str, ...]:
        """The keys of the criteria that were chosen, in their order."""
        return tuple(key for place, _key in enumerate(self.tied) if (key := self[f"tie_{place}"].data))


def seats_form(
    content: RulesContent, named: Mapping[str, Any], criteria: Mapping[str, Any], **given: Any
) -> SeatsForm:
    """Return the form of an intake: a number for each of its offerings, a choice for each of the first ties."""
    shown = min(len(criteria), max(_MOST_TIES, len(content.ties)))
    fields: dict[str, Any] = {"offered": tuple(named), "tied": tuple(criteria)[:shown]}
    for place, (key, title) in enumerate(named.items()):
        label = _("Places") if len(named) == 1 else localized(title)
        fields[f"seats_{place}"] = WholeField(label, default=content.seats.get(key))
    choices = [
        SelectChoice("", _("Rien de plus")),
        *(SelectChoice(key, localized(title)) for key, title in criteria.items()),
    ]
    for place in range(shown):
        fields[f"tie_{place}"] = SelectField(
            _("À égalité de note, d’abord") if not place else _("puis"),
            choices=choices,
            default=content.ties[place] if place < len(content.ties) else "",
            validate_choice=False,
        )
    made: type[SeatsForm] = type("SeatsForm", (SeatsForm,), fields)
    return made(**given)
