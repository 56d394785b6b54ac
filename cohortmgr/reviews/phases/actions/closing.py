"""Closing a phase, so that the best go on to the next one; and taking that back while nothing of the next has begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import append, db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rubric_changes import title_of
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews import hooks
from cohortmgr.reviews import queries as readings
from cohortmgr.reviews.harmonising.queries import formulas_in, stale_in
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries
from cohortmgr.reviews.phases.marks import knocked_out_by, lacking_in, whole_mark
from cohortmgr.reviews.phases.models import PhaseAdvance, PhaseClosing
from cohortmgr.reviews.phases.queries import MarkedFile
from cohortmgr.reviews.phases.rules import LONGEST_REASON, GoingOn, going_on, place_of, settled_keys
from cohortmgr.reviews.rules import ReviewState
from cohortmgr.reviews.seals.queries import awaits_seal

_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
_NOTHING_TO_CLOSE = N_("Aucune phase de cette campagne n’est à clore : tous les dossiers vont plus loin.")
_CHANGED = N_("Les notes ont changé depuis que cette page est ouverte : regardez-la de nouveau.")
_STILL_OPEN = N_("Cette campagne prend encore des candidatures, jusqu’au %(end)s : closez cette phase après.")
_UNSEALED = N_("Les règles du choix ne sont pas encore scellées : qui va plus loin ne se dit pas avant.")
_UNREAD = N_("Il manque des notes à %(files)s, en commençant par %(first)s : personne ne reste sur moins.")
_UNDECIDED = N_("Dites d’abord si les conditions sont remplies par %(files)s, en commençant par %(first)s.")
_STALE = N_(
    "Les notes harmonisées de « %(phase)s » datent d’avant les dernières notes remises. Elles se recalculent quand "
    "leur page est ouverte : closez cette phase après."
)
_BEGUN = N_("La phase suivante a commencé : qui y va ne change plus.")
_DECIDED = N_("Des décisions reposent sur cette phase : elle ne se rouvre plus.")
_LATER = N_("Rouvrez d’abord la phase suivante : elle est close.")
_NO_REASON = N_("Écrivez le motif : il explique cet acte plus tard.")
_TOO_LONG = N_("Écrivez %(most)s caractères au plus.")


@dataclass(frozen=True)
class OfferingPlan:
    """Who of an offering goes on, by number, and who stays."""

    offering: Offering
    going: GoingOn


@dataclass(frozen=True)
class ClosingPlan:
    """What closing a phase would do, by offering; what stands in its way, and of which state of the marks it is."""

    intake: Intake
    phase: RubricPhase
    following: RubricPhase
    offerings: Sequence[OfferingPlan]
    files: dict[str, MarkedFile]
    problems: Sequence[Problem]
    stamp: str

    @property
    def chosen(self) -> int:
        """How many go on in all."""
        return sum(len(each.going.chosen) for each in self.offerings)

    @property
    def staying(self) -> int:
        """How many stay in all."""
        return sum(len(each.going.staying) for each in self.offerings)


def plan_closing(viewer: Viewer, intake_reference: str) -> ClosingPlan:
    """Say who would go on if the phase that an intake is in were closed now. Nothing is changed; it may be slow.

    Raises Refused if all files go on, so that there is nothing to close."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.read", intake.path)
    readings.require_unconcerned(viewer, intake)
    rubric, phase = programmes.definition_of(intake).rubric, queries.current_phase(intake)
    if phase is None or phase.goes_on is None:
        raise Refused(_NOTHING_TO_CLOSE)
    place, stamp = place_of(rubric, phase.key), queries.stamp_of(intake)
    files = [each for each in queries.marked_files(intake) if each.marks.reached >= place]
    lacking = [each.number for each in files if lacking_in(rubric, each.marks) is not None]
    by_offering: dict[int, list[MarkedFile]] = defaultdict(list)
    for file in files:
        by_offering[file.offering_id].append(file)
    plans = []
    for offering in programmes.offerings_of(intake):
        marks = {each.number: whole_mark(rubric, each.marks, place) for each in by_offering[offering.id]}
        out = {each.number for each in by_offering[offering.id] if knocked_out_by(rubric, each.marks)}
        absent = {each.number for each in by_offering[offering.id] if phase.key in each.marks.absent}
        plans.append(OfferingPlan(offering, going_on(marks, phase.goes_on, out | absent)))
    problems = [*_in_the_way(intake, lacking), *_stale(intake, rubric.phases[: place + 1])]
    named = {each.number: each for each in files}
    return ClosingPlan(intake, phase, rubric.phases[place + 1], plans, named, problems, stamp)


def _in_the_way(intake: Intake, lacking: Sequence[str]) -> list[Problem]:
    found = []
    if intake.closes_at > clock.now():
        found.append(Problem(_STILL_OPEN, {"end": intake.closes_at}))
    if awaits_seal(intake):
        found.append(Problem(_UNSEALED))
    waiting = sa.select(Application.number).where(
        Application.intake_id == intake.id, Application.state == "submitted", Application.eligible.is_(None)
    )
    undecided = db.session.scalars(waiting.order_by(Application.number)).all()
    for what, numbers in ((_UNDECIDED, undecided), (_UNREAD, lacking)):
        if numbers:
            found.append(Problem(what, {"files": Quantity(*_FILES, len(numbers)), "first": numbers[0]}))
    return found


