"""What a scenario may change of a choice, what is wrong with it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.text import clean
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.bounds.checking import faults_of
from cohortmgr.programmes.definition.rules import PhaseKind, Rubric, RubricPhase
from cohortmgr.selection.choosing.rules import Bound

MOST_KEPT = 20
"""The scenarios that are kept of an offering; more nobody compares."""
MOST_COMPARED = 3
LONGEST_NAME = 80
MOST_WEIGHT = 1_000
MOST_SEATS = 1_000_000

_SEATS = N_("Le nombre de places va de 1 à %(most)s.")
_WEIGHT = N_("Le poids de « %(name)s » va de 0 à %(most)s.")
_ALL_NOUGHT = N_("L’un des poids de « %(phase)s » doit être au-dessus de zéro.")
_NO_PHASE = N_("L’un des poids des phases doit être au-dessus de zéro.")
_UNKNOWN = N_("« %(key)s » n’est pas un critère de ce barème.")
_FIXED = N_(
    "Le poids de « %(criterion)s » ne s’essaie pas : sa phase se classe par notes harmonisées, et la sévérité de "
    "chaque personne serait à recalculer."
)
_NO_NAME = N_("Donnez un nom à ce scénario.")
_LONG_NAME = N_("Écrivez %(most)s caractères au plus.")
_NAME_TAKEN = N_("Un autre scénario s’appelle déjà ainsi.")


@dataclass(frozen=True)
class ScenarioChanges:
    """What a scenario says: seats, bounds, and those weights alone that are others than the rubric's, of criteria and
    of phases, by key."""

    seats: int
    bounds: tuple[Bound, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    phase_weights: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, for the row that keeps it."""
        return {
            "seats": self.seats,
            "bounds": [{**vars(each), "where": dict(each.where)} for each in self.bounds],
            "weights": dict(self.weights),
            "phase_weights": dict(self.phase_weights),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> ScenarioChanges:
        """What `as_json` wrote."""
        bounds = tuple(Bound(**each) for each in kept["bounds"])
        return cls(kept["seats"], bounds, dict(kept["weights"]), dict(kept["phase_weights"]))


@dataclass(frozen=True)
class ScenarioGround:
    """What a scenario starts from: the rubric and the keys of the phases whose weights of criteria stand (`fixed`),
    what bounds may name, the seats and bounds in force, the key of the offering, empty where there is but one, and the
    version of the draft of the rules, nought without one."""

    rubric: Rubric
    attributes: Mapping[str, FileAttribute]
    seats: int
    bounds: tuple[Bound, ...] = ()
    fixed: frozenset[str] = frozenset()
    offering: str = ""
    draft: int = 0

    @property
    def unchanged(self) -> ScenarioChanges:
        """The scenario that changes nothing."""
        return ScenarioChanges(self.seats, self.bounds)

    @property
    def phases(self) -> tuple[RubricPhase, ...]:
        """The phases that have criteria."""
        return tuple(each for each in self.rubric.phases if each.criteria)


def field_of(name: str, place: int | str) -> str:
    """The name of a field of the board's form, which is its id too: `least_0`."""
    return f"{name}_{place}"


def faults_in(changes: ScenarioChanges, ground: ScenarioGround) -> Iterator[Problem]:
    """Yield what is wrong with a scenario, each beside its field. More seats than files is nothing wrong."""
    if not 1 <= changes.seats <= MOST_SEATS:
        yield Problem(_SEATS, {"most": MOST_SEATS}, "seats")
    yield from _weights(changes, ground)
    seats = {ground.offering: changes.seats}
    for fault in faults_of(changes.bounds, ground.attributes, seats):
        name = next((each for each in fault.path if each in ("at_least", "at_most")), "")
        shown = {"at_least": "least", "at_most": "most"}.get(name, "group")
        yield Problem(fault.what, fault.values, field_of(shown, fault.place))


def _weight(number: int, name: object, where: str) -> Iterator[Problem]:
    if not 0 <= number <= MOST_WEIGHT:
        yield Problem(_WEIGHT, {"name": name, "most": MOST_WEIGHT}, where)


def _weights(changes: ScenarioChanges, ground: ScenarioGround) -> Iterator[Problem]:
    known = {each.key for each in ground.rubric.every_criterion} | {each.key for each in ground.rubric.phases}
    for key in (*changes.weights, *changes.phase_weights):
        if key not in known:
            yield Problem(_UNKNOWN, {"key": key[:40]}, "seats")
            return
    for phase in ground.phases:
        if len(ground.phases) > 1:
            weight = changes.phase_weights.get(phase.key, phase.weight)
            yield from _weight(weight, phase.title or phase.key, field_of("phase", phase.key))
        yield from _of_phase(phase, changes, ground)
    if ground.phases and not any(each.weight > 0 for each in reweighed(ground.rubric, changes).phases):
        yield Problem(_NO_PHASE, {}, field_of("phase", ground.phases[0].key))


def _of_phase(phase: RubricPhase, changes: ScenarioChanges, ground: ScenarioGround) -> Iterator[Problem]:
    for each in phase.criteria:
        where = field_of("weight", each.key)
        if each.key in changes.weights and phase.key in ground.fixed:
            yield Problem(_FIXED, {"criterion": each.title}, where)
        yield from _weight(changes.weights.get(each.key, each.weight), each.title, where)
    if not any(changes.weights.get(each.key, each.weight) > 0 for each in phase.criteria):
        first = phase.criteria[0]
        yield Problem(_ALL_NOUGHT, {"phase": phase.title or first.title}, field_of("weight", first.key))


def reweighed(rubric: Rubric, changes: ScenarioChanges) -> Rubric:
    """Return a rubric with the weights of a scenario; keys that it does not know any more change nothing."""
    if not changes.weights and not changes.phase_weights:
        return rubric
    phases = tuple(
        replace(
            phase,
            weight=changes.phase_weights.get(phase.key, phase.weight),
            criteria=tuple(
                replace(each, weight=changes.weights.get(each.key, each.weight)) for each in phase.criteria
            ),
        )
        for phase in rubric.phases
    )
    return replace(rubric, phases=phases)


def fixed_phases(rubric: Rubric, harmonised: Mapping[str, object]) -> frozenset[str]:
    """Return the keys of the phases whose criteria keep their weights: of those that are ranked by harmonised marks the
    severities follow from the marks, and would have to be found anew."""
    return frozenset(each.key for each in rubric.phases if each.key in harmonised and _is_marked(each))


def _is_marked(phase: RubricPhase) -> bool:
    return phase.kind is not PhaseKind.COMPUTED


def scenario_name(name: str, taken: Mapping[str, str], own: str = "") -> str | Problem:
    """Return a name as it is kept, or what is wrong with it; `taken` are the names of an offering's scenarios by their
    reference, of which `own` is the one that is renamed."""
    said = " ".join(clean(name).split())
    if not said:
        return Problem(_NO_NAME, {}, "name")
    if len(said) > LONGEST_NAME:
        return Problem(_LONG_NAME, {"most": LONGEST_NAME}, "name")
    if any(each.casefold() == said.casefold() for key, each in taken.items() if key != own):
        return Problem(_NAME_TAKEN, {}, "name")
    return said
