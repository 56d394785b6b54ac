"""The reasons that a refusal gives: a rank, what had to be exceeded, and the criteria that cost most. Pure.

Nobody's mark is told but one's own: what parts those chosen from the others is told as a mark that nobody has, and of
few people as a range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cohortmgr.base.errors import N_, Problem


@dataclass(frozen=True)
class CriterionMark:
    """A criterion as a refused person sees it: their mark, and the average mark of the chosen.

    Both are thousandths out of twenty. `title` and `advice` come from the rubric: texts in three languages,
    or one already in the reader's language, or a problem around such a text.
    """

    key: str
    title: str | Mapping[str, str]
    mark: int
    chosen: int
    advice: str | Mapping[str, str] | Problem = ""


def marks(thousandths: int) -> Decimal:
    """Convert thousandths to a decimal with two places, for display."""
    return (Decimal(thousandths) / 1000).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class PartingLine:
    """What parts those who went on from those who did not: how many went on, and in thousandths the lowest mean among
    them and the best one `below` it, None without any."""

    passed: int
    lowest: int
    below: int | None

    @property
    def threshold(self) -> Decimal:
        """A mark in points that is nobody's, between the two, with as few decimals as part them, two at least."""
        below = -1 if self.below is None else self.below
        middle = Decimal(below + self.lowest) / 2000
        told = (middle.quantize(Decimal(1).scaleb(-places)) for places in (2, 3))
        return next((each for each in told if below < each * 1000 < self.lowest), middle)


def parting_line(passed: Sequence[int], left: Iterable[int]) -> PartingLine | None:
    """Return what parts those with the means `passed` from those with the means `left`, in thousandths; None where
    nobody passed."""
    if not passed:
        return None
    lowest = min(passed)
    return PartingLine(len(passed), lowest, max((each for each in left if each < lowest), default=None))


FEW = 5
"""Of fewer people than these no figure is told: it would tell of each."""


