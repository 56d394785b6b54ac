"""What is noted of the trail outside of the database: where its chains end, a line at a time. Pure.

Each line is signed and names the signature of the line before it, so that one cannot be altered or left out. The
first line of a day names all chains, the others those that went on since. A chain that has no event is not named.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cohortmgr.audit.rules import ChainEnd, Sighting
from cohortmgr.base.errors import N_, Problem


@dataclass
class Noted:
    """What the lines say: for each chain its links that were noted, where it ended last, the last line's signature,
    and the lines that do not hold."""

    links: dict[str, dict[int, Sighting]] = field(default_factory=dict)
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    signature: str = ""
    problems: list[Problem] = field(default_factory=list)


def line_of(key: bytes, at: datetime, ends: Mapping[str, ChainEnd], before: Noted, whole: bool) -> str:
    """Return the next line, or nothing if no chain went on: a `whole` one names all chains."""
    known = {} if whole else before.ends
    heads = {
        chain: [end.sequence, end.digest]
        for chain, end in sorted(ends.items())
        if end.sequence and known.get(chain) != (end.sequence, end.digest)
    }
    if not heads:
        return ""
    body = {"at": at.isoformat(timespec="seconds"), "before": before.signature, "heads": heads}
    return json.dumps({**body, "signature": _signature(key, body)}, separators=(",", ":"))


def read(key: bytes, lines: Iterable[tuple[str, str]]) -> Noted:
    """Read all lines in order, each with its place (file and number). Those that do not hold are told and left out."""
    noted = Noted()
    for place, text in lines:
        found = _parsed(key, text)
        if found is None:
            noted.problems.append(Problem(N_("Cette ligne du relevé a été modifiée."), {}, place))
            continue
        at, before, heads, signature = found
        if before != noted.signature:
            noted.problems.append(Problem(N_("Il manque des lignes du relevé avant celle-ci."), {}, place))
        noted.signature = signature
        for chain, (sequence, digest) in heads.items():
            # The first sighting is kept: a later one that differs is told where the line is read.
            kept = noted.links.setdefault(chain, {}).setdefault(sequence, Sighting(at, digest))
            if kept.digest != digest or sequence < noted.ends.get(chain, (0, ""))[0]:
                what = N_("Le %(at)s, la chaîne %(chain)s avait été remise à un état ancien.")
                noted.problems.append(Problem(what, {"at": at, "chain": chain}, place))
            noted.ends[chain] = (sequence, digest)
    return noted


def _parsed(key: bytes, text: str) -> tuple[str, str, dict[str, tuple[int, str]], str] | None:
    """Return the parts of a line: when, the signature before it, the ends of chains, its own; None if unsigned."""
    try:
        body = json.loads(text)
        signature = str(body.pop("signature"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not hmac.compare_digest(signature.encode(), _signature(key, body).encode()):
        return None
    heads = {chain: (int(sequence), str(digest)) for chain, (sequence, digest) in body["heads"].items()}
    return body["at"], body["before"], heads, signature


def _signature(key: bytes, body: object) -> str:
    text = json.dumps(body, separators=(",", ":"), sort_keys=True)
    return hmac.new(key, b"line|" + text.encode(), hashlib.sha256).hexdigest()
