"""The sum by which a candidate's line tells its decision: the mark, what each group adds or takes off, the threshold.

Exact: fractions of a thousandth of a point. It is worked out from the line alone, as whoever downloads it would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cohortmgr.base.errors import N_, Problem
from cohortmgr.selection.reasons.priced import places_of, points
from cohortmgr.selection.verify import CHOSEN, HAND, KNOCKED_OUT, RIGHT, WAITING

_OUTRIGHT = {
    RIGHT: N_(
        "Une place de droit : les règles scellées la donnent quelle que soit la note, il n’y a pas de somme à refaire."
    ),
    HAND: N_(
        "La commission a décidé elle-même de ce dossier, quelle que soit la note : il n’y a pas de somme à refaire."
    ),
}
_KNOCKED_OUT = N_("Un critère éliminatoire a écarté ce dossier, quelle que soit la somme.")
_SHORT = N_("Ce dossier s’est arrêté avant la dernière étape : il n’était pas de ceux que la somme compare.")
_NO_THRESHOLD = N_(
    "Il n’y a pas de seuil : des places restent vides, ou tous ceux que les règles permettent de retenir le sont."
)
_EQUAL_TO_OTHERS = N_(
    "La somme est juste le seuil, comme celle d’autres dossiers : les critères de départage, puis le tirage au sort, "
    "ont décidé entre eux."
)
_OVER = N_("Cette somme dépasse le seuil : le dossier est retenu.")
_UNDER = N_("Cette somme ne dépasse pas le seuil : le dossier n’est pas retenu.")
_UNDER_WAITING = N_("Cette somme ne dépasse pas le seuil : le dossier va sur la liste d’attente.")


@dataclass(frozen=True)
class LineSum:
    """The numbers of a line in thousandths: its mark, the price of each of its groups in order, that of its whole type
    (nought for most), the sum, and the threshold or None. `telling` says what decides in words."""

    mark: int
    prices: tuple[Fraction, ...]
    whole: Fraction
    threshold: Fraction | None
    is_compared: bool
    telling: Problem

    @property
    def total(self) -> Fraction:
        """The mark with all that is added or taken off."""
        return self.mark + self.whole + sum(self.prices, Fraction(0))

    @property
    def places(self) -> int:
        """How many places after the point a page needs so that sum and threshold are told apart."""
        return _places(self.total, self.threshold)


def sum_of(line: Mapping[str, Any]) -> LineSum:
    """Return the sum of a line that `verify.line_findings` accepts."""
    prices = line["prices"]
    scale, limit = prices["scale"], prices["threshold"]
    own = tuple(Fraction(each["price"], scale) for each in prices["bounds"])
    whole = Fraction(prices["split"], scale)
    threshold = None if limit is None else Fraction(limit, scale)
    is_compared = "by" not in line and "out" not in line
    return LineSum(line["mark"], own, whole, threshold, is_compared, _telling(line, threshold))


def _telling(line: Mapping[str, Any], threshold: Fraction | None) -> Problem:
    if "by" in line:
        return Problem(_OUTRIGHT[line["by"]])
    if "out" in line:
        return Problem(_KNOCKED_OUT if line["out"] == KNOCKED_OUT else _SHORT)
    if threshold is None:
        return Problem(_NO_THRESHOLD)
    if line["prices"]["drawn"]:
        return Problem(_EQUAL_TO_OTHERS)
    return Problem({CHOSEN: _OVER, WAITING: _UNDER_WAITING}.get(line["outcome"], _UNDER))


def _places(total: Fraction, threshold: Fraction | None) -> int:
    if threshold is None or total == threshold:
        return places_of(total)
    least = max(places_of(total), places_of(threshold))
    return next((n for n in range(least, 12) if points(total, n) != points(threshold, n)), 12)


@dataclass(frozen=True)
class SheetPrices:
    """The prices of a public sheet in thousandths, by the place of their bound, and those of whole types as
    (places of their bounds, price); the threshold, or None."""

    bounds: tuple[Fraction, ...]
    whole: tuple[tuple[tuple[int, ...], Fraction], ...]
    threshold: Fraction | None

    @property
    def places(self) -> int:
        """How many places after the point write all of them."""
        known = (self.threshold,) if self.threshold is not None else ()
        return places_of(*known, *self.bounds, *(price for _groups, price in self.whole))


def prices_of(sheet: Mapping[str, Any]) -> SheetPrices:
    """Return the prices of a sheet as numbers."""
    prices = sheet["prices"]
    scale, limit = prices["scale"], prices["threshold"]
    return SheetPrices(
        tuple(Fraction(price, scale) for price in prices["bounds"]),
        tuple((tuple(each["where"]), Fraction(each["price"], scale)) for each in prices["splits"]),
        None if limit is None else Fraction(limit, scale),
    )
