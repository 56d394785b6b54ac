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
    """The rows of one part in the order of their references, the first of these, and the root of its own tree."""

    first: str
    root: bytes
    rows: Sequence[Mapping[str, Any]]


def parts_of(certificate: Mapping[str, Any]) -> Iterator[LinesPart]:
    """Yield the parts of a certificate of format 6, one after the other."""
    rows = sorted(certificate["rows"], key=lambda row: row["reference"])
    drawn = set(certificate["prices"]["by_lot"])
    frame = _frame(certificate)
    for start in range(0, len(rows), PART):
        kept = [_row(each, drawn) for each in rows[start : start + PART]]
        yield LinesPart(kept[0]["reference"], _tree(frame, kept, start, len(rows)).root, kept)


@dataclass(frozen=True)
class LinesIndex:
    """What leads from a reference to its part, and from a part to the root: the first reference and the root of each
    part, the number of lines, and of the certificate what lines say (`frame`)."""

    frame: Mapping[str, Any]
    size: int
    firsts: Sequence[str]
    roots: Sequence[str]

    @classmethod
    def of(cls, certificate: Mapping[str, Any], firsts: Sequence[str], roots: Sequence[bytes]) -> LinesIndex:
        """The index over the parts of a certificate."""
        return cls(_frame(certificate), len(certificate["rows"]), firsts, [each.hex() for each in roots])

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

    def line(self, reference: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a line with its path, as `CandidateLines.line` does, from the rows of its part. Raises KeyError for a
        reference that has no row there."""
        part = self.part_of(reference)
        place = next((place for place, row in enumerate(rows) if row["reference"] == reference), None)
        if place is None:
            raise KeyError(reference)
        start = part * PART
        within = _tree(self.frame, rows, start, self.size).path(place)
        path = [each.hex() for each in (*within, *self._above().path(part))]
        return {**_said(self.frame, rows[place], start + place, self.size), "path": path}

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
