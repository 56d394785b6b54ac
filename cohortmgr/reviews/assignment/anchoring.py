"""Anchor files: a few that everybody reads first, so that all readers can be compared, and how far they agree. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cohortmgr.reviews.assignment.pairing import ReaderPair, lot

# Of every so many files one at most is an anchor.
ONE_OF = 10


def anchors_of(
    files: Collection[str], people: Collection[str], barred: Collection[ReaderPair], seed: str, number: int
) -> list[str]:
    """Return which files everybody reads: those barred to the fewest, by lot among equals."""
    closed: dict[str, int] = defaultdict(int)
    able = set(people)
    for name, file in barred:
        closed[file] += name in able
    chosen = sorted(files, key=lambda file: (closed[file], lot(seed, "anchor", file)))
    return sorted(chosen[: min(number, len(files) // ONE_OF)])


def anchor_pairs(
    anchors: Sequence[str],
    people: Collection[str],
    barred: Collection[ReaderPair],
    done: Mapping[str, Collection[str]],
    limits: Mapping[str, int],
) -> list[ReaderPair]:
    """Return (file, reader) for all who may read an anchor and do not hold it; nobody gets more than their limit."""
    closed, loads = set(barred), dict.fromkeys(people, 0)
    for held in done.values():
        for name in set(held) & loads.keys():
            loads[name] += 1
    found = []
    for file in anchors:
        for name in sorted(people):
            free = name not in done.get(file, ()) and (name, file) not in closed
            if free and loads[name] < limits.get(name, loads[name] + 1):
                loads[name] += 1
                found.append((file, name))
    return found


@dataclass(frozen=True)
class AnchorFile:
    """How the readers of one anchor marked it, in thousandths out of twenty; None until two have."""

    number: str
    readings: int
    mean: int | None
    lowest: int | None
    highest: int | None

    @property
    def spread(self) -> int | None:
        """The difference of the highest and the lowest total."""
        return None if self.lowest is None or self.highest is None else self.highest - self.lowest


@dataclass(frozen=True)
class AnchorReader:
    """How far a reader lies from the others on the anchors that they have read, on average, in thousandths; None where
    nobody else has."""

    reference: str
    name: str
    readings: int
    deviation: int | None


@dataclass(frozen=True)
class Agreement:
    """The spread of marks on the anchors, file by file and reader by reader."""

    files: Sequence[AnchorFile]
    readers: Sequence[AnchorReader]


def agreement_on(
    anchors: Iterable[str], names: Mapping[str, str], totals: Iterable[tuple[str, str, int]]
) -> Agreement:
    """Return how far readers agree; `totals` are (file, reader's reference, total) of what was handed in, and `names`
    those of everybody who is to read."""
    marks: dict[str, dict[str, int]] = defaultdict(dict)
    for file, reader, total in totals:
        marks[file][reader] = total
    files, apart = [], defaultdict[str, list[float]](list)
    for file in sorted(anchors):
        given = marks[file]
        several = len(given) > 1
        whole = sum(given.values())
        mean = round(whole / len(given)) if several else None
        lowest, highest = (min(given.values()), max(given.values())) if several else (None, None)
        files.append(AnchorFile(file, len(given), mean, lowest, highest))
        for reader, total in given.items() if several else ():
            apart[reader].append(total - (whole - total) / (len(given) - 1))
    done = {reader: sum(reader in marks[file.number] for file in files) for reader in names}
    readers = [
        AnchorReader(
            reader,
            names[reader],
            done[reader],
            round(sum(apart[reader]) / len(apart[reader])) if apart[reader] else None,
        )
        for reader in sorted(names, key=lambda reader: (names[reader], reader))
    ]
    return Agreement(files, readers)