def _stale(intake: Intake, phases: Sequence[RubricPhase]) -> list[Problem]:
    """A problem for each of these phases that is ranked by harmonised marks which are not those of today."""
    titles = {each.key: title_of(each) for each in phases}
    settled = settled_keys(programmes.definition_of(intake).rubric, queries.closings_of(intake))
    formulas = {key: each for key, each in formulas_in(intake.id).items() if key in titles}
    return [Problem(_STALE, {"phase": titles[key]}) for key in stale_in(intake.id, formulas, settled)]


def close(viewer: Viewer, plan: ClosingPlan, stamp: str) -> PhaseClosing:
    """Let go on who goes on by a plan that was made a moment ago; `stamp` is of the one that the person saw. A second
    press finds the phase closed and changes nothing.

    Raises Refused if something stands in the way, or if the marks have changed since."""
    intake = _locked(viewer, plan.intake.reference)
    known = queries.closings_of(intake).get(plan.phase.key)
    if known is not None:
        return known
    if plan.problems:
        raise Refused(*plan.problems)
    if stamp != plan.stamp or queries.stamp_of(intake) != stamp:
        raise Refused(_CHANGED)
    closing = PhaseClosing(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        phase=plan.phase.key,
        closed_at=clock.now(),
        closed_by=viewer.reference,
        gone_on=plan.chosen,
        stayed=plan.staying,
    )
    db.session.add(closing)
    db.session.flush()
    rows = [row for each in plan.offerings for row in _advances(closing, plan, each)]
    if rows:
        append(db.session, PhaseAdvance, rows)
    after = {"phase": closing.phase, "gone_on": closing.gone_on, "stayed": closing.stayed}
    record(viewer, "reviews.close_phase", about(intake), after=after)
    return closing


def _advances(closing: PhaseClosing, plan: ClosingPlan, each: OfferingPlan) -> list[dict[str, object]]:
    rubric = programmes.definition_of(plan.intake).rubric
    place = place_of(rubric, plan.phase.key)
    return [
        {
            "closing_id": closing.id,
            "application_id": plan.files[number].application_id,
            "institution_id": closing.institution_id,
            "mark_thousandths": round(whole_mark(rubric, plan.files[number].marks, place) or 0),
            "place": rank,
        }
        for rank, number in enumerate(each.going.chosen, start=1)
    ]


def take_back(viewer: Viewer, intake_reference: str, key: str, reason: str) -> None:
    """Open a phase again, with the reason: nobody has gone on from it any more. Doing it again changes nothing.

    Raises Refused once anything of a later phase has begun, or a decision rests on it."""
    intake = _locked(viewer, intake_reference)
    closing = queries.closings_of(intake).get(key)
    if closing is None:
        return
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        what = Problem(_TOO_LONG, {"most": LONGEST_REASON}, "reason") if reason else None
        raise Refused(what or Problem(_NO_REASON, {}, "reason"))
    later = _after(intake, key)
    _require_unbegun(intake, later)
    given = (
        Review.intake_id == intake.id,
        Review.phase.in_(later),
        Review.state == ReviewState.ASSIGNED.value,
    )
    db.session.execute(sa.delete(Review).where(*given).execution_options(synchronize_session="fetch"))
    closing.taken_back_at, closing.taken_back_by = clock.now(), viewer.reference
    closing.taken_back_because = reason
    before = {"phase": key, "gone_on": closing.gone_on}
    record(viewer, "reviews.open_phase", about(intake), before=before, after={"reason": reason})


def why_closed(viewer: Viewer, intake: Intake, key: str) -> Problem | None:
    """Why a phase that is closed opens no more, for who follows the readings; None while it may."""
    require(viewer, "reviews.read", intake.path)
    try:
        _require_unbegun(intake, _after(intake, key))
    except Refused as refusal:
        return refusal.problems[0]
    return None


def _after(intake: Intake, key: str) -> list[str]:
    rubric = programmes.definition_of(intake).rubric
    return [each.key for each in rubric.phases[place_of(rubric, key) + 1 :]]


def _require_unbegun(intake: Intake, later: Sequence[str]) -> None:
    if queries.closings_of(intake).keys() & set(later):
        raise Refused(_LATER)
    if any(any(hooks.phase_begun(intake, key)) for key in later):
        raise Refused(_BEGUN)
    for file in queries.one_of_each_offering(intake):
        if readings.is_frozen(file):
            raise Refused(_DECIDED)


def _locked(viewer: Viewer, intake_reference: str) -> Intake:
    """Return an intake whose phases the viewer closes. Two who do so at once queue here."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    readings.require_unconcerned(viewer, intake)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    return intake
