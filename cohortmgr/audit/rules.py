"""How the chains of the trail are made and verified, from the encrypted values alone.

Each institution has 32 chains, and so has the installation: a transaction's events go into one of them. The chain
called the register says which of them exist. Digests and the ends of chains are keyed, so that whoever holds the
database alone can make neither. What was noted outside of the database (`sightings.py`) tells of an old state that
was put back with its own signatures.

Chains begun before the key existed bear the name of their owner alone, and their digests have no key. They are closed
by a last event whose digest has it, and verify under their old rule.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cohortmgr.base.errors import N_, Problem

GENESIS = "0" * 64
# The owner of the chains, and the subject, of an event that concerns no institution and no person.
INSTALLATION = "installation"
# The chain whose events say which chains exist.
REGISTER = "register"
# A chain is extended by one transaction at a time, which holds its lock until the disk has the commit.
SHARDS = 32
# The acts of the register. The second is also the last event of a chain of the old rule, of which none is closed after
# the third: otherwise a chain that somebody made without the key would be closed like one that was there before.
BEGIN, CLOSE, END = "audit.begin_chains", "audit.close_chain", "audit.end_old_rule"
CHAIN = "trail_chain"


# Values of an event that stay closed to whoever reads the trail: which of them changed is told, and not to what.
CLOSED = frozenset({"answers"})


@dataclass(frozen=True)
class TrailFilter:
    """Which events are wanted. `people` are references of accounts and persons, who acted or whom it concerns;
    None means anybody. `reference` is the beginning of an object's; `first` and `before` bound the time."""

    people: Collection[str] | None = None
    action: str = ""
    kind: str = ""
    reference: str = ""
    first: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One value of an event: its name, and the texts of before and after; empty where there was none."""

    name: str
    before: str
    after: str


def changes(values: Mapping[str, Any] | None) -> list[Change]:
    """Return what an event says was changed, in the order of the names. Of what is `CLOSED`, only the names."""
    before, after = ((values or {}).get(side) or {} for side in ("before", "after"))
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if name in CLOSED:
            found.append(Change(name, "", ", ".join(sorted({*_names(old), *_names(new)}))))
        elif old != new:
            found.append(Change(name, _text(old), _text(new)))
    return found


def _names(value: Any) -> Iterable[str]:
    return map(str, value) if isinstance(value, Mapping | list) else ()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


class Link(Protocol):
    """The parts of an event that the chain covers."""

    reference: str
    institution_id: int | None
    chain: str
    sequence: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_reference: str
    subject: str
    sealed: bytes
    digest: str


@dataclass(frozen=True)
class ChainEnd:
    """Where a chain ends, as its head says: the last link's number and digest, and the key's signature of both.

    A chain of the old rule has no signature until it is closed."""

    sequence: int
    digest: str
    signature: str | None


@dataclass(frozen=True)
class Sighting:
    """What was noted of a link outside of the database: when, and which digest it had."""

    at: str
    digest: str


Sightings = Mapping[str, Mapping[int, Sighting]]
"""For each chain, the links that were its last when they were noted, by their numbers."""


def owner_of(institution_id: int | None) -> str:
    """Return whose chains the events of an institution, or with None of the installation, go into."""
    return INSTALLATION if institution_id is None else str(institution_id)


def chain_of(owner: str, reference: str) -> str:
    """Return the chain of an owner that takes the events of a transaction whose first is about this row."""
    return chains_of(owner)[hashlib.sha256(reference.encode()).digest()[0] % SHARDS]


def chains_of(owner: str) -> tuple[str, ...]:
    """Return all chains of an owner."""
    return tuple(f"{owner}/{shard:02}" for shard in range(SHARDS))


def is_old(chain: str) -> bool:
    """Whether a chain was begun before digests were keyed."""
    return chain != REGISTER and "/" not in chain


def digest_of(previous: str, link: Link, key: bytes | None) -> str:
    """Return the digest of a link over the previous digest and every field: HMAC-SHA-256, or without a key, as the
    old rule has it, SHA-256.

    Each field follows its length, so that no byte can move from one field to the next."""
    hasher = hashlib.sha256() if key is None else hmac.new(key, b"link|", hashlib.sha256)
    hasher.update(previous.encode())
    fields = (
        link.chain,
        str(link.sequence),
        link.at.isoformat(timespec="microseconds"),
        link.actor,
        link.action,
        link.object_kind,
        link.object_reference,
        link.subject,
        link.reference,
        "" if link.institution_id is None else str(link.institution_id),
    )
    for field in fields:
        data = field.encode()
        hasher.update(len(data).to_bytes(4, "big") + data)
    hasher.update(hashlib.sha256(link.sealed).digest())
    return hasher.hexdigest()


def end_of(key: bytes, chain: str, sequence: int, digest: str) -> ChainEnd:
    """Return the signed end of a chain. Its signature is stored nowhere else: once the chain goes on, an earlier
    end cannot be made again without the key."""
    text = f"head|{chain}|{sequence}|{digest}".encode()
    return ChainEnd(sequence, digest, hmac.new(key, text, hashlib.sha256).hexdigest())


def verify(
    key: bytes,
    chain: str,
    links: Iterable[Link],
    end: ChainEnd | None,
    noted: Mapping[int, Sighting] | None = None,
) -> list[Problem]:
    """Return every place where a chain, given in order, was altered, cut or set back; empty when it is whole."""
    problems: list[Problem] = []
    seen = noted or {}
    previous, number, closed = GENESIS, 0, False
    for link in links:
        number += 1
        if link.sequence != number:
            problems.append(_said(N_("Un maillon manque avant le numéro %(number)s."), chain, link.sequence))
            number = link.sequence
        if closed:
            problems.append(_said(N_("Le maillon %(number)s suit la fin d’une chaîne close."), chain, number))
        closes = is_old(chain) and link.action == CLOSE
        if digest_of(previous, link, None if is_old(chain) and not closes else key) != link.digest:
            problems.append(_said(N_("Le maillon %(number)s a été modifié."), chain, number))
        elif number in seen and seen[number].digest != link.digest:
            what = N_(
                "Le maillon %(number)s n’est plus celui qui a été relevé le %(at)s : la chaîne a été remise à un état "
                "ancien, puis continuée."
            )
            problems.append(_said(what, chain, number, at=seen[number].at))
        previous, closed = link.digest, closed or closes
    problems += _ending(key, chain, ChainEnd(number, previous, None), end, closed)
    return problems + _set_back(chain, number, seen)


def _ending(key: bytes, chain: str, found: ChainEnd, end: ChainEnd | None, closed: bool) -> Iterable[Problem]:
    """Compare where the links end with what the head says."""
    if end is None:
        what = N_("La tête de la chaîne a disparu ; les maillons vont jusqu’au numéro %(number)s.")
        return [_said(what, chain, found.sequence)] if found.sequence else []
    if found.sequence < end.sequence:
        what = N_("La chaîne a été coupée après le maillon %(number)s : sa tête dit %(last)s.")
        return [_said(what, chain, found.sequence, last=end.sequence)]
    if (found.sequence, found.digest) != (end.sequence, end.digest):
        what = N_(
            "La tête a été remise en arrière : elle dit %(last)s, la chaîne va jusqu’au maillon %(number)s."
        )
        return [_said(what, chain, found.sequence, last=end.sequence)]
    if is_old(chain) and not closed:
        what = N_(
            "Cette chaîne d’avant la clé n’est pas close : ou bien sa fin a été coupée, ou bien le worker n’a pas "
            "encore démarré, qui la clôt."
        )
        return [Problem(what, {}, chain)]
    if end.signature != end_of(key, chain, end.sequence, end.digest).signature:
        what = N_(
            "La tête, au maillon %(number)s, n’est pas signée par la clé de l’installation : la chaîne a été coupée là "
            "et sa tête remise en arrière, ou la clé n’est pas la bonne."
        )
        return [_said(what, chain, end.sequence)]
    return []


def _set_back(chain: str, number: int, seen: Mapping[int, Sighting]) -> list[Problem]:
    last = max(seen, default=0)
    if last <= number:
        return []
    what = N_(
        "Le %(at)s, la chaîne allait jusqu’au maillon %(last)s ; elle s’arrête au maillon %(number)s : elle a été "
        "coupée, ou remise à un état ancien."
    )
    return [_said(what, chain, number, last=last, at=seen[last].at)]


def registered(links: Iterable[Link]) -> frozenset[str]:
    """Return the chains that exist by what the register's events say."""
    chains = {REGISTER}
    for link in links:
        if link.action == BEGIN:
            chains.update(chains_of(link.object_reference))
        elif link.action == CLOSE:
            chains.add(link.object_reference)
    return frozenset(chains)


