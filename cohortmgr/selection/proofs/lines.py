"""Each candidate's line of a choice, which leads to the root on the public sheet.

It says their own row and the prices that tell its decision, and nothing of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.proofs.tree import HashTree
from cohortmgr.selection.verify import FORMAT_OF_CHOICE, VERSION


class CandidateLines:
    """The lines of a certificate of format 6 under one hash tree, in the order of their references: the place of a line
    says nothing of a rank."""

    def __init__(self, certificate: Mapping[str, Any]) -> None:
        rows = sorted(certificate["rows"], key=lambda row: row["reference"])
        drawn = set(certificate["prices"]["by_lot"])
        said = [
            line_said(certificate, row, drawn=row["reference"] in drawn, index=place, size=len(rows))
            for place, row in enumerate(rows)
        ]
        self._lines = {line["reference"]: (place, line) for place, line in enumerate(said)}
        self.tree = HashTree([canonical(line).encode() for line in said])

    @property
    def root(self) -> str:
        """The root of the tree, 64 hexadecimal digits."""
        return self.tree.root.hex()

    def line(self, reference: str) -> dict[str, Any]:
        """Return one candidate's line with its path, which `verify.py --line` checks. Raises KeyError for a reference
        that has no row."""
        place, said = self._lines[reference]
        path = [each.hex() for each in self.tree.path(place)]
        return {**said, "path": path}


SAID = ("reference", "mark", "tie", "attributes", "outcome", "by", "out")
"""What a line says of a row."""


def line_said(
    certificate: Mapping[str, Any], row: Mapping[str, Any], *, drawn: bool, index: int, size: int
) -> dict[str, Any]:
    """Return what a line says, whether a tie criterion or the lot decided (`drawn`) and its place of how many too; all
    of it is hashed. It bears the digest of the certificate, which auditors hold. Of the certificate its digest, the
    bounds of its rules and its prices are enough."""
    return {
        "format": FORMAT_OF_CHOICE,
        "version": VERSION,
        "certificate": certificate["sha256"],
        **{key: row[key] for key in SAID if key in row},
        "prices": _prices(certificate, row, drawn),
        "index": index,
        "size": size,
    }


def _prices(certificate: Mapping[str, Any], row: Mapping[str, Any], drawn: bool) -> dict[str, Any]:
    """The prices of a row's own groups; whoever is placed by right or by hand, or may not be chosen, has no sum."""
    prices, bounds = certificate["prices"], certificate["rules"]["bounds"]
    groups = [place for place, bound in enumerate(bounds) if _counts(bound["where"], row["attributes"])]
    return {
        "scale": prices["scale"],
        "threshold": prices["threshold"],
        "bounds": [
            {"where": dict(bounds[place]["where"]), "price": prices["bounds"][place]} for place in groups
        ],
        "split": _price_of_type(prices["splits"], groups),
        "drawn": drawn,
    }


def _counts(where: Mapping[str, str], attributes: Mapping[str, str]) -> bool:
    return all(attributes.get(name) == value for name, value in where.items())


def _price_of_type(splits: Sequence[Mapping[str, Any]], groups: Sequence[int]) -> int:
    return next((int(each["price"]) for each in splits if each["where"] == groups), 0)
