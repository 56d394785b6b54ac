"""Checks a well-shaped definition as a whole: references, the order of dates, weights, stages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cohortmgr.base.errors import N_, Problem
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.eligibility import check_eligibility
from cohortmgr.programmes.definition.checks.form import KEY, check_form, check_intakes, unique
from cohortmgr.programmes.definition.checks.guardians import check_guardians
from cohortmgr.programmes.definition.checks.points import check_points
from cohortmgr.programmes.definition.checks.rubric import check_rubric
from cohortmgr.programmes.definition.checks.selection import check_selection
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition, ProgrammeStage
from cohortmgr.programmes.definition.settled_terms import STAGE_NAMES
from cohortmgr.programmes.definition.source_lines import Path

# A calendar is that of an intake that starts within so many days: further off, a year was mistaken.
_NEAR_DAYS = 92
# The most months after the first one of the training in which a stipend may begin.
_LATEST_STIPEND = 24


def check(definition: Definition) -> list[Fault]:
    """All faults of a definition, in the order of its sections."""
    return [
        *_keys(definition),
        *_stages(definition),
        *_intakes(definition),
        *_partners(definition),
        *check_form(definition.form, definition.every_offering),
        *check_intakes(definition.form, [each.key for each in definition.intakes]),
        *_chosen(definition),
        *_imports(definition),
        *check_eligibility(definition),
        *check_rubric(definition.rubric, definition.stages),
        *check_points(definition.rubric, definition.form),
        *_reminders(definition),
        *_offers(definition),
        *_calendar(definition),
        *_stipend(definition),
        *_placement(definition),
        *check_guardians(definition),
        *_profile(definition),
        *check_selection(definition),
    ]


def _positive(path: Path, value: int, least: int = 1) -> Iterator[Fault]:
    if value < least:
        yield Fault(path, N_("La valeur doit être au moins %(least)s."), {"least": least})


# Names that stand in an address, or at the end of a scope, where a programme's key does.
RESERVED = frozenset({"new", "begin", "received", "questions"})


def _keys(definition: Definition) -> Iterator[Fault]:
    if definition.key in RESERVED:
        what = N_("La clé « %(key)s » est réservée. Choisissez-en une autre.")
        yield Fault(("key",), what, {"key": definition.key})
    for name in ("key", "host"):
        key = getattr(definition, name)
        if not KEY.fullmatch(key):
            yield Fault(
                (name,),
                N_("La clé « %(key)s » n’est pas valable : lettres minuscules, chiffres, tirets."),
                {"key": key},
            )


def _stages(definition: Definition) -> Iterator[Fault]:
    used: tuple[tuple[Path, bool, ProgrammeStage], ...] = (
        (("form",), bool(definition.form.sections), ProgrammeStage.APPLICATION),
        (("eligibility",), bool(definition.eligibility), ProgrammeStage.SELECTION),
        (("rubric",), definition.rubric.ranks, ProgrammeStage.SELECTION),
        (("selection",), bool(definition.selection.bound), ProgrammeStage.SELECTION),
        (("offers",), definition.offers.days_to_answer > 0, ProgrammeStage.OFFERS),
        (("calendar",), bool(definition.calendar.periods), ProgrammeStage.TRAINING),
        (("stipend",), definition.stipend is not None, ProgrammeStage.STIPEND),
        (("placement",), definition.placement is not None, ProgrammeStage.PLACEMENT),
    )
    for path, is_used, stage in used:
        if is_used and stage not in definition.stages:
            yield Fault(
                path,
                N_("La base légale ne permet pas « %(stage)s », dont cette section relève."),
                {"stage": Problem(STAGE_NAMES[stage])},
            )
    for place, stage in enumerate(definition.stages):
        if stage in definition.stages[:place]:
            yield Fault(("stages", place), N_("La clé « %(key)s » est déjà utilisée."), {"key": stage.value})


def _intakes(definition: Definition) -> Iterator[Fault]:
    if not definition.intakes:
        yield Fault(("intakes",), N_("Il faut au moins une campagne."))
    yield from unique(("intakes",), (intake.key for intake in definition.intakes))
    for place, intake in enumerate(definition.intakes):
        yield from _intake(("intakes", place), intake)


def _intake(path: Path, intake: IntakeDefinition) -> Iterator[Fault]:
    if intake.closes_at <= intake.opens_at:
        yield Fault((*path, "closes_at"), N_("La campagne se termine avant de commencer."))
    elif intake.decision_by < intake.closes_at.date():
        yield Fault((*path, "decision_by"), N_("La décision est annoncée avant la fin de la campagne."))
    if intake.starts_on < intake.decision_by:
        yield Fault((*path, "starts_on"), N_("La formation commence avant la décision."))
    if not intake.offerings:
        yield Fault((*path, "offerings"), N_("Il faut au moins un choix avec des places."))
    yield from unique((*path, "offerings"), (offering.key for offering in intake.offerings))
    for place, offering in enumerate(intake.offerings):
        yield from _positive((*path, "offerings", place, "seats"), offering.seats)


def _chosen(definition: Definition) -> Iterator[Fault]:
    """A fault where a ranking of offerings asks for more ranks than an intake has offerings."""
    offered = [len(intake.offerings) for intake in definition.intakes if intake.offerings]
    ranked = {question.key for question in definition.form.ranked()} if offered else set()
    for place, section in enumerate(definition.form.sections):
        for rank, question in enumerate(section.questions):
            if question.key in ranked:
                path: Path = ("form", "sections", place, "questions", rank)
                yield from _at_most((*path, "minimum"), question.minimum, min(offered))
                yield from _at_most((*path, "maximum"), question.maximum, max(offered))


def _at_most(path: Path, value: Decimal | int | None, most: int) -> Iterator[Fault]:
    if value is not None and value > most:
        what = N_("%(value)s est trop : il n’y en a que %(most)s à choisir.")
        yield Fault(path, what, {"value": int(value), "most": most})


def _partners(definition: Definition) -> Iterator[Fault]:
    yield from unique(("partners",), (partner.key for partner in definition.partners))
    for place, partner in enumerate(definition.partners):
        yield from _positive(("partners", place, "seats"), partner.seats)


def _imports(definition: Definition) -> Iterator[Fault]:
    questions = {question.key: question for question in definition.form.questions}
    for key, aliases in definition.imports.value_aliases.items():
        path: Path = ("imports", "value_aliases", key)
        if key not in questions:
            yield Fault(
                path, N_("La question « %(question)s » n’existe pas dans le formulaire."), {"question": key}
            )
            continue
        known = [option.key for option in questions[key].options]
        for alias, option in aliases.items():
            if known and option not in known:
                what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
                yield Fault((*path, alias), what, {"value": option, "known": ", ".join(known)})


def _offers(definition: Definition) -> Iterator[Fault]:
    offers = definition.offers
    for name in ("days_to_answer", "waiting_list"):
        yield from _positive(("offers", name), getattr(offers, name), 0)
    for place, hours in enumerate(offers.reminders_hours):
        if not 0 < hours < offers.days_to_answer * 24:
            yield Fault(("offers", "reminders_hours", place), N_("Le rappel tombe hors du délai de réponse."))
    early = [each for each in definition.intakes if definition.last_offer_day(each.key) < each.decision_by]
    if offers.last_day is not None and early:
        what = N_("Le dernier jour des offres est avant la décision : personne n’en recevrait.")
        yield Fault(("offers", "last_day"), what)


def _reminders(definition: Definition) -> Iterator[Fault]:
    for place, hours in enumerate(definition.reminders.draft_hours):
        yield from _positive(("reminders", "draft_hours", place), hours)


def _calendar(definition: Definition) -> Iterator[Fault]:
    calendar = definition.calendar
    starts = [intake.starts_on for intake in definition.intakes]
    if starts and all(abs((start - calendar.starts_on).days) > _NEAR_DAYS for start in starts):
        what = N_(
            "Le calendrier commence le %(calendar)s, loin du premier jour de toute campagne : ses périodes et la "
            "bourse en seraient décalées. Mettez celui de la première campagne, le %(start)s."
        )
        yield Fault(("calendar", "starts_on"), what, {"calendar": calendar.starts_on, "start": min(starts)})
    yield from unique(("calendar", "periods"), (period.key for period in calendar.periods))
    if calendar.company_from and calendar.company_from < calendar.starts_on:
        yield Fault(("calendar", "company_from"), N_("La période en entreprise commence avant la formation."))
    for place, period in enumerate(calendar.periods):
        if period.ends_on < period.starts_on:
            yield Fault(
                ("calendar", "periods", place, "ends_on"), N_("La période se termine avant de commencer.")
            )
        if period.starts_on < calendar.starts_on:
            yield Fault(
                ("calendar", "periods", place, "starts_on"), N_("La période commence avant la formation.")
            )


def _stipend(definition: Definition) -> Iterator[Fault]:
    stipend = definition.stipend
    if stipend is None:
        return
    for name in ("monthly_cents", "months", "working_days_basis"):
        yield from _positive(("stipend", name), getattr(stipend, name))
    gone = (stipend.starts_month.year - definition.calendar.starts_on.year) * 12
    gone += stipend.starts_month.month - definition.calendar.starts_on.month
    if not 0 <= gone <= _LATEST_STIPEND:
        what = N_(
            "La bourse commence le %(month)s et la formation le %(start)s : mettez le premier mois payé, de celui de "
            "la formation à %(most)s mois plus tard."
        )
        values = {
            "month": stipend.starts_month, "start": definition.calendar.starts_on, "most": _LATEST_STIPEND
        }  # fmt: skip
        yield Fault(("stipend", "starts_month"), what, values)
    if stipend.starts_month.day != 1:
        yield Fault(("stipend", "starts_month"), N_("Le premier mois se note par son premier jour."))


def _profile(definition: Definition) -> Iterator[Fault]:
    if definition.profile is None:
        return
    for place, region in enumerate(definition.profile.regions):
        if region not in REGIONS:
            what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
            values = {"value": region, "known": ", ".join(REGIONS)}
            yield Fault(("profile", "regions", place), what, values)


def _placement(definition: Definition) -> Iterator[Fault]:
    placement = definition.placement
    if placement is None:
        return
    yield from _positive(("placement", "wishes_max"), placement.wishes_max)
    if definition.partners:
        yield from _at_most(("placement", "wishes_max"), placement.wishes_max, len(definition.partners))
    if placement.company_score_max <= placement.company_score_min:
        yield Fault(("placement", "company_score_max"), N_("Le maximum est plus petit que le minimum."))
    if not definition.partners:
        yield Fault(
            ("partners",), N_("Une affectation en entreprise demande au moins une entreprise partenaire.")
        )