def reason_for(
    rank: int,
    of: int,
    mean: int,
    line: PartingLine | None,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    tied: bool = False,
    *,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file was not chosen: its rank, the mark that had to be exceeded, and the criteria that cost it most,
    with advice. Of a `harmonised` mean it says what that is.

    `mean` is in thousandths out of twenty. The threshold is nobody's mark; where few were chosen it is told as a range.
    `tied` says whether the exact mean is that of the last one chosen: rounded means may be equal when exact ones are
    not."""
    reasons = [
        Problem(N_("Votre dossier est classé %(rank)s sur %(of)s."), {"rank": rank, "of": of}, "rank"),
    ]
    if line is None:
        reasons.append(Problem(N_("Aucune place n’était à pourvoir."), {}, "line"))
    elif tied:
        reasons.append(Problem(_TIED[harmonised], {"mean": marks(mean)}, "line"))
    else:
        reasons.append(_under(mean, line, _UNDER_LINE[harmonised]))
    return reasons + explained(harmonised) + weakest(criteria, shown, line.passed if line is not None else 0)


@dataclass(frozen=True)
class _LineTexts:
    """How a mark under a line is told: with the threshold, with a range, and where a thousandth does not part them."""

    threshold: str
    between: str
    close: str


def _under(mean: int, line: PartingLine, texts: _LineTexts, **more: object) -> Problem:
    threshold = line.threshold
    if mean >= line.lowest:
        return Problem(texts.close, {"mean": Decimal(mean) / 1000, **more}, "line")
    own = marks(mean) if marks(mean) < threshold else Decimal(mean) / 1000
    if line.passed < FEW:
        low = int(threshold)
        return Problem(texts.between, {"mean": own, "low": low, "high": low + 1, **more}, "line")
    return Problem(texts.threshold, {"mean": own, "threshold": threshold, **more}, "line")


# By whether the mark is harmonised.
_TIED = (
    N_("Votre moyenne, %(mean)s sur 20, est juste au seuil ; le départage a tranché."),
    N_("Votre note harmonisée, %(mean)s sur 20, est juste au seuil ; le départage a tranché."),
)
_UNDER_LINE = (
    _LineTexts(
        N_("Votre moyenne est de %(mean)s sur 20 ; pour être retenu, il fallait plus de %(threshold)s."),
        N_("Votre moyenne est de %(mean)s sur 20 ; le seuil se situait entre %(low)s et %(high)s."),
        N_("Votre moyenne est de %(mean)s sur 20, à moins d’un millième de point du seuil."),
    ),
    _LineTexts(
        N_(
            "Votre note harmonisée est de %(mean)s sur 20 ; pour être retenu, il fallait plus de %(threshold)s."
        ),
        N_("Votre note harmonisée est de %(mean)s sur 20 ; le seuil se situait entre %(low)s et %(high)s."),
        N_("Votre note harmonisée est de %(mean)s sur 20, à moins d’un millième de point du seuil."),
    ),
)
_STAYED = (
    N_("Votre dossier s’est arrêté après « %(phase)s », avec une moyenne de %(mean)s sur 20."),
    N_("Votre dossier s’est arrêté après « %(phase)s », avec une note harmonisée de %(mean)s sur 20."),
)
_STAYED_UNDER = (
    _LineTexts(
        N_(
            "Votre dossier s’est arrêté après « %(phase)s » : sa moyenne est de %(mean)s sur 20, et pour aller plus "
            "loin il fallait plus de %(threshold)s."
        ),
        N_(
            "Votre dossier s’est arrêté après « %(phase)s » : sa moyenne est de %(mean)s sur 20, et le seuil pour "
            "aller plus loin se situait entre %(low)s et %(high)s."
        ),
        _STAYED[0],
    ),
    _LineTexts(
        N_(
            "Votre dossier s’est arrêté après « %(phase)s » : sa note harmonisée est de %(mean)s sur 20, et pour aller "
            "plus loin il fallait plus de %(threshold)s."
        ),
        N_(
            "Votre dossier s’est arrêté après « %(phase)s » : sa note harmonisée est de %(mean)s sur 20, et le seuil "
            "pour aller plus loin se situait entre %(low)s et %(high)s."
        ),
        _STAYED[1],
    ),
)
# What decisions of before December 2026 say, which named the mark of one person; their pages still show it.
_SAID_BEFORE = (
    N_("Votre moyenne, %(mean)s sur 20, est celle du dernier retenu ; le départage a tranché."),
    N_("Votre note harmonisée, %(mean)s sur 20, est celle du dernier retenu ; le départage a tranché."),
    N_("Votre moyenne est de %(mean)s sur 20 ; le dernier dossier retenu a %(line)s."),
    N_("Votre note harmonisée est de %(mean)s sur 20 ; celle du dernier dossier retenu est de %(line)s."),
    N_(
        "Votre dossier s’est arrêté après « %(phase)s » : sa moyenne est de %(mean)s sur 20, et le dernier à aller "
        "plus loin avait %(line)s."
    ),
    N_(
        "Votre dossier s’est arrêté après « %(phase)s » : sa note harmonisée est de %(mean)s sur 20, et celle du "
        "dernier à aller plus loin était de %(line)s."
    ),
)
_HARMONISED = N_(
    "Note harmonisée (péréquation) : la sévérité de chaque personne qui a lu est retirée de ses notes, et une note qui "
    "repose sur peu de lectures est rapprochée de la moyenne, par un calcul qui est le même pour tous les dossiers. La "
    "commission l’a choisi ; elle décide, et non le calcul."
)


def explained(harmonised: bool) -> list[Problem]:
    """Return what a harmonised mark is, where one counts."""
    return [Problem(_HARMONISED, {}, "harmonised")] if harmonised else []


def weakest(criteria: Sequence[CriterionMark], shown: int, chosen: int) -> list[Problem]:
    """Return the criteria that cost a file most against those chosen, with advice; as many as are to be shown. Where
    few are `chosen`, their average is not told."""
    found = sorted((c for c in criteria if c.mark < c.chosen), key=lambda c: (c.mark - c.chosen, c.key))
    return [_weakness(criterion, chosen >= FEW) for criterion in found[:shown]]


def reason_to_knock_out(
    title: Mapping[str, str], mean: Fraction, limit: Decimal, high: int, advice: str | Problem = ""
) -> Problem:
    """Return why a file was not chosen whatever its rank: the mean of its readings on one criterion, in points of a
    scale that ends at `high`."""
    shown = (Decimal(mean.numerator) / mean.denominator).quantize(Decimal("0.01"))
    if shown >= limit:  # rounded up to what it falls short of
        shown = (Decimal(mean.numerator) / mean.denominator).quantize(Decimal("0.00001"))
    values = {"criterion": title, "mark": shown, "limit": limit, "high": high, "advice": advice}
    if advice:
        text = N_(
            "%(criterion)s : les lectures de votre dossier donnent %(mark)s sur %(high)s ; il faut au moins %(limit)s. "
            "%(advice)s"
        )
    else:
        text = N_(
            "%(criterion)s : les lectures de votre dossier donnent %(mark)s sur %(high)s ; il faut au moins %(limit)s."
        )
    return Problem(text, values, "knocked_out")


def reasons_to_stay(
    rank: int,
    of: int,
    phase: Mapping[str, str] | Problem,
    mean: int,
    line: PartingLine | None,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    *,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file went no further than a phase: its rank, the mark so far that had to be exceeded, unless none
    parts them, and the criteria that cost it most against those who went on, with advice. Of a `harmonised` mean it
    says what that is."""
    reasons = [Problem(N_("Votre dossier est classé %(rank)s sur %(of)s."), {"rank": rank, "of": of}, "rank")]
    if line is None or mean >= line.lowest:
        values: dict[str, object] = {"phase": phase, "mean": marks(mean)}
        reasons.append(Problem(_STAYED[harmonised], values, "line"))
    else:
        reasons.append(_under(mean, line, _STAYED_UNDER[harmonised], phase=phase))
    return reasons + explained(harmonised) + weakest(criteria, shown, line.passed if line is not None else 0)


def reason_of_absence(phase: Mapping[str, str] | Problem) -> Problem:
    """Return why a file was not chosen whose person did not come."""
    return Problem(N_("Vous n’étiez pas là : « %(phase)s »."), {"phase": phase}, "absent")


def _weakness(criterion: CriterionMark, tells_average: bool) -> Problem:
    values: dict[str, object] = {
        "criterion": criterion.title,
        "mark": marks(criterion.mark),
        "advice": criterion.advice,
    }
    if tells_average:
        values["chosen"] = marks(criterion.chosen)
    return Problem(_WEAK[tells_average][bool(criterion.advice)], values, criterion.key)


# By whether the average of those chosen is told, and whether there is advice.
_WEAK = (
    (N_("%(criterion)s : %(mark)s sur 20."), N_("%(criterion)s : %(mark)s sur 20. %(advice)s")),
    (
        N_("%(criterion)s : %(mark)s sur 20, contre %(chosen)s pour les dossiers retenus."),
        N_("%(criterion)s : %(mark)s sur 20, contre %(chosen)s pour les dossiers retenus. %(advice)s"),
    ),
)
