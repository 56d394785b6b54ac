"""Says in words what changes in the terms of a programme: campaigns and seats, companies, stipend, offers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from cohortmgr.base.errors import N_, NN_, CalendarMonth, Problem, Quantity
from cohortmgr.programmes.definition.differences import (
    WAS_CALLED,
    ChangeKind,
    DefinitionChange,
    instead,
    moved,
)
from cohortmgr.programmes.definition.rules import (
    AbsenceRule,
    Definition,
    IntakeDefinition,
    OfferingDefinition,
    OfferTerms,
    Partner,
    Payer,
    ProgrammeStage,
    StipendScheme,
)

DATE_NAMES: Mapping[str, str] = {
    "opens_at": N_("Ouverture"),
    "closes_at": N_("Clôture"),
    "decision_by": N_("Réponse promise avant le"),
    "starts_on": N_("Début de la formation"),
}
PAYER_NAMES: Mapping[Payer, str] = {
    Payer.COMPANY: N_("l’entreprise d’accueil"),
    Payer.HOST: N_("l’établissement"),
    Payer.STATE: N_("l’État"),
}
ABSENCE_NAMES: Mapping[AbsenceRule, str] = {
    AbsenceRule.NONE: N_("rien n’est retiré"),
    AbsenceRule.PER_WORKING_DAY: N_("chaque jour d’absence sans motif est retiré"),
}
STAGE_NAMES: Mapping[ProgrammeStage, str] = {
    ProgrammeStage.APPLICATION: N_("Candidature"),
    ProgrammeStage.SELECTION: N_("Sélection"),
    ProgrammeStage.TEST: N_("Épreuve"),
    ProgrammeStage.INTERVIEW: N_("Entretien"),
    ProgrammeStage.OFFERS: N_("Offres de places"),
    ProgrammeStage.TRAINING: N_("Formation"),
    ProgrammeStage.PLACEMENT: N_("Affectation en entreprise"),
    ProgrammeStage.STIPEND: N_("Bourse"),
    ProgrammeStage.OUTCOMES: N_("Insertion"),
}

_PLACES = NN_("%(num)s place", "%(num)s places")
_MONTHS = NN_("%(num)s mois", "%(num)s mois")
_DAYS = NN_("%(num)s jour", "%(num)s jours")
_HOURS = NN_("%(num)s heure", "%(num)s heures")
_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_WISHES = NN_("%(num)s vœu", "%(num)s vœux")

_INTAKE, _PARTNER = N_("campagne"), N_("entreprise partenaire")
_STAYS = N_("campagne : elle reste telle qu’elle est, avec ses dossiers")
_NEW_CHOICE = N_("« %(offering)s » : un nouveau choix, %(seats)s")
_LEFT_OUT = N_("« %(offering)s » n’est plus décrit ; ses places restent telles qu’elles sont")
_SEATS_OF = N_("Places de « %(offering)s »")
_SEATS, _PLACE = N_("Places"), N_("Lieu")
_ON = N_("du %(start)s au %(end)s")
_AMOUNT = N_("%(amount)s MAD")
_IN_ALL = N_("en tout %(seats)s")
_YES, _NO = N_("oui"), N_("non")
_NOTHING = N_("rien")


def intake_changes(before: Definition, after: Definition) -> Iterator[DefinitionChange]:
    """Campaigns that come or are left out, and what changes in the others: title, dates, choices and their seats."""
    were, are = {each.key: each for each in before.intakes}, {each.key: each for each in after.intakes}
    for key, intake in are.items():
        if key not in were:
            dates = Problem(_ON, {"start": intake.opens_at, "end": intake.closes_at})
            seats = Problem(_IN_ALL, {"seats": Quantity(*_PLACES, intake.seats)})
            yield DefinitionChange(ChangeKind.ADDED, intake.title, (_INTAKE, dates, seats))
        elif details := tuple(_of_intake(were[key], intake)):
            yield DefinitionChange(ChangeKind.CHANGED, intake.title, details)
    for key, intake in were.items():
        if key not in are:
            yield DefinitionChange(ChangeKind.REMOVED, intake.title, (_STAYS,))


def _of_intake(before: IntakeDefinition, after: IntakeDefinition) -> Iterator[Problem]:
    if before.title != after.title:
        yield Problem(WAS_CALLED, {"title": before.title})
    yield from moved(before, after, DATE_NAMES)
    were = {each.key: each for each in before.offerings}
    are = {each.key for each in after.offerings}
    for offering in after.offerings:
        if offering.key in were:
            yield from _of_offering(were[offering.key], offering)
        else:
            values = {"offering": offering.title, "seats": Quantity(*_PLACES, offering.seats)}
            yield Problem(_NEW_CHOICE, values)
    for key, offering in were.items():
        if key not in are:
            yield Problem(_LEFT_OUT, {"offering": offering.title})


def _of_offering(before: OfferingDefinition, after: OfferingDefinition) -> Iterator[Problem]:
    if before.seats != after.seats:
        what = Problem(_SEATS_OF, {"offering": after.title})
        yield instead(what, Quantity(*_PLACES, before.seats), Quantity(*_PLACES, after.seats))
    if before.title != after.title:
        yield Problem(
            N_("« %(now)s » s’appelait « %(before)s »"), {"now": after.title, "before": before.title}
        )
    if before.place != after.place:
        yield instead(_PLACE, before.place, after.place)


def partner_changes(before: Definition, after: Definition) -> Iterator[DefinitionChange]:
    """Companies that come and go, and their seats."""
    were, are = {each.key: each for each in before.partners}, {each.key: each for each in after.partners}
    for key, partner in are.items():
        if key not in were:
            seats = Problem(_IN_ALL, {"seats": Quantity(*_PLACES, partner.seats)})
            yield DefinitionChange(ChangeKind.ADDED, partner.name, (_PARTNER, seats))
        elif details := tuple(_of_partner(were[key], partner)):
            yield DefinitionChange(ChangeKind.CHANGED, partner.name, details)
    for key, partner in were.items():
        if key not in are:
            yield DefinitionChange(ChangeKind.REMOVED, partner.name, (_PARTNER,))


def _of_partner(before: Partner, after: Partner) -> Iterator[Problem | str]:
    if before.name != after.name:
        yield Problem(WAS_CALLED, {"title": before.name})
    if before.seats != after.seats:
        yield instead(_SEATS, Quantity(*_PLACES, before.seats), Quantity(*_PLACES, after.seats))


def of_terms(name: str, before: Definition, after: Definition) -> Iterator[Problem | str]:
    """What is told of one section, the stipend, the offers, the reminders, the placement or the stages, besides its
    name: each figure with the earlier one."""
    told = _TOLD.get(name)
    if told is not None:
        yield from told(getattr(before, name), getattr(after, name))


def _fields(
    before: Any, after: Any, said: Mapping[str, tuple[str, Callable[[Any], object]]]
) -> Iterator[Problem]:
    for name, (label, shown) in said.items():
        was, now = getattr(before, name, None), getattr(after, name, None)
        if was != now:
            yield instead(label, _or_nothing(was, shown), _or_nothing(now, shown))


def _or_nothing(value: Any, shown: Callable[[Any], object]) -> object:
    return Problem(_NOTHING) if value in (None, ()) else shown(value)


def _counted(forms: tuple[str, str]) -> Callable[[Any], object]:
    return lambda number: Quantity(*forms, int(number))


def _money(cents: int) -> Problem:
    return Problem(_AMOUNT, {"amount": Decimal(cents) / 100})


def _hours(hours: tuple[int, ...]) -> object:
    return tuple(Quantity(*_HOURS, each) for each in hours)


def _truth(value: bool) -> Problem:
    return Problem(_YES if value else _NO)


_STIPEND: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "title": (N_("Nom de la bourse"), lambda text: text),
    "monthly_cents": (N_("Montant par mois"), _money),
    "months": (N_("Nombre de mois payés"), _counted(_MONTHS)),
    "starts_month": (N_("Premier mois payé"), CalendarMonth),
    "payer": (N_("Payée par"), lambda payer: Problem(PAYER_NAMES[payer])),
    "arrears": (N_("Payée après la fin du mois"), _truth),
    "absence_rule": (N_("Absences"), lambda rule: Problem(ABSENCE_NAMES[rule])),
    "working_days_basis": (N_("Jours ouvrés d’un mois entier"), _counted(_DAYS)),
}
_OFFERS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "days_to_answer": (N_("Jours pour répondre à une offre"), _counted(_DAYS)),
    "reminders_hours": (N_("Rappels d’une offre, avant la fin du délai"), _hours),
    "waiting_list": (N_("Liste d’attente"), _counted(_PEOPLE)),
    "last_day": (N_("Dernier jour où une place est offerte"), lambda day: day),
}
_REMINDERS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "draft_hours": (N_("Rappels aux brouillons, avant la clôture"), _hours)
}
_PLACEMENT: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "wishes_max": (N_("Vœux classés par apprenti, au plus"), _counted(_WISHES)),
    "company_score_min": (N_("Plus petite note d’une entreprise"), int),
    "company_score_max": (N_("Plus grande note d’une entreprise"), int),
}


def _stipend(before: StipendScheme | None, after: StipendScheme | None) -> Iterator[Problem | str]:
    if before is None:
        yield N_("une bourse est versée désormais")
    if after is None:
        yield N_("aucune bourse n’est plus versée pour les mois à venir")
    if after is not None:
        yield from _fields(before, after, _STIPEND)


def _offers(before: OfferTerms, after: OfferTerms) -> Iterator[Problem | str]:
    yield from _fields(before, after, _OFFERS)


def _stages(before: tuple[ProgrammeStage, ...], after: tuple[ProgrammeStage, ...]) -> Iterator[Problem | str]:
    came = tuple(Problem(STAGE_NAMES[each]) for each in after if each not in before)
    went = tuple(Problem(STAGE_NAMES[each]) for each in before if each not in after)
    if came:
        yield Problem(N_("permis désormais : %(stages)s"), {"stages": came})
    if went:
        yield Problem(N_("n’est plus permis : %(stages)s"), {"stages": went})


_TOLD: Mapping[str, Callable[[Any, Any], Iterator[Problem | str]]] = {
    "stipend": _stipend,
    "offers": _offers,
    "reminders": lambda before, after: _fields(before, after, _REMINDERS),
    "placement": lambda before, after: _fields(before, after, _PLACEMENT),
    "stages": _stages,
}
