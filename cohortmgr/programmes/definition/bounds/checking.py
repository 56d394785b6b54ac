"""What is wrong with bounds, each by itself and all together, whoever wrote them: a definition, a page or a file. Pure.

Whether they can hold among the files that were sent is not asked here: nobody knows before they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute, titles_of

MOST_BOUNDS = 60
"""More bounds than that no jury can follow, and the page of an intake lists them all."""
SAME_ATTRIBUTE = N_(
    "« %(attribute)s » est déjà choisi plus haut, et personne n’y a deux réponses : une borne parle de qui a tout ce "
    "qu’elle nomme."
)
"""What is wrong with a group of two values of one attribute, where they are chosen one by one."""
_SHORT = N_("La valeur doit être au moins %(least)s.")
_NO_GROUP = N_('Dites de quel groupe parle cette borne, par exemple where = { region = "MA-08" }.')
_UNKNOWN = N_(
    "« %(value)s » n’est pas un choix du formulaire de cette campagne. Choix possibles : %(known)s."
)
_NOT_A_VALUE = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
_NO_LIMIT = N_("Cette borne ne dit ni au moins combien, ni au plus combien.")
_CROSSED = N_("Au moins %(least)s et au plus %(most)s ne vont pas ensemble.")
_ABOVE_SEATS = N_("Au moins %(least)s, c’est plus que les places : %(seats)s.")
_TWICE = N_("Une autre borne parle déjà de ce groupe : mettez les deux nombres dans la même.")
_TOO_MANY = N_("Une campagne a au plus %(most)s bornes.")
_NO_OFFERING = N_(
    "Cette campagne a plusieurs choix : dites duquel parle cette borne (offering). Choix possibles : %(known)s."
)
_HARD_FLOOR = N_("Avec plusieurs choix, un « au moins » est souple : écrivez hard = false.")
_OVERLAP = N_(
    "Dans ce choix, les groupes « %(group)s » et « %(other)s » se recoupent sans que l’un contienne l’autre : avec "
    "plusieurs choix, seuls des « au moins » souples y sont alors possibles. Retirez le « au plus », ou nommez dans un "
    "groupe tous les attributs de l’autre."
)
_ONE_PLACE = N_(
    "Une borne parle d’un choix, qui est à un seul endroit : « %(value)s » n’y distingue personne."
)
_SUM = N_(
    "Les « au moins » fermes de « %(attribute)s » font %(least)s en tout, c’est plus que les places : %(seats)s."
)
_NESTED = N_(
    "Au moins %(least)s de ce groupe ne va pas avec une autre borne ferme, qui en veut %(most)s au plus."
)


class StatedBound(Protocol):
    """A bound as any room has it: see `DefinedBound`."""

    @property
    def where(self) -> Mapping[str, str]: ...
    @property
    def at_least(self) -> int | None: ...
    @property
    def at_most(self) -> int | None: ...
    @property
    def hard(self) -> bool: ...
    @property
    def offering(self) -> str: ...


@dataclass(frozen=True)
class BoundFault:
    """What is wrong with the bound at a place of the list, from nought; `path` leads on to the field."""

    place: int
    path: tuple[str, ...]
    what: str
    values: Mapping[str, object] = field(default_factory=dict)


def faults_of(
    bounds: Sequence[StatedBound], attributes: Mapping[str, FileAttribute], seats: Mapping[str, int]
) -> Iterator[BoundFault]:
    """Yield the faults of an intake's bounds; `seats` are those of each of its offerings, by key."""
    if len(bounds) > MOST_BOUNDS:
        yield BoundFault(MOST_BOUNDS, (), _TOO_MANY, {"most": MOST_BOUNDS})
        return
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for place, bound in enumerate(bounds):
        yield from _group(place, bound, attributes)
        yield from _limits(place, bound, seats.get(bound.offering) or sum(seats.values()))
        yield from _offering(place, bound, seats)
        said = (bound.offering, frozenset(bound.where.items()))
        if bound.where and said in seen:
            yield BoundFault(place, ("where",), _TWICE)
        seen.add(said)
    if len(seats) > 1:
        yield from _by_wishes(bounds, attributes)
    yield from _together(bounds, attributes, seats)


def _group(place: int, bound: StatedBound, attributes: Mapping[str, FileAttribute]) -> Iterator[BoundFault]:
    if not bound.where:
        yield BoundFault(place, ("where",), _NO_GROUP)
    for key, value in bound.where.items():
        if key not in attributes:
            values = {"value": key, "known": titles_of(attributes.values()) or "—"}
            yield BoundFault(place, ("where", key), _UNKNOWN, values)
        elif value not in attributes[key].values:
            known = ", ".join(attributes[key].values)
            yield BoundFault(place, ("where", key), _NOT_A_VALUE, {"value": value, "known": known})


