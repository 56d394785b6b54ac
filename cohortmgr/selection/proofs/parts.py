"""The lines of a large intake in parts, so that one line and its path are found without the rest.

A part holds the rows of 256 neighbours; its own hash tree stands whole in the tree over all lines, since 256 is a power
of two (RFC 9162, 2.1). So a path is that within the part, then that over the roots of all parts: two small pieces are
read, whatever the number of files.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.proofs.lines import SAID, line_said
from cohortmgr.selection.proofs.tree import HashTree

PART = 256
"""How many lines stand in one part: a power of two."""


@dataclass(frozen=True)
class LinesPart:
    """The rows of one part in the order of their references, and its own tree over their lines."""

    rows: Sequence[Mapping[str, Any]]
    tree: HashTree

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, from which `LinesIndex.line` reads a line without hashing the others anew."""
        return {"rows": self.rows, "hashes": [each.hex() for each in self.tree.leaves]}


@dataclass(frozen=True)
class LinesIndex:
    """What leads from a reference to its part, and from a part to the root: the first reference and the root of each
    part, the number of lines, and of the certificate what lines say (`frame`)."""

    frame: Mapping[str, Any]
    size: int
    firsts: Sequence[str]
    roots: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, for the row that keeps it; `LinesIndex(**kept)` reads it."""
        return {
            "frame": self.frame,
            "size": self.size,
            "firsts": list(self.firsts),
            "roots": list(self.roots),
        }

    @property
    def root(self) -> str:
        """The root over all lines, 64 hexadecimal digits."""
        return self._above().root.hex()

    def part_of(self, reference: str) -> int:
        """The place of the part in which a reference would stand."""
        return max(0, bisect_right(self.firsts, reference) - 1)

    def line(self, reference: str, part: Mapping[str, Any]) -> dict[str, Any]:
        """Return a line with its path, as `CandidateLines.line` does, from its part as that is kept. Raises KeyError
        for a reference that has no row there."""
        rows = part.get("rows", ())
        within = next((place for place, row in enumerate(rows) if row["reference"] == reference), None)
        if within is None:
            raise KeyError(reference)
        place = self.part_of(reference)
        below = HashTree([bytes.fromhex(each) for each in part["hashes"]], hashed=True)
        path = [each.hex() for each in (*below.path(within), *self._above().path(place))]
        return {**_said(self.frame, rows[within], place * PART + within, self.size), "path": path}

    def _above(self) -> HashTree:
        return HashTree([bytes.fromhex(each) for each in self.roots], hashed=True)


def _frame(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """What lines say of a certificate besides a row."""
    prices = certificate["prices"]
    return {
        "sha256": certificate["sha256"],
        "rules": {"bounds": [{"where": dict(each["where"])} for each in certificate["rules"]["bounds"]]},
        "prices": {key: prices[key] for key in ("scale", "bounds", "threshold", "splits")},
    }


def _row(row: Mapping[str, Any], drawn: set[str]) -> dict[str, Any]:
    kept = {key: row[key] for key in SAID if key in row}
    return kept | ({"drawn": True} if row["reference"] in drawn else {})


def _said(frame: Mapping[str, Any], row: Mapping[str, Any], index: int, size: int) -> dict[str, Any]:
    return line_said(frame, row, drawn=row.get("drawn", False), index=index, size=size)


def _tree(frame: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], start: int, size: int) -> HashTree:
    said = (_said(frame, row, start + place, size) for place, row in enumerate(rows))
    return HashTree([canonical(each).encode() for each in said])


class PartedLines:
    """The lines of a certificate of format 6 part by part, each hashed when it is asked for and then let go; what leads
    to them (`index`) is known once all were."""

    def __init__(self, certificate: Mapping[str, Any]) -> None:
        self._certificate = certificate
        self._firsts: list[str] = []
        self._roots: list[bytes] = []

    def __iter__(self) -> Iterator[LinesPart]:
        rows = sorted(self._certificate["rows"], key=lambda row: row["reference"])
        drawn = set(self._certificate["prices"]["by_lot"])
        frame = _frame(self._certificate)
        self._firsts, self._roots = [], []
        for start in range(0, len(rows), PART):
            kept = [_row(each, drawn) for each in rows[start : start + PART]]
            tree = _tree(frame, kept, start, len(rows))
            self._firsts.append(kept[0]["reference"])
            self._roots.append(tree.root)
            yield LinesPart(kept, tree)

    @property
    def index(self) -> LinesIndex:
        """The index over all parts. Raises ValueError before the last was asked for."""
        size = len(self._certificate["rows"])
        if len(self._roots) != -(-size // PART):
            raise ValueError("some parts were not asked for yet")
        return LinesIndex(_frame(self._certificate), size, self._firsts, [each.hex() for each in self._roots])