def closed_late(links: Iterable[Link]) -> list[Problem]:
    """Return what is said of the chains that were closed when there were no open ones of the old rule any more."""
    what = N_(
        "Cette chaîne suit la règle d’avant la clé et a été close au maillon %(number)s du registre, après la fin de "
        "cette règle : elle a été ajoutée."
    )
    ended, problems = False, []
    for link in links:
        if ended and link.action == CLOSE:
            problems.append(_said(what, link.object_reference, link.sequence))
        ended = ended or link.action == END
    return problems


def missing(
    expected: Collection[str], present: Collection[str], noted: Sightings, acted: bool
) -> list[Problem]:
    """Return what is said of the chains that exist by the register, or were noted outside, and are not there.

    `acted` says whether the rest of the database shows that something was noted once. If no chain is left, that is
    said once, and once for an owner whose chains are all gone."""
    if not present:
        return [_emptied(noted)] if acted or noted else []
    gone = {*expected, *noted} - set(present) - {REGISTER}
    problems = []
    if REGISTER not in present and not all(map(is_old, {*present, *noted})):
        problems.append(_vanished(REGISTER, noted.get(REGISTER, {})))
    for owner in sorted({chain.partition("/")[0] for chain in gone}):
        lost = [chain for chain in chains_of(owner) if chain in gone]
        if len(lost) == SHARDS:
            what = N_("Les %(count)s chaînes ont disparu avec leurs têtes et leurs maillons.")
            problems.append(Problem(what, {"count": SHARDS}, owner))
            gone -= set(lost)
    return problems + [_vanished(chain, noted.get(chain, {})) for chain in sorted(gone)]


