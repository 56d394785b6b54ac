"""Choosing by which marks a phase is ranked, once, and taking that back while nothing rests on it."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import clean, new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rubric_changes import title_of
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries as readings
from cohortmgr.reviews.harmonising.models import MarkChoice
from cohortmgr.reviews.harmonising.queries import choice_of, harmonisation_of, is_fresh
from cohortmgr.reviews.harmonising.rules import BASIS_WORDS, MarkBasis
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.rules import LONGEST_REASON, place_of

_NO_REASON = N_("Écrivez le motif : il explique cet acte plus tard.")
_TOO_LONG = N_("Écrivez %(most)s caractères au plus.")
_CHOSEN = N_(
    "Les notes de cette phase sont déjà choisies : « %(basis)s ». Reprenez d’abord ce choix, avec un motif."
)
_STALE = N_(
    "Des notes ont été remises ou changées depuis ce calcul, qui se refait : regardez-le de nouveau, puis choisissez."
)
_SEEN_BEFORE = N_(
    "Ce calcul a été refait depuis que cette page est ouverte : regardez-le de nouveau, puis choisissez."
)
_ANOTHER = N_(
    "Un autre choix a été fait depuis que cette page est ouverte : regardez-le, puis reprenez-le s’il le faut."
)
_CLOSED = N_("« %(phase)s » est close : par quelles notes elle l’a été ne change plus. Rouvrez-la d’abord.")
_DECIDED = N_("Des décisions reposent sur ces notes : annulez d’abord le lot, tant qu’il n’est pas approuvé.")


def choose(
    viewer: Viewer, reference: str, phase: str, basis: MarkBasis, because: str, seen: str | None = None
) -> MarkChoice:
    """Say by which marks a phase of an intake is ranked, and why: once, for the whole phase. The same choice again
    changes nothing. `seen` is the digest of what the page showed, where a person chose on one.

    Raises Refused without a reason, if another choice stands, if what was found of the marks is not of today's marks,
    or is another than the page showed, once the phase or a later one is closed, and while a batch of decisions rests on
    the intake."""
    intake, chosen = _locked(viewer, reference, phase)
    known = choice_of(intake.id, phase)
    if known is not None and known.basis == basis and known.chosen_by == viewer.reference:
        return known
    if known is not None:
        raise Refused(Problem(_CHOSEN, {"basis": Problem(BASIS_WORDS[MarkBasis(known.basis)])}))
    reason = _reason(because)
    _require_changeable(intake, chosen)
    found = harmonisation_of(intake.id, phase)
    if found is None or not is_fresh(intake.id, phase, found.digest):
        raise Refused(_STALE)
    if seen is not None and seen != found.digest:
        raise Refused(_SEEN_BEFORE)
    choice = MarkChoice(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        phase=phase,
        basis=basis.value,
        because=reason,
        chosen_at=clock.now(),
        chosen_by=viewer.reference,
    )
    db.session.add(choice)
    after = {"intake": intake.reference, "phase": phase, "basis": basis.value, "reason": reason}
    record(viewer, "reviews.choose_marks", about(choice), after={**after, "digest": found.digest})
    return choice


def take_back(viewer: Viewer, reference: str, phase: str, because: str, seen: str | None = None) -> None:
    """Take back what was chosen for a phase, with the reason: its raw marks count again. The choice stays on record;
    doing it again changes nothing. `seen` is the reference of the choice that the page showed, where it was one.

    Raises Refused without a reason, if another choice stands than the page showed, once the phase or a later one is
    closed, and while a batch rests on the intake."""
    intake, chosen = _locked(viewer, reference, phase)
    choice = choice_of(intake.id, phase)
    if choice is None:
        return
    if seen is not None and seen != choice.reference:
        raise Refused(_ANOTHER)
    reason = _reason(because)
    _require_changeable(intake, chosen)
    choice.taken_back_at, choice.taken_back_by = clock.now(), viewer.reference
    choice.taken_back_because = reason
    before = {"intake": intake.reference, "phase": phase, "basis": choice.basis}
    record(viewer, "reviews.take_back_marks", about(choice), before=before, after={"reason": reason})


def _reason(because: str) -> str:
    reason = clean(because).strip()
    if not reason:
        raise Refused(Problem(_NO_REASON, {}, "because"))
    if len(reason) > LONGEST_REASON:
        raise Refused(Problem(_TOO_LONG, {"most": LONGEST_REASON}, "because"))
    return reason


def _require_changeable(intake: Intake, phase: RubricPhase) -> None:
    """Raise Refused once something was decided by the marks of a phase: who went on from it, or from a later one, whose
    mark so far counts this one too; or a batch."""
    rubric = programmes.definition_of(intake).rubric
    closed = phases.closings_of(intake)
    for later in rubric.phases[place_of(rubric, phase.key) :]:
        if later.key in closed:
            raise Refused(Problem(_CLOSED, {"phase": title_of(later)}))
    frozen = sa.select(Application.id).where(Application.intake_id == intake.id, readings.frozen_file())
    if db.session.scalar(frozen.limit(1)) is not None:
        raise Refused(_DECIDED)


def _locked(viewer: Viewer, reference: str, phase: str) -> tuple[Intake, RubricPhase]:
    """Return an intake and a phase of it that people read. Whoever chooses, closes or proposes at once queues here."""
    intake = programmes.get_intake(reference)
    require(viewer, "reviews.assign", intake.path)
    readings.require_unconcerned(viewer, intake)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    known = {each.key: each for each in programmes.definition_of(intake).rubric.phases if each.is_read}
    if phase not in known:
        raise NotFound(phase)
    return intake, known[phase]
