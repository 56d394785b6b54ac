"""The rules of a choice as a file of somebody's desk states them: seats, seed, bounds. All that is wrong is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.typed import MOST, is_sound
from cohortmgr.selection.allocation.rules import misplaced
from cohortmgr.selection.choosing.rules import Bound

SEATS, SEED, BOUND = KEYS = ("seats", "seed", "bound")
WHERE, AT_LEAST, AT_MOST, HARD, OFFERING = BOUND_KEYS = ("where", "at_least", "at_most", "hard", "offering")
LONGEST = 200

_UNKNOWN = N_("La clé « %(key)s » n’existe pas ici. Clés possibles : %(known)s.")
_MISSING = N_("La clé « %(key)s » manque.")
_NO_SEATS = N_(
    "Les places sont un nombre entier, 0 ou plus : `seats = 30`, ou `[seats]` avec une ligne par offre."
)
_NO_OFFERINGS = N_('`[seats]` ne nomme aucune offre. Écrivez une ligne par offre : `"Salesforce" = 12`.')
_NO_NAME = N_(
    "Le nom d’une offre est un texte de %(most)s caractères au plus, sans blanc au début ni à la fin : personne ne la "
    "demanderait autrement."
)
_NO_SEED = N_('Le nombre du tirage est un texte, entre guillemets et non vide : `seed = "2027"`.')
_NO_BOUNDS = N_("Chaque borne s’écrit sous son propre titre `[[bound]]`.")
_NO_WHERE = N_(
    'Une borne dit de qui elle parle : `where = { region = "MA-08" }`, avec des textes entre guillemets.'
)
_NO_LIMIT = N_("Une borne a un minimum (`at_least`), un maximum (`at_most`), ou les deux.")
_NOT_WHOLE = N_("Ce nombre de personnes doit être un entier, 0 ou plus, sans guillemets.")
_CROSSED = N_("Le minimum (%(at_least)s) dépasse le maximum (%(at_most)s).")
_NOT_BOOLEAN = N_(
    "`hard` vaut `true` (impératif) ou `false` (à respecter autant que possible), sans guillemets."
)
_NOT_TEXT = N_("L’offre est un texte, entre guillemets.")
_ONE_OFFERING = N_("`offering` n’a de sens qu’avec des places par offre, sous `[seats]`. Retirez cette clé.")


@dataclass(frozen=True)
class DeskRules:
    """Seats in all, or by offering; the seed of the lots; and the bounds."""

    seats: int | Mapping[str, int]
    seed: str
    bounds: tuple[Bound, ...] = ()

    @property
    def offerings(self) -> Mapping[str, int] | None:
        """The seats of each offering; None where there are seats in all."""
        return None if isinstance(self.seats, int) else self.seats

    @property
    def named(self) -> tuple[str, ...]:
        """The attributes that bounds name, each once."""
        return tuple(sorted({name for bound in self.bounds for name in bound.where}))


def desk_rules(document: Mapping[str, Any]) -> DeskRules:
    """Return the rules in a document with the keys of a rules.toml.

    Raises Refused with every problem; `where` is the key concerned, lists counted from 1: `bound[2].at_least`."""
    problems = [
        *_unknown(document, KEYS, ""),
        *_seat_problems(document),
        *_seed_problems(document),
        *_bound_problems(document),
    ]
    if problems:
        raise Refused(*problems)
    seats, given = document[SEATS], document.get(BOUND, [])
    rules = DeskRules(
        seats if isinstance(seats, int) else dict(seats),
        document[SEED],
        tuple(_bound(each) for each in given),
    )
    if rules.offerings is not None and (found := list(misplaced(rules.bounds, rules.offerings))):
        raise Refused(*found)
    return rules


def _bound(given: Mapping[str, Any]) -> Bound:
    return Bound(
        dict(given[WHERE]),
        given.get(AT_LEAST),
        given.get(AT_MOST),
        given.get(HARD, True),
        given.get(OFFERING, ""),
    )


def _unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> Iterator[Problem]:
    for key in table:
        if key not in known:
            yield Problem(_UNKNOWN, {"key": str(key)[:LONGEST], "known": known}, f"{where}{key}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST and is_sound(value)


def _seat_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    seats = document.get(SEATS)
    if seats is None:
        yield Problem(_MISSING, {"key": SEATS}, SEATS)
    elif isinstance(seats, Mapping):
        if not seats:
            yield Problem(_NO_OFFERINGS, {}, SEATS)
        for name, each in seats.items():
            if not _is_whole(each):
                yield Problem(_NO_SEATS, {}, f"{SEATS}.{name}")
            if not _is_text(name) or name != name.strip():
                yield Problem(_NO_NAME, {"most": LONGEST}, f"{SEATS}.{name[:LONGEST]}")
    elif not _is_whole(seats):
        yield Problem(_NO_SEATS, {}, SEATS)


def _seed_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    if SEED not in document:
        yield Problem(_MISSING, {"key": SEED}, SEED)
    elif not _is_text(document[SEED]):
        yield Problem(_NO_SEED, {}, SEED)


def _bound_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    bounds = document.get(BOUND, [])
    if not isinstance(bounds, list) or not all(isinstance(each, Mapping) for each in bounds):
        yield Problem(_NO_BOUNDS, {}, BOUND)
        return
    is_several = isinstance(document.get(SEATS), Mapping)
    for place, each in enumerate(bounds, start=1):
        where = f"{BOUND}[{place}]"
        yield from _unknown(each, BOUND_KEYS, f"{where}.")
        yield from _group_problems(each, where)
        yield from _limit_problems(each, where)
        if not isinstance(each.get(HARD, True), bool):
            yield Problem(_NOT_BOOLEAN, {}, f"{where}.{HARD}")
        if OFFERING in each and not is_several:
            yield Problem(_ONE_OFFERING, {}, f"{where}.{OFFERING}")
        elif not isinstance(each.get(OFFERING, ""), str):
            yield Problem(_NOT_TEXT, {}, f"{where}.{OFFERING}")


def _group_problems(bound: Mapping[str, Any], where: str) -> Iterator[Problem]:
    group = bound.get(WHERE)
    if not isinstance(group, Mapping) or not group:
        yield Problem(_NO_WHERE, {}, where if group is None else f"{where}.{WHERE}")
        return
    for name, value in group.items():
        if not _is_text(value) or not _is_text(name):
            yield Problem(_NO_WHERE, {}, f"{where}.{WHERE}.{name}")


def _limit_problems(bound: Mapping[str, Any], where: str) -> Iterator[Problem]:
    limits = {key: bound[key] for key in (AT_LEAST, AT_MOST) if key in bound}
    wrong = [key for key, value in limits.items() if not _is_whole(value)]
    yield from (Problem(_NOT_WHOLE, {}, f"{where}.{key}") for key in wrong)
    if not limits:
        yield Problem(_NO_LIMIT, {}, where)
    elif not wrong and len(limits) == 2 and limits[AT_LEAST] > limits[AT_MOST]:
        yield Problem(_CROSSED, limits, f"{where}.{AT_LEAST}")
