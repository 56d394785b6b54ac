"""Checks the rubric: its phases, their criteria and what these weigh."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.form import unique
from cohortmgr.programmes.definition.rubric import MOST_STEPS, Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.programmes.definition.sections import FULL_MARK_POINTS
from cohortmgr.programmes.definition.source_lines import Path

_SHORT = N_("La valeur doit être au moins %(least)s.")


def check_rubric(rubric: Rubric) -> Iterator[Fault]:
    """Yield the faults of a rubric. Scores without an anchor are no fault: see `Criterion.unexplained`."""
    yield from unique(("rubric", "phases"), (phase.key for phase in rubric.phases))
    if rubric.reading_target_minutes < 0:
        yield Fault(("rubric", "reading_target_minutes"), _SHORT, {"least": 0})
    kinds: list[PhaseKind] = []
    for place, phase in enumerate(rubric.phases):
        path: Path = ("rubric", "phases", place)
        if phase.kind in kinds:
            yield Fault((*path, "kind"), N_("Les dossiers se lisent dans une seule phase."))
        kinds.append(phase.kind)
        yield from _phase(path, phase)


def _phase(path: Path, phase: RubricPhase) -> Iterator[Fault]:
    if not phase.criteria:
        yield Fault((*path, "criteria"), N_("Il faut au moins un critère : rien ne se lirait."))
    yield from unique((*path, "criteria"), (criterion.key for criterion in phase.criteria))
    if phase.readings < 1:
        yield Fault((*path, "readings"), _SHORT, {"least": 1})
    if phase.most_readings < phase.readings:
        what = N_("C’est moins que les lectures demandées pour chaque dossier : %(least)s.")
        yield Fault((*path, "most_readings"), what, {"least": phase.readings})
    if not 1 <= phase.gap_points <= FULL_MARK_POINTS:
        what = N_("L’écart est entre 1 et %(most)s points.")
        yield Fault((*path, "gap_points"), what, {"most": FULL_MARK_POINTS})
    if phase.anchor_files < 0:
        yield Fault((*path, "anchor_files"), _SHORT, {"least": 0})
    for place, hours in enumerate(phase.reminder_hours):
        if hours < 1:
            yield Fault((*path, "reminder_hours", place), _SHORT, {"least": 1})
    for place, criterion in enumerate(phase.criteria):
        yield from _criterion((*path, "criteria", place), criterion)
        if criterion.knock_out_below is not None and phase.readings < 2:
            what = N_("Une note éliminatoire demande au moins deux lectures de chaque dossier.")
            yield Fault((*path, "criteria", place, "knock_out_below"), what)


def _criterion(path: Path, criterion: Criterion) -> Iterator[Fault]:
    if criterion.weight < 1:
        yield Fault((*path, "weight"), _SHORT, {"least": 1})
    low, high = criterion.scale_min, criterion.scale_max
    if high < low:
        yield Fault((*path, "scale_max"), N_("Le maximum est plus petit que le minimum."))
        return
    if high == low:
        yield Fault((*path, "scale_max"), N_("Une échelle d’une seule note ne départage personne."))
        return
    if high - low > MOST_STEPS:
        what = N_("Une échelle a au plus %(most)s pas.")
        yield Fault((*path, "scale_max"), what, {"most": MOST_STEPS})
    for score in criterion.anchors:
        if not low <= score <= high:
            yield Fault((*path, "anchors", str(score)), N_("Cette note est hors de l’échelle du critère."))
    limit = criterion.knock_out_below
    if limit is not None and limit * 100 % 1:
        yield Fault((*path, "knock_out_below"), N_("Écrivez deux décimales au plus."))
    elif limit is not None and not low < limit <= high:
        what = N_("La note éliminatoire est au-dessus de %(low)s, et %(high)s au plus.")
        yield Fault((*path, "knock_out_below"), what, {"low": low, "high": high})
