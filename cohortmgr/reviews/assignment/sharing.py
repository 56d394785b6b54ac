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
from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from cohortmgr.base.errors import N_, Problem, Refused

ReaderPair = tuple[str, str]
# Of more files the lots are drawn by a generator, and no longer one for each file and reader.
MANY = 2_000
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
    desk = _Desk(order, names, barred, seed, done)
    # The most constrained files choose first, so that enough readers remain to give the other files an even load.
    freedom = _freedom(order, len(names), barred)
    for file in sorted(order, key=freedom.__getitem__):
        desk.serve(desk.place[file], readings)
    desk.level()
    desk.join()
    return [(file, desk.people[name]) for file in order for name in desk.added(desk.place[file])]


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
    kept_from: dict[str, set[str]] = defaultdict(set)
    for name, file in barred:
        kept_from[file].add(name)
    able = set(reviewers)
    for file in files:
        held = set(done.get(file, ()))
        free = len(able) - len(able & (held | kept_from.get(file, set())))
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
    """The state of one assignment: loads, files shared by each pair, linked groups, and who holds which file.

    People and files are numbers here, in the order of their names, for there may be hundreds of thousands."""

    def __init__(
        self,
        files: Collection[str],
        names: Sequence[str],
        barred: set[ReaderPair],
        seed: int,
        done: Mapping[str, Collection[str]],
    ) -> None:
        self.files = sorted({*files, *done})
        self.people = sorted({*names, *(name for held in done.values() for name in held)})
        self.number = {name: number for number, name in enumerate(self.people)}
        self.place = {file: place for place, file in enumerate(self.files)}
        self.seed, self.chance = seed, random.Random(seed) if len(files) > MANY else None
        self.barred: dict[int, set[int]] = defaultdict(set)
        for name, file in barred:
            if name in self.number and file in self.place:
                self.barred[self.place[file]].add(self.number[name])
        # Who holds a file: first those of before, as many as `kept` says, then those that were added.
        self.held: list[list[int]] = [[] for _ in self.files]
        self.shared = [[0] * len(self.people) for _ in self.people]
        self.home = list(range(len(self.people)))
        in_turn = sorted(self.number.values(), key=lambda number: _lot(seed, "turn", self.people[number]))
        self.turn = sorted(range(len(in_turn)), key=in_turn.__getitem__)
        load = [0] * len(self.people)
        for file in sorted(done):
            for name in sorted(set(done[file])):
                self._give(self.place[file], self.number[name])
                load[self.number[name]] += 1
        self.kept = [len(held) for held in self.held]
        # Those who may be given files, by the number that they have.
        self.levels: dict[int, list[int]] = defaultdict(list)
        for name in names:
            self.levels[load[self.number[name]]].append(self.number[name])

    def _give(self, file: int, name: int) -> None:
        row = self.shared[name]
        for other in self.held[file]:
            row[other] += 1
            self.shared[other][name] += 1
            self._link(name, other)
        self.held[file].append(name)

    def _link(self, one: int, other: int) -> None:
        mine, theirs = self.home[one], self.home[other]
        if mine != theirs:
            self.home = [theirs if home == mine else home for home in self.home]

    def added(self, file: int) -> list[int]:
        """Return who was added to a file, in the order of their names."""
        return sorted(self.held[file][self.kept[file] :])

    def serve(self, file: int, readings: int) -> None:
        """Give a file the readers that it still lacks."""
        held, barred = self.held[file], self.barred.get(file, ())
        while len(held) < readings:
            load, ready = self._ready(held, barred)
            if not held and readings > 1 and len(ready) > 1:
                name = self._opening(file, ready)
            elif len(held) == 1:
                name = self._beside(held[0], ready)
            else:
                name = min(ready, key=lambda name: self._cost(name, held))
            self._give(file, name)
            self.levels[load].remove(name)
            insort(self.levels[load + 1], name)

    def _ready(self, held: Collection[int], barred: Collection[int]) -> tuple[int, list[int]]:
        """Return those with the least load of all who may read a file, and that load."""
        for load in sorted(self.levels):
            ready = [name for name in self.levels[load] if name not in held and name not in barred]
            if ready:
                return load, ready
            if not self.levels[load]:
                del self.levels[load]
        raise AssertionError("who may read was counted before")

    def _opening(self, file: int, ready: list[int]) -> int:
        """Return the first reader of a file, who opens a pair: whole pairs are compared, of a few drawn by lot."""
        if self.chance is not None:
            few = self.chance.sample(ready, min(PAIRS_AMONG, len(ready)))
        else:
            few = sorted(ready, key=lambda name: _lot(self.seed, self.files[file], self.people[name]))
            few = few[:PAIRS_AMONG]
        home, turn, best, found = self.home, self.turn, None, few[0]
        for place, one in enumerate(few):
            row = self.shared[one]
            for other in few[place + 1 :]:
                met = row[other]
                if best is not None and met > best[0]:
                    continue
                cost = (met, home[one] == home[other], min(turn[one], turn[other]))
                if best is None or cost < best:
                    best, found = cost, one
        return found

    def _beside(self, first: int, ready: Sequence[int]) -> int:
        """Do what `_cost` says for a file with one reader, as most have."""
        row, home, turn = self.shared[first], self.home, self.turn
        least = min([row[name] for name in ready])
        few = [name for name in ready if row[name] == least]
        return min(few, key=lambda name: (home[name] == home[first], turn[name]))

    def _cost(self, name: int, held: Collection[int]) -> tuple[int, bool, int]:
        row, home = self.shared[name], self.home[name]
        return sum(row[other] for other in held), any(self.home[o] == home for o in held), self.turn[name]

    def join(self) -> None:
        """Swap readers between new assignments while this leaves fewer separate groups. Loads do not change."""
        while self._apart() > 1 and self._swap_once():
            pass

    def _groups(self) -> dict[int, int]:
        """Return the group of each person who holds a file, by any number of that group."""
        links = list(range(len(self.people)))
        for first, other in {(names[0], other) for names in self.held if names for other in names}:
            if links[first] != links[other]:
                mine, theirs = links[first], links[other]
                links = [theirs if link == mine else link for link in links]
        return {name: links[name] for names in self.held for name in names}

    def _apart(self) -> int:
        return len(set(self._groups().values()))

    def _swap_once(self) -> bool:
        home = self._groups()
        before, tried = len(set(home.values())), 0
        several = [file for file, names in enumerate(self.held) if len(names) > 1]
        moves = [(file, name) for file in several for name in self.added(file)]
        most = min(SWAPS_TRIED, SWAPS_TRIED * MANY // max(1, len(self.files)))
        for (file, name), (other_file, other) in combinations(moves, 2):
            if home[name] == home[other] or not self._can_swap(file, name, other_file, other):
                continue
            tried += 1
            if tried > most:
                return False
            self._swap(file, name, other_file, other)
            if self._apart() < before:
                return True
            self._swap(file, other, other_file, name)
        return False

    def level(self) -> None:
        """Swap readers between new assignments where the pairs then share files more evenly (least squares)."""
        chance, able = random.Random(self.seed), sum(map(len, self.levels.values()))
        places = [file for file, names in enumerate(self.held) if len(names) > max(1, self.kept[file])]
        pairs = max(1, able * (able - 1) // 2)
        # Swaps change between whom files are shared, and not how many pairs share one.
        usual = -(-sum(map(sum, self.shared)) // 2 // pairs)
        for _ in range(LEVEL_ROUNDS if len(places) > 1 else 0):
            for file in places:
                for name in self.added(file):
                    row = self.shared[name]
                    if any(row[other] > usual for other in self.held[file] if other != name):
                        self._improve(file, name, chance.choices(places, k=PARTNERS_TRIED))

    def _improve(self, file: int, name: int, partners: Sequence[int]) -> None:
        for other_file in partners:
            for other in self.added(other_file):
                if other_file == file or not self._can_swap(file, name, other_file, other):
                    continue
                if self._swap(file, name, other_file, other) < 0:
                    return
                self._swap(file, other, other_file, name)

    def _can_swap(self, file: int, name: int, other_file: int, other: int) -> bool:
        return (
            other not in self.held[file]
            and name not in self.held[other_file]
            and other not in self.barred.get(file, ())
            and name not in self.barred.get(other_file, ())
        )

    def _swap(self, file: int, name: int, other_file: int, other: int) -> int:
        """Exchange two readers. Returns by how much the sum of the squared numbers of shared files changes."""
        change = 0
        for place, out, into in ((file, name, other), (other_file, other, name)):
            names = self.held[place]
            for colleague in names:
                if colleague != out:
                    change += self._meet(out, colleague, -1) + self._meet(into, colleague, 1)
            names[names.index(out, self.kept[place])] = into
        return change

    def _meet(self, one: int, other: int, files: int) -> int:
        before = self.shared[one][other]
        self.shared[one][other] = self.shared[other][one] = before + files
        return (before + files) ** 2 - before**2
