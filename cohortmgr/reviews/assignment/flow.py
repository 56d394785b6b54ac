"""Giving files to readers: how many files of each kind each reader gets, by a linear programme.

Files are of one kind if the same people may read them and as many readings are lacking. A minimum-cost flow goes from
kinds to readers: first as many readings as possible are given, then loads are as even as limits and bars allow (least
squares of whole loads). The matrix is one of a network, so that its corners are whole numbers. Which readers meet on
which file of a kind is said by `pairing`.

Squares of loads are written as pieces: exact around the load that is expected of each reader, coarse beyond. A result
on the edge of an exact part is calculated again around itself; within all of them it is the best of all, since what is
minimised is convex.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.reviews.assignment.pairing import Desk, ReaderPair, lot

# With more kinds of files each is offered to a few readers at first: the programme would have millions of columns.
MANY_KINDS = 2_000
FEW = 5
# How far from its expected load a reader's squares are exact, and how often it is expected anew.
WINDOW = 12
ROUNDS = 40

_TOO_FEW = N_(
    "Dossiers qui ont trop peu d’évaluateurs possibles : %(count)s, par exemple %(file)s (lectures demandées : "
    "%(readings)s ; évaluateurs possibles : %(free)s). Demandez à l’administration du programme d’inviter des "
    "évaluateurs. Rien n’est encore confié."
)

# How many files a message names.
NAMED = 20
_SHORT = N_(
    "Dossiers qui n’ont pas assez de lecteurs, car personne d’autre ne peut les lire : %(count)s (%(files)s). "
    "Demandez à l’administration du programme d’inviter des évaluateurs. Le reste est confié."
)
_SHORT_OF_MANY = N_(
    "Dossiers qui n’ont pas assez de lecteurs, car personne d’autre ne peut les lire : %(count)s, dont %(files)s. "
    "Demandez à l’administration du programme d’inviter des évaluateurs. Le reste est confié."
)


@dataclass(frozen=True)
class Shortage:
    """A file that gets fewer readings than it should: how many it lacks still, and how many people may read it, those
    who hold it among them."""

    file: str
    lacks: int
    readings: int
    possible: int


@dataclass(frozen=True)
class Shares:
    """What is to be given: (file, reviewer) pairs to add, and the files for which this is too little."""

    pairs: Sequence[ReaderPair]
    short: Sequence[Shortage]


@dataclass(frozen=True)
class _Kind:
    """Files that the same people may read, and that lack as many readings."""

    files: Sequence[str]
    lacks: int
    free: Sequence[int]


def assign(
    wanted: Mapping[str, int],
    reviewers: Collection[str],
    conflicts: Collection[ReaderPair],
    seed: str,
    done: Mapping[str, Collection[str]],
    limits: Mapping[str, int] | None = None,
    others: Mapping[str, int] | None = None,
) -> Shares:
    """Return the pairs to add so that each file has as many distinct reviewers as `wanted` says.

    `conflicts` holds (reviewer, file) pairs that must not meet. `done` maps a file to the reviewers who already hold
    it. They are kept, and count for the file and in the loads, also for files that are not wanted and for reviewers
    who are no longer listed. `limits` are the most files of a reviewer, what they hold included; `others` says how many
    files somebody holds that `done` does not name. The same input gives
    the same result, in whatever order it comes. Files that cannot have all their readings get those that they can, and
    are named in the result. Refused if not one reading can be given, or if there are fewer reviewers than a file needs:
    they would get every file, before their colleagues have come.
    """
    names = sorted(set(reviewers))
    lacking = {file: number - len(set(done.get(file, ()))) for file, number in sorted(wanted.items())}
    lacking = {file: number for file, number in lacking.items() if number > 0}
    if any(number < 1 for number in wanted.values()):
        raise Refused(Problem(N_("Il faut au moins une lecture par dossier."), {}, "readings"))
    kinds = _kinds(lacking, names, conflicts, seed, done)
    loads = {name: (others or {}).get(name, 0) for name in names}
    for held in done.values():
        for name in set(held) & loads.keys():
            loads[name] += 1
    room = [max(0, (limits or {}).get(name, 10**9) - loads[name]) for name in names]
    given = _Programme(kinds, [loads[name] for name in names], room, seed).solved()
    desk = Desk([*wanted, *done], names, conflicts, seed, done)
    for kind, quotas in sorted(zip(kinds, given, strict=True), key=lambda pair: len(pair[0].free)):
        desk.share(kind.files, kind.lacks, {names[reader]: number for reader, number in quotas.items()})
    desk.level()
    desk.join()
    short = [
        Shortage(
            file, kind.lacks - len(desk.added(file)), wanted[file], len(kind.free) + wanted[file] - kind.lacks
        )
        for kind in kinds
        for file in kind.files
        if len(desk.added(file)) < kind.lacks
    ]
    short.sort(key=lambda each: (each.possible, each.file))
    pairs = [(file, name) for file in sorted(lacking) for name in desk.added(file)]
    if short and (not pairs or len(names) < min(lacking.values())):
        raise Refused(_too_few(short))
    return Shares(pairs, short)


def short_of(short: Sequence[Shortage]) -> Problem:
    """Return what names the files that have too few readers though all that was possible is given."""
    what = _SHORT if len(short) <= NAMED else _SHORT_OF_MANY
    files = ", ".join(sorted(each.file for each in short)[:NAMED])
    return Problem(what, {"count": len(short), "files": files})


def _too_few(short: Sequence[Shortage]) -> Problem:
    # One line, however many files: each of a hundred lacks the same people.
    first = short[0]
    values = {"count": len(short), "file": first.file, "readings": first.readings, "free": first.possible}
    return Problem(_TOO_FEW, values)


def _kinds(
    lacking: Mapping[str, int],
    names: Sequence[str],
    conflicts: Collection[ReaderPair],
    seed: str,
    done: Mapping[str, Collection[str]],
) -> list[_Kind]:
    number = {name: place for place, name in enumerate(names)}
    kept_from: dict[str, set[int]] = defaultdict(set)
    for name, file in conflicts:
        if name in number and file in lacking:
            kept_from[file].add(number[name])
    for file in lacking:
        held = {number[name] for name in done.get(file, ()) if name in number}
        if held:
            kept_from[file] |= held
    found: dict[tuple[tuple[int, ...], int], list[str]] = defaultdict(list)
    nobody: tuple[int, ...] = ()
    for file in sorted(lacking, key=lambda file: lot(seed, file)):
        barred = tuple(sorted(kept_from[file])) if file in kept_from else nobody
        found[barred, lacking[file]].append(file)
    everybody = range(len(names))
    return [
        _Kind(files, lacks, tuple(sorted(set(everybody).difference(barred))))
        for (barred, lacks), files in found.items()
    ]


class _Programme:
    """The linear programme of one assignment. Readers are numbers here."""

    def __init__(self, kinds: Sequence[_Kind], loads: Sequence[int], room: Sequence[int], seed: str) -> None:
        self.kinds, self.loads, self.seed = kinds, loads, seed
        most = [0] * len(loads)
        for kind in kinds:
            for reader in kind.free:
                most[reader] += len(kind.files)
        self.room = [min(pair) for pair in zip(room, most, strict=True)]

    def solved(self) -> list[dict[int, int]]:
        """Return for each kind how many of its files each reader gets."""
        few = FEW if len(self.kinds) > MANY_KINDS else len(self.loads)
        if not any(self.room):
            return [{} for _ in self.kinds]
        if len(self.kinds) == 1:
            return [self._of_one(self.kinds[0])]
        wanted = sum(len(kind.files) * kind.lacks for kind in self.kinds)
        impossible = sum(len(kind.files) * max(0, kind.lacks - len(kind.free)) for kind in self.kinds)
        impossible = max(impossible, wanted - sum(self.room))
        while True:
            given, missing = self._best(self._offered(few))
            if missing <= impossible or few >= len(self.loads):
                return given
            few *= 4

    def _of_one(self, kind: _Kind) -> dict[int, int]:
        """Return how many files of the only kind each reader gets, one after the other to whoever has least: without
        a choice between kinds nothing is more even. A file that goes to somebody else needs no more than this."""
        count, chance = len(kind.files), random.Random(self.seed)
        given: dict[int, int] = {}
        ready = [(self.loads[reader], chance.random(), reader) for reader in kind.free if self.room[reader]]
        heapq.heapify(ready)
        for _ in range(count * kind.lacks):
            if not ready:
                break
            load, place, reader = heapq.heappop(ready)
            given[reader] = given.get(reader, 0) + 1
            if given[reader] < min(count, self.room[reader]):
                heapq.heappush(ready, (load + 1, place, reader))
        return given

    def _offered(self, few: int) -> list[Sequence[int]]:
        """To whom each kind is offered: to all who may read it, or to some drawn from those with the least load."""
        if few >= len(self.loads):
            return [kind.free for kind in self.kinds]
        offered: list[Sequence[int]] = []
        chance = random.Random(self.seed)
        expected = [float(load) for load in self.loads]
        for kind in self.kinds:
            able = [reader for reader in kind.free if self.room[reader]]
            drawn = chance.sample(able, min(len(able), 3 * max(few, kind.lacks)))
            drawn = sorted(drawn, key=expected.__getitem__)[: max(few, kind.lacks)]
            for reader in drawn:
                expected[reader] += len(kind.files) * min(1, kind.lacks / len(drawn))
            offered.append(sorted(drawn))
        return offered

    def _best(self, offered: Sequence[Sequence[int]]) -> tuple[list[dict[int, int]], int]:
        centres = self._expected()
        for _ in range(ROUNDS):
            given, missing = self._solve(offered, centres)
            reached = list(self.loads)
            for quotas in given:
                for reader, number in quotas.items():
                    reached[reader] += number
            if all(abs(load - centre) < WINDOW for load, centre in zip(reached, centres, strict=True)):
                break
            centres = reached
        return given, missing

    def _expected(self) -> list[int]:
        """The load that each reader would reach if nothing but limits and what they hold stood between."""
        wanted = sum(len(kind.files) * kind.lacks for kind in self.kinds)
        readers = list(zip(self.loads, self.room, strict=True))
        low, high = 0, max(self.loads, default=0) + wanted
        while low < high:
            level = (low + high) // 2
            poured = sum(min(max(0, level - load), room) for load, room in readers)
            low, high = (low, level) if poured >= wanted else (level + 1, high)
        return [min(max(load, low), load + room) for load, room in readers]

    def _solve(
        self, offered: Sequence[Sequence[int]], centres: Sequence[int]
    ) -> tuple[list[dict[int, int]], int]:
        """Return what each kind gives to each reader, and how many readings are missing."""
        kinds, chance, columns = self.kinds, random.Random(self.seed), _Columns()
        ends = [load + room for load, room in zip(self.loads, self.room, strict=True)]
        # A way round the network passes each reader once at most: all its lots together are less than one file.
        least = 1 / (16 * (len(ends) + 1))
        takers: list[tuple[int, int]] = []
        for place, (kind, readers) in enumerate(zip(kinds, offered, strict=True)):
            count = len(kind.files)
            share = min(count, -(-count * kind.lacks // max(1, len(readers))))
            # A kind goes to its readers in equal parts, as far as that costs nothing else.
            for reader, (width, extra) in product(readers, ((share, 0), (count - share, 1))):
                if width:
                    into = ((place, 1), (len(kinds) + reader, 1))
                    columns.add(least * (extra + chance.random()), width, *into)
                    takers.append((place, reader))
        # Dearer than any load, so that a reading is missing only where nobody can give it.
        missing = 2 * max(ends, default=0) + 2
        for place, kind in enumerate(kinds):
            columns.add(missing, len(kind.files) * kind.lacks, (place, 1))
        for reader, (start, end) in enumerate(zip(self.loads, ends, strict=True)):
            for low, high in pairwise(_breaks(start, end, centres[reader])):
                columns.add((low + high) / 2, high - low, (len(kinds) + reader, -1))
        whole = columns.solved([len(kind.files) * kind.lacks for kind in kinds] + [0] * len(ends))
        given: list[dict[int, int]] = [{} for _ in kinds]
        for (place, reader), number in zip(takers, whole, strict=False):
            if number:
                given[place][reader] = given[place].get(reader, 0) + number
        return given, sum(whole[len(takers) : len(takers) + len(kinds)])


class _Columns:
    """The columns of a linear programme: what one of each costs, how many there may be, and where they count."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.most: list[int] = []
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.signs: list[int] = []

    def add(self, cost: float, most: int, *entries: tuple[int, int]) -> None:
        """Add a column that counts, with these signs, in these rows."""
        for row, sign in entries:
            self.rows.append(row)
            self.columns.append(len(self.costs))
            self.signs.append(sign)
        self.costs.append(cost)
        self.most.append(most)

    def solved(self, sums: Sequence[int]) -> list[int]:
        """Return how many of each column cost least in all, where each row has its sum."""
        # Imported here: a web process that assigns nothing does without its 88 MB.
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        shape = (len(sums), len(self.costs))
        found = linprog(
            self.costs,
            A_eq=csr_array((self.signs, (self.rows, self.columns)), shape=shape),
            b_eq=sums,
            bounds=[(0, most) for most in self.most],
            method="highs-ds",
        )
        if found.x is None:
            raise RuntimeError(f"no readings by the linear programme: {found.message}")
        return [round(value) for value in found.x.tolist()]


def _breaks(start: int, end: int, centre: int) -> list[int]:
    """Where the pieces of a reader's squared load begin and end: file by file near the centre, then ever wider."""
    found = {start, end, *range(max(start, centre - WINDOW), min(end, centre + WINDOW) + 1)}
    width = WINDOW
    while centre - width > start or centre + width < end:
        found |= {each for each in (centre - width, centre + width) if start < each < end}
        width *= 2
    return sorted(found)
