"""Checks the rubric: its phases, their criteria and what these weigh."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.form import unique
from cohortmgr.programmes.definition.rubric import MOST_STEPS, Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.programmes.definition.rules import ProgrammeStage
from cohortmgr.programmes.definition.sections import FULL_MARK_POINTS
from cohortmgr.programmes.definition.settled_terms import STAGE_NAMES
from cohortmgr.programmes.definition.source_lines import Path

# What the legal basis must allow for a phase of a kind; the whole rubric needs the selection.
STAGE_OF: Mapping[PhaseKind, ProgrammeStage] = {
    PhaseKind.TEST: ProgrammeStage.TEST,
    PhaseKind.INTERVIEW: ProgrammeStage.INTERVIEW,
}
_SHORT = N_("La valeur doit être au moins %(least)s.")
_NOT_ALLOWED = N_("La base légale ne permet pas « %(stage)s », dont cette phase relève.")


def check_rubric(rubric: Rubric, stages: Collection[ProgrammeStage] | None = None) -> Iterator[Fault]:
    """Yield the faults of a rubric, of which each phase is of a stage that the legal basis allows. Scores without an
    anchor are no fault: see `Criterion.unexplained`."""
    yield from unique(("rubric", "phases"), (phase.key for phase in rubric.phases))
    if rubric.reading_target_minutes < 0:
        yield Fault(("rubric", "reading_target_minutes"), _SHORT, {"least": 0})
    kinds: list[PhaseKind] = []
    known: set[str] = set()
    for place, phase in enumerate(rubric.phases):
        path: Path = ("rubric", "phases", place)
        if phase.kind is PhaseKind.FILES and phase.kind in kinds:
            yield Fault((*path, "kind"), N_("Les dossiers se lisent dans une seule phase."))
        kinds.append(phase.kind)
        if stages is not None and (stage := STAGE_OF.get(phase.kind)) and stage not in stages:
            yield Fault((*path, "kind"), _NOT_ALLOWED, {"stage": Problem(STAGE_NAMES[stage])})
        if phase.goes_on is not None and place == len(rubric.phases) - 1:
            yield Fault((*path, "goes_on"), N_("C’est la dernière phase : personne ne va plus loin."))
        yield from _elsewhere(path, phase, known)
        yield from _phase(path, phase)
        known |= {criterion.key for criterion in phase.criteria}


def _elsewhere(path: Path, phase: RubricPhase, known: Collection[str]) -> Iterator[Fault]:
    """A fault for each criterion that bears the key of one of an earlier phase."""
    for rank, criterion in enumerate(phase.criteria):
        if criterion.key in known:
            what = N_("La clé « %(key)s » est déjà celle d’un critère d’une autre phase.")
            yield Fault((*path, "criteria", rank, "key"), what, {"key": criterion.key})


def _phase(path: Path, phase: RubricPhase) -> Iterator[Fault]:
    if not phase.criteria:
        yield Fault((*path, "criteria"), N_("Il faut au moins un critère : rien ne se lirait."))
    yield from unique((*path, "criteria"), (criterion.key for criterion in phase.criteria))
    yield from _alike(path, phase)
    for name in ("weight", "goes_on"):
        value = getattr(phase, name)
        if value is not None and value < 1:
            yield Fault((*path, name), _SHORT, {"least": 1})
    if phase.is_read:
        yield from _readings(path, phase)
    for place, criterion in enumerate(phase.criteria):
        yield from _criterion((*path, "criteria", place), criterion)
        if criterion.knock_out_below is not None and phase.asked < 2:
            what = N_("Une note éliminatoire demande au moins deux lectures de chaque dossier.")
            yield Fault((*path, "criteria", place, "knock_out_below"), what)


def _alike(path: Path, phase: RubricPhase) -> Iterator[Fault]:
    """A fault for each criterion that is called as another of its phase is, in any language: whoever marks could not
    tell them apart."""
    seen: set[tuple[str, str]] = set()
    for place, criterion in enumerate(phase.criteria):
        names = [(spoken, fold(text).strip()) for spoken, text in criterion.title.items() if text.strip()]
        twice = next((spoken for spoken, text in names if (spoken, text) in seen), None)
        if twice is not None:
            what = N_("Un autre critère de cette phase s’appelle déjà « %(title)s ».")
            yield Fault((*path, "criteria", place, "title", twice), what, {"title": criterion.title[twice]})
        seen.update(names)


def _readings(path: Path, phase: RubricPhase) -> Iterator[Fault]:
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