def unregistered(expected: Collection[str], present: Collection[str]) -> list[Problem]:
    """Return what is said of the chains that are there, and of which the register, if it is there, knows nothing.
    Chains of the old rule get there when they are closed, which `verify` asks of them."""
    if REGISTER not in present:
        return []
    strange = sorted(chain for chain in set(present) - set(expected) if not is_old(chain))
    return [Problem(N_("Le registre ne connaît pas cette chaîne."), {}, chain) for chain in strange]


def vanished(noted: Sightings, present: Collection[str]) -> list[Problem]:
    """Return what is said of the chains that were noted outside and are gone, for whoever cannot read the register."""
    return [_vanished(chain, noted[chain]) for chain in sorted(set(noted) - set(present))]


def _vanished(chain: str, seen: Mapping[int, Sighting]) -> Problem:
    if not seen:
        return Problem(N_("La chaîne a disparu avec sa tête et ses maillons."), {}, chain)
    what = N_("La chaîne a disparu avec sa tête ; le %(at)s, elle allait jusqu’au maillon %(number)s.")
    return _said(what, chain, max(seen), at=seen[max(seen)].at)


def _emptied(noted: Sightings) -> Problem:
    """Say that nothing is left of the trail, and what was there when it was last noted."""
    if not noted:
        return Problem(N_("Le journal a été vidé : ni chaînes, ni têtes, alors que des actes ont eu lieu."))
    what = N_("Le journal a été vidé. Le %(at)s, il comptait (chaînes, maillons) : %(count)s, %(number)s.")
    ends = [(seen[max(seen)].at, max(seen)) for seen in noted.values() if seen]
    at, number = max((at for at, _ in ends), default=""), sum(each for _, each in ends)
    return Problem(what, {"at": at, "count": len(ends), "number": number})


def _said(what: str, chain: str, number: int, **more: object) -> Problem:
    return Problem(what, {"number": number, **more}, chain)
