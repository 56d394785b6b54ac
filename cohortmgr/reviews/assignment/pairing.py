"""Which readers meet on which files, once it is said how many files each gets.

Pairs of readers share files as evenly as can be, and all are in one group of readers linked by shared files, because
reviewers can only be calibrated against each other through these. Swaps at the end change no load.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

ReaderPair = tuple[str, str]
# Of more files fewer swaps are tried.
MANY = 2_000
SWAPS_TRIED = 20_000
PARTNERS_TRIED = 24
LEVEL_ROUNDS = 3


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


def lot(seed: str, *words: str) -> bytes:
    """Return what decides between equals: drawn from the seed, and the same for the same words."""
    return hashlib.sha256("\x1f".join((seed, *words)).encode()).digest()


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


class Desk:
    """The state of one assignment: files shared by each pair, linked groups, and who holds which file.

    People and files are numbers here, in the order of their names, for there may be hundreds of thousands."""

    def __init__(
        self,
        files: Collection[str],
        names: Collection[str],
        barred: Collection[ReaderPair],
        seed: str,
        done: Mapping[str, Collection[str]],
    ) -> None:
        self.files = sorted(set(files))
        self.people = sorted({*names, *(name for held in done.values() for name in held)})
        self.number = {name: number for number, name in enumerate(self.people)}
        self.place = {file: place for place, file in enumerate(self.files)}
        self.seed, self.able = seed, len(names)
        self.barred: dict[int, set[int]] = defaultdict(set)
        for name, file in barred:
            if name in self.number and file in self.place:
                self.barred[self.place[file]].add(self.number[name])
        # Who holds a file: first those of before, as many as `kept` says, then those that were added.
        self.held: list[list[int]] = [[] for _ in self.files]
        self.shared = [[0] * len(self.people) for _ in self.people]
        self.home = list(range(len(self.people)))
        in_turn = sorted(self.number.values(), key=lambda number: lot(seed, "turn", self.people[number]))
        self.turn = sorted(range(len(in_turn)), key=in_turn.__getitem__)
        for file in sorted(done):
            for name in sorted(set(done[file])):
                self._give(self.place[file], self.number[name])
        self.kept = [len(held) for held in self.held]

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

    def added(self, file: str) -> list[str]:
        """Return who was added to a file, sorted by name."""
        return [self.people[name] for name in self._added(self.place[file])]

    def _added(self, file: int) -> list[int]:
        return sorted(self.held[file][self.kept[file] :])

    def share(self, files: Sequence[str], lacks: int, quotas: Mapping[str, int]) -> None:
        """Give files that the same people may read to as many of these as each lacks; `quotas` says how many of the
        files each reader gets, none more than there are. What the quotas leave short are the last files."""
        left = {self.number[name]: number for name, number in sorted(quotas.items()) if number}
        for done, file in enumerate(files):
            place, after = self.place[file], len(files) - done
            # Whoever is to read all that is left reads this one. They are never more than it lacks.
            now = [name for name, number in left.items() if number == after]
            for name in now:
                self._give(place, name)
            for _ in range(lacks - len(now)):
                ready = [name for name in left if name not in self.held[place]]
                if not ready:
                    break
                now.append(self._next(place, ready, left))
                self._give(place, now[-1])
            for name in now:
                left[name] -= 1
                if not left[name]:
                    del left[name]

    def _next(self, file: int, ready: Sequence[int], left: Mapping[int, int]) -> int:
        """The reader who met those of the file least often; then who links two groups, and has most left to get."""
        held, home, turn = self.held[file], self.home, self.turn
        if len(held) == 1:
            row = self.shared[held[0]]
            least = min([row[name] for name in ready])
            ready = [name for name in ready if row[name] == least]
        elif held:
            met = {name: sum(self.shared[name][other] for other in held) for name in ready}
            least = min(met.values())
            ready = [name for name in ready if met[name] == least]
        homes = {home[other] for other in held}
        return min(ready, key=lambda name: (home[name] in homes, -left[name], turn[name]))

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
        moves = [(file, name) for file in several for name in self._added(file)]
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
        chance, able = random.Random(self.seed), self.able
        places = [file for file, names in enumerate(self.held) if len(names) > max(1, self.kept[file])]
        pairs = max(1, able * (able - 1) // 2)
        # Swaps change between whom files are shared, and not how many pairs share one.
        usual = -(-sum(map(sum, self.shared)) // 2 // pairs)
        for _ in range(LEVEL_ROUNDS if len(places) > 1 else 0):
            for file in places:
                for name in self._added(file):
                    row = self.shared[name]
                    if any(row[other] > usual for other in self.held[file] if other != name):
                        self._improve(file, name, chance.choices(places, k=PARTNERS_TRIED))

    def _improve(self, file: int, name: int, partners: Sequence[int]) -> None:
        for other_file in partners:
            for other in self._added(other_file):
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
