"""Assigning readers to files: who reads which file.

The algorithm is greedy. It takes the reader with the least load, then the one whose pairs have shared the
fewest files, then one who joins groups of readers that share no file yet; a lot drawn from the seed decides
ties. Taking the least load first keeps all loads within one of each other: while the loads are m or m + 1,
the readers of the next file are first taken from those with m. Swaps at the end keep every load, make the
pairs more even and join groups that are still apart, because reviewers can only be calibrated against each
other through shared files.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from cohortmgr.base.errors import N_, Problem, Refused

ReaderPair = tuple[str, str]
SWAPS_TRIED = 20_000
PARTNERS_TRIED = 24
PAIRS_AMONG = 8
LEVEL_ROUNDS = 3

_TOO_FEW = N_(
    "Dossiers qui ont trop peu d’évaluateurs possibles : %(count)s, par exemple %(file)s (lectures demandées : "
    "%(readings)s ; évaluateurs possibles : %(free)s). Demandez à l’administration du programme d’inviter des "
    "évaluateurs. Rien n’est encore confié."
)


def assign(
    files: Sequence[str],
    reviewers: Sequence[str],
    readings: int,
    conflicts: Collection[ReaderPair],
    seed: int,
    done: Mapping[str, Collection[str]],
) -> list[ReaderPair]:
    """Return the (file, reviewer) pairs to add so that each of `files` has `readings` distinct reviewers.

    `conflicts` holds (reviewer, file) pairs that must not meet. `done` maps a file to the reviewers who
    already hold it. They are kept, and count for the file and in the loads, also for files outside of `files`
    and for reviewers who are no longer listed. The same seed gives the same result. Raises Refused naming
    every file without enough possible reviewers.
    """
    barred = set(conflicts)
    names = sorted(set(reviewers))
    order = sorted(set(files), key=lambda file: _lot(seed, file))
    _require_feasible(order, names, readings, barred, done)
    desk = _Desk(names, barred, seed, done)
    # The most constrained files choose first, so that enough readers remain to give the other files an even load.
    freedom = _freedom(order, len(names), barred)
    for file in sorted(order, key=freedom.__getitem__):
        desk.serve(file, readings)
    desk.level()
    desk.join()
    return [(file, name) for file in order for name in sorted(desk.added.get(file, ()))]


def groups(pairs: Iterable[ReaderPair], reviewers: Iterable[str] = ()) -> list[frozenset[str]]:
    """Return the groups of reviewers linked by shared files, largest first.

    One group means that all reviewers can be calibrated against each other. `pairs` are (file, reviewer).
    `reviewers` adds people who may have no file; each of them is then a group alone.
    """
    readers: dict[str, list[str]] = defaultdict(list)
    links = _Links(reviewers)
    for file, name in pairs:
        links.add(name)
        readers[file].append(name)
    for names in readers.values():
        for name in names[1:]:
            links.join(names[0], name)
    return links.groups()


def _lot(seed: int, *words: str) -> bytes:
    return hashlib.sha256("\x1f".join((str(seed), *words)).encode()).digest()


def _freedom(files: Sequence[str], reviewers: int, barred: set[ReaderPair]) -> dict[str, int]:
    free = dict.fromkeys(files, reviewers)
    for _, file in barred:
        if file in free:
            free[file] -= 1
    return free


def _require_feasible(
    files: Sequence[str],
    reviewers: Sequence[str],
    readings: int,
    barred: set[ReaderPair],
    done: Mapping[str, Collection[str]],
) -> None:
    if readings < 1:
        raise Refused(Problem(N_("Il faut au moins une lecture par dossier."), {}, "readings"))
    short: dict[str, int] = {}
    for file in files:
        held = set(done.get(file, ()))
        free = sum(1 for name in reviewers if name not in held and (name, file) not in barred)
        if free < readings - len(held):
            short[file] = free + len(held)
    if short:
        # One line, however many files: each of a hundred lacks the same people.
        file = min(short, key=lambda name: (short[name], name))
        values = {"count": len(short), "file": file, "readings": readings, "free": short[file]}
        raise Refused(Problem(_TOO_FEW, values))


class _Links:
    """Groups of reviewers, joined whenever two of them share a file (union-find)."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.parent = {name: name for name in names}

    def add(self, name: str) -> None:
        self.parent.setdefault(name, name)

    def find(self, name: str) -> str:
        while self.parent[name] != name:
            self.parent[name] = self.parent[self.parent[name]]
            name = self.parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        self.parent[self.find(one)] = self.find(other)

    def groups(self) -> list[frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for name in self.parent:
            found[self.find(name)].add(name)
        return sorted(
            (frozenset(group) for group in found.values()), key=lambda group: (-len(group), min(group))
        )


class _Desk:
    """The state of one assignment: loads, files shared by each pair, linked groups, and the pairs that were added."""

    def __init__(
        self, names: Sequence[str], barred: set[ReaderPair], seed: int, done: Mapping[str, Collection[str]]
    ) -> None:
        self.names, self.barred, self.seed = names, barred, seed
        self.held: dict[str, set[str]] = defaultdict(set)
        self.added: dict[str, set[str]] = defaultdict(set)
        self.load: dict[str, int] = dict.fromkeys(names, 0)
        self.shared: dict[frozenset[str], int] = defaultdict(int)
        self.links = _Links(names)
        self.turn = {name: _lot(seed, "turn", name) for name in names}
        for file in sorted(done):
            for name in sorted(set(done[file])):
                self._give(file, name)

    def _give(self, file: str, name: str) -> None:
        self.links.add(name)
        for other in self.held[file]:
            self.shared[frozenset((name, other))] += 1
            self.links.join(name, other)
        self.held[file].add(name)
        self.load[name] = self.load.get(name, 0) + 1

    def serve(self, file: str, readings: int) -> None:
        """Give a file the readers that it still lacks."""
        while len(self.held[file]) < readings:
            free = [n for n in self.names if n not in self.held[file] and (n, file) not in self.barred]
            least = min(self.load[name] for name in free)
            ready = [name for name in free if self.load[name] == least]
            name = self._best(file, ready, alone=not self.held[file] and readings > 1)
            self._give(file, name)
            self.added[file].add(name)

    def _best(self, file: str, ready: Sequence[str], alone: bool) -> str:
        held = self.held[file]
        if alone and len(ready) > 1:
            # The first reader of a file opens a pair, so compare whole pairs.
            few = sorted(ready, key=lambda name: _lot(self.seed, file, name))[:PAIRS_AMONG]
            return min(combinations(few, 2), key=lambda pair: self._pair_cost(*pair))[0]
        return min(ready, key=lambda name: self._cost(name, held))

    def _pair_cost(self, one: str, other: str) -> tuple[int, bool, bytes]:
        together = self.links.find(one) == self.links.find(other)
        return self.shared[frozenset((one, other))], together, min(self.turn[one], self.turn[other])

    def _cost(self, name: str, held: Collection[str]) -> tuple[int, bool, bytes]:
        home = self.links.find(name)
        met = sum(self.shared[frozenset((name, other))] for other in held)
        return met, any(self.links.find(other) == home for other in held), self.turn[name]

    def join(self) -> None:
        """Swap readers between new assignments while this leaves fewer separate groups. Loads do not change."""
        while self._apart() > 1 and self._swap_once():
            pass

    def _apart(self) -> int:
        return len(groups((file, name) for file, names in self.held.items() for name in names))

    def _swap_once(self) -> bool:
        before = self._apart()
        linked = groups((file, name) for file, names in self.held.items() for name in names)
        home = {name: index for index, group in enumerate(linked) for name in group}
        moves = [(f, n) for f in sorted(self.added) for n in sorted(self.added[f]) if len(self.held[f]) > 1]
        tried = 0
        for (file, name), (other_file, other) in combinations(moves, 2):
            if home[name] == home[other] or not self._can_swap(file, name, other_file, other):
                continue
            tried += 1
            if tried > SWAPS_TRIED:
                return False
            self._swap(file, name, other_file, other)
            if self._apart() < before:
                return True
            self._swap(file, other, other_file, name)
        return False

    def level(self) -> None:
        """Swap readers between new assignments where the pairs then share files more evenly (least squares)."""
        chance = random.Random(self.seed)
        places = [file for file in sorted(self.added) if len(self.held[file]) > 1]
        pairs = max(1, len(self.names) * (len(self.names) - 1) // 2)
        for _ in range(LEVEL_ROUNDS if len(places) > 1 else 0):
            usual = -(-sum(self.shared.values()) // pairs)
            for file in places:
                for name in sorted(self.added[file]):
                    if any(self.shared[frozenset((name, n))] > usual for n in self.held[file] if n != name):
                        self._improve(file, name, chance.choices(places, k=PARTNERS_TRIED))

    def _improve(self, file: str, name: str, partners: Sequence[str]) -> None:
        for other_file in partners:
            for other in sorted(self.added[other_file]):
                if other_file == file or not self._can_swap(file, name, other_file, other):
                    continue
                if self._swap(file, name, other_file, other) < 0:
                    return
                self._swap(file, other, other_file, name)

    def _can_swap(self, file: str, name: str, other_file: str, other: str) -> bool:
        return (
            other not in self.held[file]
            and name not in self.held[other_file]
            and (other, file) not in self.barred
            and (name, other_file) not in self.barred
        )

    def _swap(self, file: str, name: str, other_file: str, other: str) -> int:
        """Exchange two readers. Returns by how much the sum of the squared numbers of shared files changes."""
        change = 0
        for place, out, into in ((file, name, other), (other_file, other, name)):
            for names in (self.held[place], self.added[place]):
                names.remove(out)
            for colleague in self.held[place]:
                change += self._meet(out, colleague, -1) + self._meet(into, colleague, 1)
            for names in (self.held[place], self.added[place]):
                names.add(into)
        return change

    def _meet(self, one: str, other: str, files: int) -> int:
        pair = frozenset((one, other))
        before = self.shared[pair]
        self.shared[pair] = before + files
        return self.shared[pair] ** 2 - before**2