def _limits(place: int, bound: StatedBound, seats: int) -> Iterator[BoundFault]:
    least, most = bound.at_least, bound.at_most
    if least is None and most is None:
        yield BoundFault(place, (), _NO_LIMIT)
    if least is not None and least < 1:
        yield BoundFault(place, ("at_least",), _SHORT, {"least": 1})
    if most is not None and most < 0:
        yield BoundFault(place, ("at_most",), _SHORT, {"least": 0})
    if least is not None and most is not None and least > most:
        yield BoundFault(place, ("at_least",), _CROSSED, {"least": least, "most": most})
    if least is not None and least > seats > 0:
        yield BoundFault(place, ("at_least",), _ABOVE_SEATS, {"least": least, "seats": seats})


def _offering(place: int, bound: StatedBound, seats: Mapping[str, int]) -> Iterator[BoundFault]:
    known = ", ".join(seats)
    if bound.offering and bound.offering not in seats:
        values = {"value": bound.offering, "known": known}
        yield BoundFault(place, ("offering",), _NOT_A_VALUE, values)
    if len(seats) < 2:
        return
    if not bound.offering:
        yield BoundFault(place, (), _NO_OFFERING, {"known": known})
    if bound.at_least is not None and bound.hard:
        yield BoundFault(place, ("hard",), _HARD_FLOOR)


def _by_wishes(
    bounds: Sequence[StatedBound], attributes: Mapping[str, FileAttribute]
) -> Iterator[BoundFault]:
    """The faults of bounds where seats of several offerings are given by wishes: a ceiling beside overlapping groups of
    its offering, and what all seats of an offering have in common."""
    pairs = first_overlaps(bounds)
    for place, bound in enumerate(bounds):
        if bound.at_most is not None and bound.offering in pairs:
            one, other = pairs[bound.offering]
            yield BoundFault(place, ("at_most",), _OVERLAP, {"group": told(one), "other": told(other)})
        for key in bound.where:
            if key in attributes and not attributes[key].is_answer:
                yield BoundFault(place, ("where", key), _ONE_PLACE, {"value": attributes[key].label})


GroupPair = tuple[Mapping[str, str], Mapping[str, str]]


def first_overlaps(bounds: Iterable[StatedBound]) -> dict[str, GroupPair]:
    """Return the first two groups of each offering that overlap; offerings that name the same groups are looked at
    once."""
    groups: dict[str, list[Mapping[str, str]]] = {}
    for bound in bounds:
        groups.setdefault(bound.offering, []).append(bound.where)
    known: dict[tuple[frozenset[tuple[str, str]], ...], GroupPair | None] = {}
    found: dict[str, GroupPair] = {}
    for offering, named in groups.items():
        key = tuple(frozenset(each.items()) for each in named)
        if key not in known:
            pairs = ((other, one) for place, one in enumerate(named) for other in named[:place])
            known[key] = next((pair for pair in pairs if overlap(*pair)), None)
        if (pair := known[key]) is not None:
            found[offering] = pair
    return found


def overlap(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether somebody may be of both groups and somebody else of either alone, by what the groups name: who applies
    does not count, since rules are sealed before anybody is known."""
    if any(other.get(key, value) != value for key, value in one.items()):
        return False
    return not (one.items() <= other.items() or other.items() <= one.items())


def told(where: Mapping[str, str]) -> str:
    """A group as the rules write it: `region = MA-08, sex = F`."""
    return ", ".join(f"{key} = {value}" for key, value in sorted(where.items()))


def _together(
    bounds: Sequence[StatedBound], attributes: Mapping[str, FileAttribute], seats: Mapping[str, int]
) -> Iterator[BoundFault]:
    """The faults of hard bounds that no choice can meet at once: floors of groups without a common member that ask for
    more than the seats, and a floor above the ceiling of a group that holds its own."""
    floors: dict[tuple[str, str], int] = {}
    for place, bound in enumerate(bounds):
        if not bound.hard or not bound.at_least or bound.at_least < 0:
            continue
        if len(bound.where) == 1:
            (key,) = bound.where
            told = (bound.offering, key)
            room = seats.get(bound.offering) or sum(seats.values())
            before, floors[told] = floors.get(told, 0), floors.get(told, 0) + bound.at_least
            if before <= room < floors[told] and bound.at_least <= room and key in attributes:
                values = {"attribute": attributes[key].label, "least": floors[told], "seats": room}
                yield BoundFault(place, ("at_least",), _SUM, values)
        above = [
            other.at_most
            for other in bounds
            if other.hard
            and other.at_most is not None
            and other.where
            and other.offering == bound.offering
            and other.where.items() < bound.where.items()
        ]
        if above and min(above) < bound.at_least:
            values = {"least": bound.at_least, "most": min(above)}
            yield BoundFault(place, ("at_least",), _NESTED, values)
