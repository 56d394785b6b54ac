"""The rules of an intake's choice as values: what they say, what is wrong with them, their file, their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.bounds.checking import faults_of
from cohortmgr.programmes.definition.checks.selection import check_ties
from cohortmgr.programmes.definition.rules import DefinedBound, Definition
from cohortmgr.programmes.definition.source_lines import Path
from cohortmgr.reviews.phases.marks import tie_order
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.proofs.choice import salted

LONGEST_REASON = 1_000
LONGEST_PAPER = 300
_SHORT = N_("La valeur doit être au moins %(least)s.")
_NOT_ALLOWED = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
_MORE_THAN_OFFERED = N_("C’est plus que les places de ce choix dans la campagne : %(seats)s.")
_ONE_NUMBER = N_(
    "Cette campagne a plusieurs choix : donnez les places de chacun, sous [seats]. Choix possibles : %(known)s."
)
_NO_SEATS = N_("Les places de « %(offering)s » manquent.")
_OTHER_SEED = N_("Le nombre du tirage est la référence de la campagne, %(seed)s : il ne se choisit pas.")
_ONLY_ITSELF = N_("Les règles d’une campagne ne parlent que d’elle : « intakes » n’a pas sa place ici.")
_NO_FILE = N_("Aucune candidature envoyée à cette campagne n’a le numéro %(number)s.")
_TWICE = N_("La candidature %(number)s est déjà de droit dans cette liste.")
_NO_REASON = N_("Dites pourquoi cette personne entre de droit.")
_NO_PAPER = N_("Nommez la pièce qui le dit : la convention et son article, la décision et sa date.")
_TOO_LONG = N_("Écrivez %(most)s caractères au plus.")
_TOO_MANY = N_("C’est plus de personnes de droit que de places : %(seats)s.")


class RulesState(StrEnum):
    """Where a version of an intake's rules stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    SEALED = "sealed"


RULES_STATES = Table(
    {
        RulesState.DRAFT: Stage(
            N_("Ces règles se préparent ; rien n’en vaut encore."), to=(RulesState.PROPOSED,)
        ),
        RulesState.PROPOSED: Stage(
            N_("Ces règles attendent le sceau d’une deuxième personne."),
            to=(RulesState.DRAFT, RulesState.SEALED),
        ),
        RulesState.SEALED: Stage(N_("Ces règles sont scellées : elles ne changent plus.")),
    }
)


@dataclass(frozen=True)
class EntryByRight:
    """Somebody who has a seat whatever their mark: the number of their file, why, and the paper that says so."""

    application: str
    reason: str
    paper: str


@dataclass(frozen=True)
class RulesFile:
    """The rules of an intake as a TOML file says them, with the keys of a definition and of the desk. `seats` is a
    number, or one for each offering; without it they are the intake's own."""

    seats: int | Mapping[str, int] | None = None
    seed: str = ""
    ties: tuple[str, ...] = ()
    bound: tuple[DefinedBound, ...] = ()
    right: tuple[EntryByRight, ...] = ()


@dataclass(frozen=True)
class RulesContent:
    """What the rules of an intake say: the seats of each offering by its key, bounds, who enters by right, and the
    keys of the criteria that decide between equal marks, the first one first."""

    seats: Mapping[str, int]
    bounds: tuple[Bound, ...] = ()
    right: tuple[EntryByRight, ...] = ()
    ties: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, for the row that keeps it."""
        return {
            "seats": dict(self.seats),
            "bounds": [bound_as_json(each) for each in self.bounds],
            "right": [vars(each) for each in self.right],
            "ties": list(self.ties),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> RulesContent:
        """What `as_json` wrote."""
        return cls(
            dict(kept["seats"]),
            tuple(Bound(**each) for each in kept["bounds"]),
            tuple(EntryByRight(**each) for each in kept["right"]),
            tuple(kept["ties"]),
        )


def bound_as_json(bound: Bound) -> dict[str, Any]:
    """A bound as certificates and the digest state it; its offering only where there are several."""
    stated: dict[str, Any] = {
        "where": dict(bound.where),
        "at_least": bound.at_least,
        "at_most": bound.at_most,
        "hard": bound.hard,
    }
    return stated | ({"offering": bound.offering} if bound.offering else {})


def bound_of(defined: DefinedBound) -> Bound:
    """The bound of a definition or a file as choosing has it."""
    return Bound(dict(defined.where), defined.at_least, defined.at_most, defined.hard, defined.offering)


@dataclass(frozen=True)
class ChoiceGround:
    """What an intake's rules are held against: its definition, what bounds may name, the seats of each offering by its
    key, the seed of its lots, and of the files that enter by right, by number, the key of their offering."""

    definition: Definition
    attributes: Mapping[str, FileAttribute]
    offered: Mapping[str, int]
    seed: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesChange:
    """A change of rules after the first seal: when it was sealed, by whom (the names of both), and why."""

    on: datetime
    by: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class RulesInForce:
    """The sealed rules by which an intake chooses today. `sealed_by` are the names of who proposed and of who sealed
    them; `older_marks` says that marks were handed in before they were sealed. `salt` is for whoever computes."""

    number: int
    content: RulesContent
    digest: str
    sealed_by: tuple[str, str]
    sealed_at: datetime
    older_marks: bool
    changes: tuple[RulesChange, ...]
    salt: str = field(repr=False)


def sealed_statement(content: RulesContent, seed: str, salt: str) -> dict[str, Any]:
    """Return what a seal states, of which its digest is made: the rules with salted references, and the hash of the
    salt. It may be published: no number of a file stands in it."""
    return {
        "bounds": [bound_as_json(each) for each in content.bounds],
        "right": [
            {"reference": salted(salt.encode(), each.application), "reason": each.reason, "paper": each.paper}
            for each in content.right
        ],
        "salt_sha256": hashlib.sha256(salt.encode()).hexdigest(),
        "seats": dict(content.seats),
        "seed": seed,
        "ties": list(content.ties),
    }


def digest_of(statement: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of what a seal states, in hexadecimal."""
    return hashlib.sha256(canonical(statement).encode()).hexdigest()


