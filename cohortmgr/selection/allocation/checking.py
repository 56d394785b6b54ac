"""Checks an allocation from its certificate alone: the standard library and nothing of ours, so that it can be copied.

It shares no code with what made the allocation, and reads the rules another way. An offering whose groups nest takes
people one by one, each time whoever helps its soft bounds most, of these the best; one whose groups overlap lets people
fill its reserved places in their order, and then takes the best. An outcome holds when each offering chooses just its
own from them and all who prefer it. That nobody does better in another such outcome is shown by turning away in rounds:
whoever an offering does not choose from people who can get nothing dearer can never have it, since whom it takes from
more people it takes from fewer (Gale and Shapley 1962; Hatfield and Milgrom 2005).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import combinations, islice
from typing import Any

# What is wrong, as a code, and the values that say it: see `allocation_findings`.
AllocationFinding = tuple[str, dict[str, Any]]
RULE = "deferred acceptance"
_KEYS = {"reference", "mark", "tie", "attributes", "wishes", "outcome", "offering", "rank"}
_MORE = {"by", "out"}
_RULES, _SEAL = {"bounds", "ties"}, {"digest", "sealed_by", "sealed_on", "older_marks", "changes"}
_STATED = {"format", "version", "rule", "seed", "seats", "rules", "counting", "rows", "right", "hand"}
_STATED |= {"filled", "shortfall", "sha256"}


def allocation_findings(certificate: Mapping[str, Any]) -> list[AllocationFinding]:
    """What is wrong with the certificate of an allocation; nothing means that it holds.

    Codes and their values: `malformed` (where), `rule`, `digest`, `twice` (reference), `order` (rank, reference),
    `shape` (offering), `outcome` (reference), `unwished` (reference, offering), `choice` (offering, reference: it would
    choose otherwise), `better` (reference, offering: could be had), `worse` (the same: what is held never could),
    `filled` and `shortfall` (offering, stated, found)."""
    if certificate.get("format") != 6 or certificate.get("rule") != RULE:
        return [("rule", {})]
    try:
        if found := list(_shape_findings(certificate)):
            return found
        if _digest(certificate) != certificate.get("sha256"):
            found.append(("digest", {}))
        return [*found, *_order_findings(certificate), *_CertifiedMarket(certificate).findings()]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return [("malformed", {"where": "certificate"})]


def _digest(certificate: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical JSON of all but the digest itself."""
    content = {key: value for key, value in certificate.items() if key != "sha256"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _shape_findings(certificate: Mapping[str, Any]) -> Iterator[AllocationFinding]:
    """What cannot be read as an allocation at all, and bounds that its rule does not know."""
    seats, rules, version = certificate["seats"], certificate["rules"], certificate["version"]
    if (type(version), version, type(certificate["seed"])) != (int, 1, str) or certificate.keys() != _STATED:
        raise ValueError("another version, no seed, or something more")
    if not _RULES <= rules.keys() <= _RULES | _SEAL or certificate["counting"].keys() != seats.keys():
        raise ValueError("rules that say something else")
    for name in ("seats", "filled", "shortfall"):
        stated = certificate[name]
        if stated.keys() != seats.keys() or not all(_whole(value) for value in stated.values()):
            yield "malformed", {"where": name}
    faulty = [place for place, bound in enumerate(rules["bounds"], 1) if not _is_bound(bound, seats)]
    yield from (("malformed", {"where": f"bounds[{place}]"}) for place in faulty)
    yield from _row_shapes(certificate, len(rules["ties"]))
    if faulty:
        return
    for offering, mine in _by_offering(certificate).items():
        is_over = _overlaps([bound["where"] for bound in mine])
        hard_floors = [bound for bound in mine if bound["hard"] and bound["at_least"] is not None]
        ceilings = [bound for bound in mine if is_over and bound["at_most"] is not None]
        if hard_floors or ceilings or certificate["counting"][offering] != ("one" if is_over else "each"):
            yield "shape", {"offering": offering}


def _by_offering(certificate: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The bounds of each offering."""
    found: dict[str, list[Mapping[str, Any]]] = {offering: [] for offering in certificate["seats"]}
    for bound in certificate["rules"]["bounds"]:
        found[bound["offering"]].append(bound)
    return found


def _whole(value: object) -> bool:
    return type(value) is int and value >= 0


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(type(each) is str for each in value.values())


def _is_bound(bound: Mapping[str, Any], seats: Mapping[str, int]) -> bool:
    if bound.keys() != {"offering", "where", "at_least", "at_most", "hard"} or bound["offering"] not in seats:
        return False
    limits = bound["at_least"], bound["at_most"]
    sound = all(limit is None or _whole(limit) for limit in limits) and limits != (None, None)
    return sound and type(bound["hard"]) is bool and _texts(bound["where"]) and bool(bound["where"])


def _row_shapes(certificate: Mapping[str, Any], ties: int) -> Iterator[AllocationFinding]:
    seen, seats = set[str](), certificate["seats"]
    for place, row in enumerate(certificate["rows"], 1):
        is_sound = (
            _KEYS <= row.keys() <= _KEYS | _MORE
            and type(row["reference"]) is str
            and type(row["mark"]) is int
            and [type(tie) for tie in row["tie"]] == [int] * ties
            and _texts(row["attributes"])
            and type(row["wishes"]) is list
            and all(wish in seats for wish in row["wishes"])
            and len(set(row["wishes"])) == len(row["wishes"])
            and (row["offering"] is None or row["offering"] in seats)
            and row.get("by", "right") in ("right", "hand")
            and row.get("out", "short") in ("knocked_out", "short")
        )
        if not is_sound:
            yield "malformed", {"where": f"rows[{place}]"}
            continue
        if row["reference"] in seen:
            yield "twice", {"reference": row["reference"]}
        seen.add(row["reference"])


def _overlaps(groups: Sequence[Mapping[str, str]]) -> bool:
    """Whether two groups may share somebody though neither stands in the other."""
    for one, other in combinations(groups, 2):
        shared = one.keys() & other.keys()
        if all(one[key] == other[key] for key in shared) and len(shared) < min(len(one), len(other)):
            return True
    return False


def _order_findings(certificate: Mapping[str, Any]) -> Iterator[AllocationFinding]:
    """Rows that are not ranked by marks, ties and lots, those who may not be chosen last; outcomes that contradict
    themselves or the lists of those by right and by hand."""
    before: tuple[Any, ...] = ()
    moved = {each["reference"]: ("right", True) for each in certificate["right"]}
    moved |= {each["reference"]: ("hand", each["in"]) for each in certificate["hand"]}
    for rank, row in enumerate(certificate["rows"], 1):
        lot = hashlib.sha256(f"{certificate['seed']}{row['reference']}".encode()).hexdigest()
        key = "out" in row, -row["mark"], [-tie for tie in row["tie"]], lot, row["reference"]
        if not _whole(row["rank"]) or row["rank"] != rank or (before and key < before):
            yield "order", {"rank": rank, "reference": row["reference"]}
        before = key
        has = row["offering"] is not None
        is_stated = row["outcome"] == ("chosen" if has else "refused")
        is_moved = moved.pop(row["reference"], None) == ((row["by"], has) if "by" in row else None)
        if not is_stated or not is_moved or (has and "out" in row and "by" not in row):
            yield "outcome", {"reference": row["reference"]}
        elif has and "by" not in row and row["offering"] not in row["wishes"]:
            yield "unwished", {"reference": row["reference"], "offering": row["offering"]}
    yield from (("outcome", {"reference": reference}) for reference in moved)


class _CertifiedMarket:
    """People by their place among the rows (the better first), and what each offering holds."""

    def __init__(self, certificate: Mapping[str, Any]) -> None:
        self.certificate = certificate
        self.rows = certificate["rows"]
        self.contending = [n for n, row in enumerate(self.rows) if "by" not in row and "out" not in row]
        self.held: dict[str, list[int]] = {offering: [] for offering in certificate["seats"]}
        self.taken: dict[str, list[int]] = {offering: [] for offering in certificate["seats"]}
        for place, row in enumerate(self.rows):
            if row["offering"] is not None:
                (self.taken if "by" in row else self.held)[row["offering"]].append(place)
        self.meetings: dict[str, _Meeting] = {}
        bounds = _by_offering(certificate)
        self.choosers = {offering: self._chooser(offering, bounds[offering]) for offering in bounds}

    def _chooser(self, offering: str, bounds: Sequence[Mapping[str, Any]]) -> _PlainChooser:
        seats, taken = self.certificate["seats"][offering], self.taken[offering]
        if not bounds:
            return _PlainChooser(seats, taken)
        groups = [bound["where"] for bound in bounds]
        met = self.meetings.setdefault(json.dumps(groups, sort_keys=True), _Meeting(groups, self.rows))
        is_one = self.certificate["counting"][offering] == "one"
        return (_ReservingChooser if is_one else _NestedChooser)(seats, taken, bounds, met)

    def findings(self) -> Iterator[AllocationFinding]:
        """What does not hold of the outcome, offering by offering and then person by person."""
        yield from self._unstable()
        yield from self._not_best()
        for offering, chooser in self.choosers.items():
            own = self.held[offering]
            found = {"filled": len(own) + len(self.taken[offering]), "shortfall": chooser.missed(own)}
            for name, value in found.items():
                if (stated := self.certificate[name][offering]) != value:
                    yield name, {"offering": offering, "stated": stated, "found": value}

    def _unstable(self) -> Iterator[AllocationFinding]:
        """Offerings that would not choose just their own from them and all who prefer it."""
        pool: dict[str, list[int]] = {offering: [] for offering in self.choosers}
        for place in self.contending:
            row = self.rows[place]
            for wish in row["wishes"]:
                pool[wish].append(place)
                if wish == row["offering"]:
                    break
        for offering, chooser in self.choosers.items():
            chosen = chooser.chosen(pool[offering])
            for place in sorted(chosen.symmetric_difference(self.held[offering])):
                yield "choice", {"offering": offering, "reference": self.rows[place]["reference"]}

    def _not_best(self) -> Iterator[AllocationFinding]:
        """People who do not have the dearest offering that any stable outcome gives them."""
        best = self._dearest()
        for place in self.contending:
            row, found = self.rows[place], best.get(place)
            if found == row["offering"]:
                continue
            wishes = [*row["wishes"], None]
            dearer = wishes[: wishes.index(row["offering"])] if row["offering"] in wishes else wishes
            code, offering = ("better", found) if found in dearer else ("worse", row["offering"])
            yield code, {"reference": row["reference"], "offering": offering}

    def _dearest(self) -> dict[int, str]:
        """By person the dearest offering that has not turned them away, once none turns anybody away any more."""
        asked = dict.fromkeys(self.contending, 0)
        keeps: dict[str, set[int]] = {offering: set() for offering in self.choosers}
        asking: Iterable[int] = self.contending
        while asking:
            came: dict[str, list[int]] = defaultdict(list)
            for place in asking:
                wishes = self.rows[place]["wishes"]
                if asked[place] < len(wishes):
                    came[wishes[asked[place]]].append(place)
            turned: list[int] = []
            for offering, new in came.items():
                pool = sorted([*keeps[offering], *new])
                keeps[offering] = self.choosers[offering].chosen(pool)
                turned += [place for place in pool if place not in keeps[offering]]
            for place in turned:
                asked[place] += 1
            asking = turned
        return {place: offering for offering, kept in keeps.items() for place in kept}


class _Meeting:
    """Which groups count a row, for all offerings that name the same groups."""

    def __init__(self, groups: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]) -> None:
        self.groups, self.rows = groups, rows
        self.known: dict[int, tuple[int, ...]] = {}
        self.alike: dict[tuple[str | None, ...], tuple[int, ...]] = {}
        self.names = sorted({name for group in groups for name in group})

    def of(self, place: int) -> tuple[int, ...]:
        """The places of the groups that count the row at that place."""
        met = self.known.get(place)
        if met is None:
            attributes = self.rows[place]["attributes"]
            kind = tuple(map(attributes.get, self.names))
            if kind not in self.alike:
                items = attributes.items()
                self.alike[kind] = tuple(n for n, each in enumerate(self.groups) if each.items() <= items)
            met = self.known[place] = self.alike[kind]
        return met


class _PlainChooser:
    """An offering without bounds: the best, as many as there are seats. People are their places among the rows."""

    def __init__(self, seats: int, taken: Sequence[int]) -> None:
        self.left = max(0, seats - len(taken))

    def chosen(self, pool: Sequence[int]) -> set[int]:
        """Whom it chooses of people, the better first."""
        return set(pool[: self.left])

    def missed(self, _own: Sequence[int]) -> int:
        """How many people soft bounds miss with these."""
        return 0


class _NestedChooser(_PlainChooser):
    """An offering that counts a person in each bound that counts them."""

    def __init__(
        self, seats: int, taken: Sequence[int], bounds: Sequence[Mapping[str, Any]], met: _Meeting
    ) -> None:
        super().__init__(seats, taken)
        self.bounds, self.met = bounds, met
        self.begin = self._counted([0] * len(bounds), taken)

    def _counted(self, begin: Sequence[int], people: Sequence[int]) -> list[int]:
        counts = list(begin)
        for place in people:
            for n in self.met.of(place):
                counts[n] += 1
        return counts

    def chosen(self, pool: Sequence[int]) -> set[int]:
        queues: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place in reversed(pool):
            queues[self.met.of(place)].append(place)
        counts, found = list(self.begin), set[int]()
        ahead = [
            (more, queue[-1], met)
            for met, queue in queues.items()
            if (more := self._more_missed(met, counts)) is not None
        ]
        heapify(ahead)
        while ahead and len(found) < self.left:
            more, place, met = ahead[0]
            now = self._more_missed(met, counts)
            if now is None:
                heappop(ahead)
            elif now > more:
                # What one more misses only grows with those who are in: what was not looked at is no better.
                heapreplace(ahead, (now, place, met))
            else:
                found.add(queues[met].pop())
                for n in met:
                    counts[n] += 1
                if queues[met]:
                    heapreplace(ahead, (now, queues[met][-1], met))
                else:
                    heappop(ahead)
        return found

    def _more_missed(self, met: Sequence[int], counts: Sequence[int]) -> int | None:
        """How many people more are missed with one more of these bounds; None where a hard one has no room."""
        total = 0
        for n in met:
            bound = self.bounds[n]
            if bound["at_least"] is not None and counts[n] < bound["at_least"]:
                total -= 1
            if bound["at_most"] is not None and counts[n] >= bound["at_most"]:
                if bound["hard"]:
                    return None
                total += 1
        return total

    def missed(self, own: Sequence[int]) -> int:
        total = 0
        for bound, count in zip(self.bounds, self._counted(self.begin, own), strict=True):
            total += max(0, (bound["at_least"] or 0) - count)
            if not bound["hard"] and bound["at_most"] is not None:
                total += max(0, count - bound["at_most"])
        return total


class _ReservingChooser(_PlainChooser):
    """An offering of which a person fills one reserved place of those that they may fill."""

    def __init__(
        self, seats: int, taken: Sequence[int], bounds: Sequence[Mapping[str, Any]], met: _Meeting
    ) -> None:
        super().__init__(seats, taken)
        self.taken, self.met = taken, met
        self.places = [bound["at_least"] for bound in bounds]

    def chosen(self, pool: Sequence[int]) -> set[int]:
        found = self._filling(pool, self.left)[0]
        others = (place for place in pool if place not in found)
        return {*found, *islice(others, min(self.left, len(pool)) - len(found))}

    def missed(self, own: Sequence[int]) -> int:
        return sum(self.places) - self._filling(own, len(own))[1]

    def _filling(self, pool: Sequence[int], most: int) -> tuple[set[int], int]:
        """Who fills a place, of people in their order, and how many places are filled, those of the taken too."""
        fillers: list[set[int]] = [set() for _ in self.places]
        dead: set[int] = set()
        total = sum(self._fills(place, fillers, dead) for place in self.taken)
        found: set[int] = set()
        for place in pool:
            if len(found) >= most or len(dead) == len(fillers):
                break
            if self._fills(place, fillers, dead):
                found.add(place)
        return found, total + len(found)

    def _fills(self, person: int, fillers: Sequence[set[int]], dead: set[int]) -> bool:
        """Give somebody a place, others moving along a chain; what a vain search has seen leads nowhere for good."""
        reached = {bound: (person, -1) for bound in self.met.of(person) if bound not in dead}
        ahead = list(reached)
        for bound in ahead:
            if len(fillers[bound]) < self.places[bound]:
                while bound >= 0:
                    mover, before = reached[bound]
                    fillers[bound].add(mover)
                    if before >= 0:
                        fillers[before].discard(mover)
                    bound = before
                return True
            for other in fillers[bound]:
                for beyond in self.met.of(other):
                    if beyond not in reached and beyond not in dead:
                        reached[beyond] = other, bound
                        ahead.append(beyond)
        dead.update(reached)
        return False
