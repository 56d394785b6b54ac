"""Why a file was not chosen under bounds: one sum of its mark and of what its groups add tells the decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cohortmgr.base.errors import N_, Problem
from cohortmgr.selection.reasons.refusing import CriterionMark, explained, weakest


@dataclass(frozen=True)
class PricedMark:
    """A mark, what the prices of the file's groups add to it (each with the group's name in three languages), and the
    sum that a file must exceed: thousandths. The threshold is None while seats are left empty, and where all went by
    right or by hand (`all_taken`). `whole` is a price of all the file's groups together, since seats are whole."""

    mark: int
    prices: tuple[tuple[Mapping[str, str] | Problem, Fraction], ...]
    threshold: Fraction | None
    whole: Fraction = Fraction(0)
    all_taken: bool = False

    @property
    def total(self) -> Fraction:
        """The sum that tells the decision."""
        return self.mark + self.whole + sum((price for _group, price in self.prices), Fraction(0))


def reasons_by_price(
    rank: int,
    of: int,
    priced: PricedMark,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    *,
    chosen: int,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file was not chosen under bounds: its mark, what the prices of its groups add or take off, the sum
    that had to be exceeded, and the criteria that cost it most, with advice. Where few are `chosen`, what they have on
    average is not told."""
    reasons = [Problem(N_("Votre dossier est classé %(rank)s sur %(of)s."), {"rank": rank, "of": of}, "rank")]
    figures = (Fraction(priced.mark), priced.total, priced.whole, priced.threshold or Fraction(0))
    places = places_of(*figures, *(price for _group, price in priced.prices))
    mean = points(Fraction(priced.mark), places)
    reasons.append(Problem(_MARK[harmonised], {"mean": mean}, "mean"))
    for group, price in priced.prices:
        values = {"group": group, "price": points(abs(price), places)}
        reasons.append(Problem(_ADDED if price > 0 else _TAKEN_OFF, values, "price"))
    if priced.whole:
        values = {"price": points(abs(priced.whole), places)}
        reasons.append(Problem(_WHOLE_ADDED if priced.whole > 0 else _WHOLE_TAKEN_OFF, values, "price"))
    total = {"sum": points(priced.total, places)}
    if priced.threshold is None:
        reasons.append(Problem(_ALL_TAKEN if priced.all_taken else _LEFT_EMPTY, {}, "line"))
    elif priced.total == priced.threshold:
        reasons.append(Problem(_AT_THRESHOLD, total, "line"))
    else:
        reasons.append(Problem(_UNDER, {**total, "threshold": points(priced.threshold, places)}, "line"))
    return reasons + explained(harmonised) + weakest(criteria, shown, chosen)


_MARK = (
    N_("Votre moyenne est de %(mean)s sur 20."),
    N_("Votre note harmonisée est de %(mean)s sur 20."),
)
_ADDED = N_(
    "%(group)s : les règles ajoutent %(price)s à la note de chaque dossier de ce groupe, pour que leur plancher "
    "soit tenu."
)
_TAKEN_OFF = N_(
    "%(group)s : les règles retirent %(price)s à la note de chaque dossier de ce groupe, pour que leur plafond "
    "soit tenu."
)
_UNDER = N_("En tout : %(sum)s ; pour être retenu, il fallait plus de %(threshold)s.")
_AT_THRESHOLD = N_("En tout : %(sum)s, juste le seuil ; le départage a tranché.")
_LEFT_EMPTY = N_(
    "Des places restent vides : les règles de sélection n’en donnaient aucune de plus à ce dossier."
)
_ALL_TAKEN = N_(
    "Toutes les places ont été données de droit ou par la commission : aucune ne dépendait de la note."
)
_WHOLE_ADDED = N_(
    "Les places étant entières, il s’ajoute %(price)s à la note de qui est à la fois de vos groupes."
)
_WHOLE_TAKEN_OFF = N_(
    "Les places étant entières, il se retire %(price)s de la note de qui est à la fois de vos groupes."
)


def points(thousandths: Fraction, places: int = 2) -> Decimal:
    """Return thousandths as points with so many places, for display."""
    exact = Decimal(thousandths.numerator) / thousandths.denominator / 1000
    return exact.quantize(Decimal(1).scaleb(-places))


def places_of(*thousandths: Fraction) -> int:
    """Return how many places after the point write points without rounding, so that sums add up: two for tens of
    thousandths; six, rounded, where no few are enough."""
    return next(
        (
            n
            for n in (2, 3, 4, 5)
            if all((each * Fraction(10) ** (n - 3)).denominator == 1 for each in thousandths)
        ),
        6,
    )
