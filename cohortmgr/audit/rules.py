"""How a chain of events is made, so that an outsider can verify it from the encrypted values alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from cohortmgr.base.errors import N_, Problem

GENESIS = "0" * 64
# The chain and the subject of an event that concerns no institution and no person.
INSTALLATION = "installation"


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


def digest_of(previous: str, link: Link) -> str:
    """SHA-256 over the previous digest and every field.
    Each field follows its length, so that no byte can move from one field to the next."""
    hasher = hashlib.sha256(previous.encode())
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


def verify(links: Iterable[Link], head_sequence: int, head_digest: str) -> list[Problem]:
    """Return every place where a chain, given in order, is broken or cut short; empty when it is whole."""
    problems: list[Problem] = []
    previous, expected, chain = GENESIS, 0, None
    for link in links:
        expected, chain = expected + 1, link.chain
        if link.sequence != expected:
            problems.append(
                Problem(
                    N_("Un maillon manque avant le numéro %(number)s."), {"number": link.sequence}, link.chain
                )
            )
            expected = link.sequence
        if digest_of(previous, link) != link.digest:
            problems.append(
                Problem(N_("Le maillon %(number)s a été modifié."), {"number": link.sequence}, link.chain)
            )
        previous = link.digest
    if (expected, previous) != (head_sequence, head_digest):
        problems.append(Problem(N_("La chaîne s’arrête avant sa fin."), {}, chain))
    return problems
