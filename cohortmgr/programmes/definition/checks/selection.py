"""Checks the rules of the choice: which campaigns a bound names, its group, its limits, and the criteria of ties."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.bounds.attributes import attributes_of
from cohortmgr.programmes.definition.bounds.checking import faults_of
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.source_lines import Path

_PLACE: Path = ("selection", "bound")
_NOT_ALLOWED = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
_TWICE = N_("La clé « %(key)s » est déjà utilisée.")


def check_selection(definition: Definition) -> Iterator[Fault]:
    """Yield the faults of the section, each once though several campaigns have it."""
    yield from _intakes(definition)
    yield from check_ties(definition, definition.selection.ties, ("selection", "ties"))
    told: set[tuple[Path, str]] = set()
    for intake in definition.intakes:
        places = [
            place
            for place, bound in enumerate(definition.selection.bound)
            if not bound.intakes or intake.key in bound.intakes
        ]
        bounds = [definition.selection.bound[place] for place in places]
        seats = {each.key: each.seats for each in intake.offerings}
        for fault in faults_of(bounds, attributes_of(definition, intake.key), seats):
            path: Path = (*_PLACE, places[fault.place], *fault.path)
            if (path, fault.what) not in told:
                told.add((path, fault.what))
                yield Fault(path, fault.what, fault.values)


def check_ties(definition: Definition, ties: tuple[str, ...], path: Path) -> Iterator[Fault]:
    """Yield the faults of a list of criteria that decide between equal marks: each is of the rubric, and there once."""
    known = [criterion.key for criterion in definition.rubric.every_criterion]
    for place, key in enumerate(ties):
        if key not in known:
            yield Fault((*path, place), _NOT_ALLOWED, {"value": key, "known": ", ".join(known)})
        elif key in ties[:place]:
            yield Fault((*path, place), _TWICE, {"key": key})


def _intakes(definition: Definition) -> Iterator[Fault]:
    known = [intake.key for intake in definition.intakes]
    for place, bound in enumerate(definition.selection.bound):
        for rank, key in enumerate(bound.intakes):
            path: Path = (*_PLACE, place, "intakes", rank)
            if key not in known:
                yield Fault(path, _NOT_ALLOWED, {"value": key, "known": ", ".join(known)})
            elif key in bound.intakes[:rank]:
                yield Fault(path, _TWICE, {"key": key})
