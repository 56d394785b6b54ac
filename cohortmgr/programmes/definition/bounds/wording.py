"""Says bounds in words, and what one definition changes in those of another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute, attributes_of
from cohortmgr.programmes.definition.bounds.checking import StatedBound
from cohortmgr.programmes.definition.rules import DefinedBound, Definition

_BOTH = N_("de %(least)s à %(most)s de : %(group)s")
_FLOOR = N_("au moins %(least)s de : %(group)s")
_CEILING = N_("au plus %(most)s de : %(group)s")
_SOFT = N_("%(bound)s (souple)")
_HARD = N_("%(bound)s (ferme)")
_PART = N_("%(value)s (%(attribute)s)")


def group_words(where: Mapping[str, str], attributes: Mapping[str, FileAttribute]) -> tuple[Problem, ...]:
    """Say a group, one value for each attribute that it names; a key that is not known any more stands as it is."""
    return tuple(_part(key, value, attributes.get(key)) for key, value in where.items())


def _part(key: str, value: str, attribute: FileAttribute | None) -> Problem:
    if attribute is None:
        return Problem(_PART, {"attribute": key, "value": value})
    return Problem(_PART, {"attribute": attribute.label, "value": attribute.values.get(value, value)})


def bound_words(bound: StatedBound, attributes: Mapping[str, FileAttribute]) -> Problem:
    """Say a bound: at least how many of which group, at most how many, and whether it holds whatever it costs."""
    values = {
        "least": bound.at_least,
        "most": bound.at_most,
        "group": group_words(bound.where, attributes),
    }
    what = _BOTH if None not in (bound.at_least, bound.at_most) else _FLOOR
    if bound.at_least is None:
        what = _CEILING
    said = Problem(what, {name: value for name, value in values.items() if value is not None})
    return Problem(_HARD if bound.hard else _SOFT, {"bound": said})


def of_bounds(before: Definition, after: Definition) -> Iterator[Problem | str]:
    """Say which bounds of the choice came and went, and whether equal marks are told apart otherwise."""
    were, are = before.selection, after.selection
    for bound in are.bound:
        if bound not in were.bound:
            yield Problem(N_("nouvelle borne : %(bound)s"), {"bound": _words(bound, after)})
    for bound in were.bound:
        if bound not in are.bound:
            yield Problem(N_("borne retirée : %(bound)s"), {"bound": _words(bound, before)})
    if were.ties != are.ties:
        yield N_("l’ordre des départages")


def _words(bound: DefinedBound, definition: Definition) -> Problem:
    named = [each.key for each in definition.intakes if not bound.intakes or each.key in bound.intakes]
    known = attributes_of(definition, named[0]) if named else {}
    return bound_words(bound, known)
