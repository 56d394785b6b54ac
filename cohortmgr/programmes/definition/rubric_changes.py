"""Says in words what changes in the rubric: its criteria, and how files are read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cohortmgr.base.errors import N_, NN_, Problem, Quantity
from cohortmgr.programmes.definition.differences import WAS_CALLED, ChangeKind, DefinitionChange, instead
from cohortmgr.programmes.definition.rubric import (
    Criterion,
    HiddenPart,
    NoShow,
    PaperView,
    PhaseKind,
    Rubric,
    RubricPhase,
)
from cohortmgr.programmes.definition.texts import Text

HIDDEN_NAMES: Mapping[HiddenPart, str] = {
    HiddenPart.NAME: N_("le nom"),
    HiddenPart.PHOTO: N_("la photo"),
    HiddenPart.SEX: N_("le sexe"),
    HiddenPart.AGE: N_("l’âge"),
    HiddenPart.CONTACT: N_("l’adresse, le téléphone, l’e-mail"),
    HiddenPart.CITY: N_("la ville"),
    HiddenPart.REGION: N_("la région"),
    HiddenPart.SCHOOL: N_("l’établissement d’origine"),
    HiddenPart.FILE_NAMES: N_("le nom des fichiers joints"),
}
PHASE_NAMES: Mapping[PhaseKind, str] = {
    PhaseKind.COMPUTED: N_("Points calculés"),
    PhaseKind.FILES: N_("Étude du dossier"),
    PhaseKind.TEST: N_("Épreuve"),
    PhaseKind.INTERVIEW: N_("Entretien"),
}
PAPER_NAMES: Mapping[PaperView, str] = {
    PaperView.SHOWN: N_("montrées à côté de la grille"),
    PaperView.AFTER_SCORING: N_("montrées une fois les notes données"),
    PaperView.HIDDEN: N_("jamais montrées"),
}
NO_SHOW_NAMES: Mapping[NoShow, str] = {
    NoShow.ABSENT: N_("aucune note, et un rang derrière les autres"),
    NoShow.NOUGHT: N_("zéro"),
}
_PHASE, _PHASE_ORDER = N_("phase"), N_("L’ordre des phases")
_KIND, _TITLE, _ALL = N_("Nature"), N_("Nom"), N_("tous")
_NO_SHOW, _POINTS_FROM = N_("Ne pas venir vaut"), N_("d’où viennent les points")
_CRITERION, _ORDER = N_("critère de la grille"), N_("L’ordre des critères")
_WEIGHS, _SCALE, _RANGE = N_("Poids"), N_("Échelle"), N_("de %(low)s à %(high)s")
_EXPLAINED = N_("ce que dit chaque note")
_KNOCK_OUT, _NONE = N_("Note éliminatoire"), N_("aucune")
_READINGS = NN_("%(num)s lecture par dossier", "%(num)s lectures par dossier")
_MINUTES = NN_("%(num)s minute", "%(num)s minutes")
_POINTS = NN_("%(num)s point", "%(num)s points")
_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
_HOURS = NN_("%(num)s heure", "%(num)s heures")
_NOTHING = N_("rien")


def title_of(phase: RubricPhase) -> Text | Problem:
    """What people call a phase: its own title, or what its kind is called."""
    return phase.title or Problem(PHASE_NAMES[phase.kind])


def rubric_changes(before: Rubric, after: Rubric) -> Iterator[DefinitionChange]:
    """Phases and criteria that come, change and go, and in which order they stand. A programme that begins or ends to
    read anything tells it by its criteria."""
    yield from _phase_changes(before, after)
    were, are = ({each.key: each for each in rubric.every_criterion} for rubric in (before, after))
    for key, criterion in are.items():
        if key not in were:
            yield DefinitionChange(ChangeKind.ADDED, criterion.title, (_CRITERION,))
        elif details := tuple(_of_criterion(were[key], criterion)):
            yield DefinitionChange(ChangeKind.CHANGED, criterion.title, (_CRITERION, *details))
    for key, criterion in were.items():
        if key not in are:
            yield DefinitionChange(ChangeKind.REMOVED, criterion.title, (_CRITERION,))
    if [key for key in were if key in are] != [key for key in are if key in were]:
        yield DefinitionChange(ChangeKind.CHANGED, _ORDER)


def _phase_changes(before: Rubric, after: Rubric) -> Iterator[DefinitionChange]:
    if not before.phases or not after.phases:
        return
    were, are = ({each.key: each for each in rubric.phases} for rubric in (before, after))
    for key, phase in are.items():
        if key not in were:
            yield DefinitionChange(ChangeKind.ADDED, _named(phase), (_PHASE,))
        elif phase.key != after.files.key and (details := tuple(_of_phase(were[key], phase))):
            yield DefinitionChange(ChangeKind.CHANGED, _named(phase), (_PHASE, *details))
    for key, phase in were.items():
        if key not in are:
            yield DefinitionChange(ChangeKind.REMOVED, _named(phase), (_PHASE,))
    if [key for key in were if key in are] != [key for key in are if key in were]:
        yield DefinitionChange(ChangeKind.CHANGED, _PHASE_ORDER)


def _named(phase: RubricPhase) -> Text | str:
    return phase.title or PHASE_NAMES[phase.kind]


def _of_criterion(before: Criterion, after: Criterion) -> Iterator[Problem | str]:
    if before.title != after.title:
        yield Problem(WAS_CALLED, {"title": before.title})
    if before.weight != after.weight:
        yield instead(_WEIGHS, before.weight, after.weight)
    if (before.scale_min, before.scale_max) != (after.scale_min, after.scale_max):
        yield instead(_SCALE, *(Problem(_RANGE, _range_of(each)) for each in (before, after)))
    if before.anchors != after.anchors:
        yield _EXPLAINED
    if before.points != after.points:
        yield _POINTS_FROM
    if before.knock_out_below != after.knock_out_below:
        limits = (each.knock_out_below for each in (before, after))
        yield instead(_KNOCK_OUT, *(Problem(_NONE) if limit is None else limit for limit in limits))


def _range_of(criterion: Criterion) -> dict[str, object]:
    return {"low": criterion.scale_min, "high": criterion.scale_max}


def of_reading(before: Rubric, after: Rubric) -> Iterator[Problem | str]:
    """What changes in how files are read, besides the criteria."""
    if before.reading_target_minutes != after.reading_target_minutes:
        minutes = (Quantity(*_MINUTES, each.reading_target_minutes) for each in (before, after))
        yield instead(N_("Minutes par dossier, environ"), *minutes)
    if before.phases and after.phases:
        yield from _of_phase(before.files, after.files)


def _of_phase(was: RubricPhase, now: RubricPhase) -> Iterator[Problem | str]:
    """What changes in a phase, besides its criteria."""
    if was.kind is not now.kind:
        yield instead(_KIND, *(Problem(PHASE_NAMES[each.kind]) for each in (was, now)))
    if was.title != now.title:
        yield instead(_TITLE, *(title_of(each) for each in (was, now)))
    for name, label, shown in _FIGURES:
        if getattr(was, name) != getattr(now, name):
            yield instead(label, shown(getattr(was, name)), shown(getattr(now, name)))
    if set(was.hidden) != set(now.hidden):
        yield instead(N_("Caché aux évaluateurs"), _hidden(was.hidden), _hidden(now.hidden))
    if was.reminder_hours != now.reminder_hours:
        what = N_("Rappels aux évaluateurs, avant la fin du délai")
        yield instead(what, *(_hours(each.reminder_hours) for each in (was, now)))
    if was.papers is not now.papers:
        yield instead(
            N_("Les pièces du dossier"), *(Problem(PAPER_NAMES[each.papers]) for each in (was, now))
        )
    if was.no_show is not now.no_show:
        yield instead(_NO_SHOW, *(Problem(NO_SHOW_NAMES[each.no_show]) for each in (was, now)))


def _hours(hours: tuple[int, ...]) -> object:
    return tuple(Quantity(*_HOURS, each) for each in hours) or Problem(_NONE)


def _hidden(parts: tuple[HiddenPart, ...]) -> object:
    return tuple(Problem(HIDDEN_NAMES[each]) for each in parts) or Problem(_NOTHING)


_FIGURES: tuple[tuple[str, str, Any], ...] = (
    ("readings", N_("Lectures de chaque dossier, au moins"), lambda number: Quantity(*_READINGS, number)),
    ("most_readings", N_("Lectures d’un dossier, au plus"), lambda number: Quantity(*_READINGS, number)),
    ("anchor_files", N_("Dossiers lus par tous"), lambda number: Quantity(*_FILES, number)),
    ("weight", N_("Poids"), lambda number: number),
    ("goes_on", N_("Vont à la phase suivante, par choix"), lambda number: number or Problem(_ALL)),
    ("gap_points", N_("Écart qui ouvre une discussion"), lambda number: Quantity(*_POINTS, number)),
)
