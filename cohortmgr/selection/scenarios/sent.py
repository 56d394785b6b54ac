"""Reads a scenario from the texts of the board's form: a number in each field, a row for each bound, one row to add.

Pure: names and texts in, the scenario out, or every field that does not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.typed import MOST, whole
from cohortmgr.programmes.definition.bounds.checking import SAME_ATTRIBUTE
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios.rules import ScenarioChanges, ScenarioGround, field_of

NEW = "new"
"""What stands for the place of the bound that is added."""
# One more than a form shows: what has more is told that it has too many.
_MOST_ROWS = 200
_NO_NUMBER = N_("Écrivez un nombre entier.")
_CUT = N_(
    "Il manque des bornes à cette adresse : elle a été coupée en route. Demandez-la de nouveau, ou partez du choix "
    "d’aujourd’hui."
)
SAID = "bounds"
"""How many bounds a form or an address has: one that was cut on its way would else take away the last of them."""


def group_text(where: Mapping[str, str]) -> str:
    """A group as a field of the form says it: `region=MA-08|sex=f`."""
    return "|".join(f"{key}={value}" for key, value in where.items())


def _group(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text[:400].split("|") if part)


def changes_sent(given: Mapping[str, str], ground: ScenarioGround) -> ScenarioChanges:
    """Return the scenario that a form says. A field that is not sent changes nothing; a bound whose box to remove it is
    ticked is left out, and the row to add is none while it names no group.

    Raises Refused with every field that holds no number, where the row to add names an attribute twice, and where fewer
    bounds came than were said."""
    problems: list[Problem] = []
    came = sum(field_of("group", place) in given for place in range(_MOST_ROWS))
    if came < min(whole(given.get(SAID, "")) or 0, _MOST_ROWS):
        problems.append(Problem(_CUT))

    def number(name: str, otherwise: int | None) -> int | None:
        text = given.get(name, "").strip()
        if not text:
            return otherwise
        found = whole(text, -MOST)
        if found is None:
            problems.append(Problem(_NO_NUMBER, {}, name))
        return otherwise if found is None else found

    def bound(place: int | str, where: Mapping[str, str]) -> Bound:
        least, most = (number(field_of(name, place), None) for name in ("least", "most"))
        return Bound(where, least, most, given.get(field_of("hard", place)) != "soft", ground.offering)

    asked = [given.get(field_of(name, NEW), "").partition("=")[0] for name in ("group", "and")]
    if asked[0] and asked[0] == asked[1]:
        known = ground.attributes.get(asked[0])
        values = {"attribute": known.label if known else asked[0]}
        problems.append(Problem(SAME_ATTRIBUTE, values, field_of("and", NEW)))
    weights = {each.key: each.weight for each in ground.rubric.every_criterion}
    phases = {each.key: each.weight for each in ground.phases} if len(ground.phases) > 1 else {}
    changes = ScenarioChanges(
        number("seats", ground.seats) or 0,
        tuple(bound(place, where) for place, where in _rows(given)),
        {
            key: got
            for key, was in weights.items()
            if (got := number(field_of("weight", key), was) or 0) != was
        },
        {key: got for key, was in phases.items() if (got := number(field_of("phase", key), was) or 0) != was},
    )
    if problems:
        raise Refused(*problems)
    return changes


def _rows(given: Mapping[str, str]) -> Iterator[tuple[int | str, Mapping[str, str]]]:
    for place in range(_MOST_ROWS):
        text = given.get(field_of("group", place))
        if text is not None and not given.get(field_of("drop", place)):
            yield place, _group(text)
    added = "|".join(given.get(field_of(name, NEW), "") for name in ("group", "and"))
    if _group(added):
        yield NEW, _group(added)


def fields_of(changes: ScenarioChanges) -> dict[str, str]:
    """Return the fields that say a scenario, for an address or for a form that sends it again."""
    found = {"seats": str(changes.seats), SAID: str(len(changes.bounds))}
    found |= {field_of("weight", key): str(weight) for key, weight in changes.weights.items()}
    found |= {field_of("phase", key): str(weight) for key, weight in changes.phase_weights.items()}
    for place, each in enumerate(changes.bounds):
        found[field_of("group", place)] = group_text(each.where)
        for name, limit in (("least", each.at_least), ("most", each.at_most)):
            if limit is not None:
                found[field_of(name, place)] = str(limit)
        found[field_of("hard", place)] = "hard" if each.hard else "soft"
    return found