def content_of(file: RulesFile, ground: ChoiceGround) -> RulesContent:
    """Return what a file says; seats that it does not give are the intake's own."""
    seats: Mapping[str, int] = ground.offered
    if isinstance(file.seats, Mapping):
        seats = file.seats
    elif file.seats is not None and len(ground.offered) == 1:
        seats = dict.fromkeys(ground.offered, file.seats)
    ties = file.ties or tuple(each.key for each in tie_order(ground.definition.rubric))
    return RulesContent(dict(seats), tuple(map(bound_of, file.bound)), file.right, ties)


def file_of(content: RulesContent, seed: str) -> RulesFile:
    """Return the file that says these rules."""
    seats = content.seats if len(content.seats) != 1 else next(iter(content.seats.values()))
    bounds = tuple(
        DefinedBound(each.where, each.at_least, each.at_most, each.hard, each.offering)
        for each in content.bounds
    )
    return RulesFile(seats, seed, content.ties, bounds, content.right)


def faults_of_file(file: RulesFile, ground: ChoiceGround) -> Iterator[Fault]:
    """Yield what is wrong with a file besides what it says of the choice: another seed, other intakes, one number of
    seats for several offerings."""
    if file.seed and file.seed != ground.seed:
        yield Fault(("seed",), _OTHER_SEED, {"seed": ground.seed})
    for place, bound in enumerate(file.bound):
        if bound.intakes:
            yield Fault(("bound", place, "intakes"), _ONLY_ITSELF)
    if isinstance(file.seats, int) and len(ground.offered) > 1:
        yield Fault(("seats",), _ONE_NUMBER, {"known": ", ".join(ground.offered)})


def faults_in(content: RulesContent, ground: ChoiceGround) -> Iterator[Fault]:
    """Yield what is wrong with rules, each at its place in the file that says them. More seats than files is nothing
    wrong: who does not come is not known yet."""
    yield from _seats(content.seats, ground.offered)
    yield from check_ties(ground.definition, content.ties, ("ties",))
    for fault in faults_of(content.bounds, ground.attributes, content.seats):
        yield Fault(("bound", fault.place, *fault.path), fault.what, fault.values)
    yield from _right(content, ground)


def _seats(seats: Mapping[str, int], offered: Mapping[str, int]) -> Iterator[Fault]:
    for key in offered.keys() - seats.keys():
        yield Fault(("seats",), _NO_SEATS, {"offering": key})
    for key, number in seats.items():
        path: Path = ("seats", key)
        if key not in offered:
            yield Fault(path, _NOT_ALLOWED, {"value": key, "known": ", ".join(offered)})
        elif number < 1:
            yield Fault(path, _SHORT, {"least": 1})
        elif number > offered[key]:
            yield Fault(path, _MORE_THAN_OFFERED, {"seats": offered[key]})


def _right(content: RulesContent, ground: ChoiceGround) -> Iterator[Fault]:
    seen: set[str] = set()
    held: dict[str, int] = {}
    for place, entry in enumerate(content.right):
        path: Path = ("right", place)
        number = {"number": entry.application[:40]}
        if entry.application not in ground.files:
            yield Fault((*path, "application"), _NO_FILE, number)
        elif entry.application in seen:
            yield Fault((*path, "application"), _TWICE, number)
        else:
            offering = ground.files[entry.application]
            held[offering] = held.get(offering, 0) + 1
            if held[offering] == content.seats.get(offering, 0) + 1:
                yield Fault((*path, "application"), _TOO_MANY, {"seats": content.seats.get(offering, 0)})
        seen.add(entry.application)
        yield from _texts(path, entry)


def _texts(path: Path, entry: EntryByRight) -> Iterator[Fault]:
    for name, lacking, most in (("reason", _NO_REASON, LONGEST_REASON), ("paper", _NO_PAPER, LONGEST_PAPER)):
        text = getattr(entry, name)
        if not text.strip():
            yield Fault((*path, name), lacking)
        elif len(text) > most:
            yield Fault((*path, name), _TOO_LONG, {"most": most})


def numbers_in(contents: Collection[RulesContent]) -> frozenset[str]:
    """Return the numbers of the files that enter by right in any of these rules."""
    return frozenset(each.application for content in contents for each in content.right)
