"""The public sheet of a choice: rules, prices, threshold, counts by bounded group, and a root.

Under the root candidates find their own lines. The sheet holds no row, and no small count can be worked out from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.selection.proofs.disclosure import CHOSEN_ONES, FILES, DisclosureTable, KnownInterval
from cohortmgr.selection.verify import CHOSEN, FORMAT_OF_CHOICE, VERSION


def public_sheet(certificate: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Return the sheet of a certificate of format 6 that verifies; `root` is that of its candidates' lines.

    A count that may not be shown is None. What a bound that binds tells by itself is told, since rules and prices are
    on the sheet. How many people soft bounds miss in all is left out, since that is a small count; and so are the
    references decided by a tie criterion or the lot, since each line says it of itself. Of a seal it says when, and not
    who: that two people sealed is the certificate's to say, to auditors."""
    prices, bounds = certificate["prices"], certificate["rules"]["bounds"]
    cells = _cells(bounds, certificate["rows"])
    table = DisclosureTable(cells, _known(certificate))
    shown = table.shown()
    return {
        "format": FORMAT_OF_CHOICE,
        "version": VERSION,
        "rule": certificate["rule"],
        "rules": _rules(certificate["rules"]),
        "seats": certificate["seats"],
        "filled": certificate["filled"],
        "waiting": certificate["waiting"],
        "seed": certificate["seed"],
        "prices": {key: prices[key] for key in ("scale", "bounds", "threshold", "splits")},
        "groups": [
            {
                column: table.value(table.row(table.of_group(place), column))
                if (place, column) in shown
                else None
                for column in (FILES, CHOSEN_ONES)
            }
            for place in range(len(bounds))
        ],
        "files": len(certificate["rows"]),
        "certificate": certificate["sha256"],
        "root": root,
    }


def _rules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules without the names of those who sealed and changed them, and without what was sealed, which counts those
    who enter by right."""
    said = {key: value for key, value in rules.items() if key not in ("sealed_by", "sealed")}
    if "changes" in said:
        # A reason may speak of a person: the certificate has it, and everybody may read a sheet.
        said["changes"] = [{"on": each["on"]} for each in said["changes"]]
    return said


def _cells(
    bounds: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[int, ...], tuple[int, int]]:
    """How many of each type are chosen, and how many are not."""
    counted: Counter[tuple[tuple[int, ...], bool]] = Counter()
    for row in rows:
        has = row["attributes"].items()
        groups = tuple(place for place, each in enumerate(bounds) if each["where"].items() <= has)
        counted[groups, row["outcome"] == CHOSEN] += 1
    return {groups: (counted[groups, True], counted[groups, False]) for groups, _ in counted}


def _known(certificate: Mapping[str, Any]) -> list[KnownInterval]:
    """What rules and prices tell of each group's number chosen: a hard bound holds, and one with a price binds."""
    found = []
    for bound, price in zip(certificate["rules"]["bounds"], certificate["prices"]["bounds"], strict=True):
        low = bound["at_least"] or 0 if bound["hard"] else 0
        high = bound["at_most"] if bound["hard"] else None
        if price > 0:
            high = bound["at_least"]
        elif price < 0:
            low = bound["at_most"]
        found.append(KnownInterval(low, high))
    return found
