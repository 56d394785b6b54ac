"""Why a file got no seat where seats of several offerings were given by wishes: wish by wish, in true words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from cohortmgr.base.errors import N_, Problem
from cohortmgr.selection.joint.allotted import Allotment
from cohortmgr.selection.ranking import RankedCandidate
from cohortmgr.selection.reasons.priced import places_of, points
from cohortmgr.selection.reasons.refusing import FEW, CriterionMark, PartingLine, explained, weakest

_RANK = N_("Votre dossier est classé %(rank)s sur %(of)s.")
_MARK = (
    N_("Votre moyenne est de %(mean)s sur 20."),
    N_("Votre note harmonisée est de %(mean)s sur 20."),
)
_BETTER = N_(
    "« %(offering)s » : les places que la note y donnait sont allées à des dossiers mieux classés ; il fallait plus de "
    "%(threshold)s sur 20."
)
_BETTER_FEW = N_(
    "« %(offering)s » : les places que la note y donnait sont allées à des dossiers mieux classés ; le seuil se "
    "situait entre %(low)s et %(high)s sur 20."
)
_TIED = N_(
    "« %(offering)s » : les places que la note y donnait sont allées à des dossiers mieux classés ; votre note est "
    "juste au seuil, et le départage a tranché."
)
_BOUNDED = N_(
    "« %(offering)s » : ses places sont allées à d’autres dossiers, selon les notes et les bornes scellées de ce choix."
)
_LEFT_EMPTY = N_(
    "« %(offering)s » : des places restent vides, et les bornes scellées de ce choix n’en donnaient aucune à ce "
    "dossier."
)
_ALL_TAKEN = N_(
    "« %(offering)s » : toutes ses places ont été données de droit ou par la commission ; aucune ne dépendait de la "
    "note."
)
_UNSEALED = N_("« %(offering)s » : les règles scellées de cette campagne ne lui donnent pas de places.")
_NO_WISH = N_("Aucun de vos choix n’est proposé dans cette campagne.")


def reasons_by_wish(
    allotted: Allotment,
    row: RankedCandidate,
    of: int,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    *,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file got no seat: its rank and mark, what became of each offering that it wished for, and the
    criteria that cost it most, with advice."""
    wishes = allotted.rules.wishes.get(row.reference, ())
    reasons = [
        Problem(_RANK, {"rank": row.rank, "of": of}, "rank"),
        Problem(
            _MARK[harmonised], {"mean": points(Fraction(row.mean), places_of(Fraction(row.mean)))}, "mean"
        ),
    ]
    reasons += [_of_wish(allotted, row, each) for each in wishes] or [Problem(_NO_WISH, {}, "line")]
    if not allotted.rules.wished(row.reference):
        return reasons  # no mark would have helped
    return [*reasons, *explained(harmonised), *weakest(criteria, shown, len(allotted.chosen))]


def _of_wish(allotted: Allotment, row: RankedCandidate, key: str) -> Problem:
    rules, values = allotted.rules, {"offering": allotted.rules.title(key)}
    if key not in rules.offerings:
        return Problem(_UNSEALED, values, "line")
    if len(allotted.views[key].got) < rules.offerings[key]:
        return Problem(_LEFT_EMPTY, values, "line")
    if key not in allotted.lines:
        return Problem(_ALL_TAKEN, values, "line")
    if key in allotted.bounded_offerings:
        return Problem(_BOUNDED, values, "line")
    return _under_line(row.mean, allotted.lines[key], values)


def _under_line(mean: int, line: PartingLine, values: Mapping[str, object]) -> Problem:
    if mean >= line.lowest:
        return Problem(_TIED, values, "line")
    if line.passed < FEW:
        low = int(line.threshold)
        return Problem(_BETTER_FEW, {**values, "low": low, "high": low + 1}, "line")
    return Problem(_BETTER, {**values, "threshold": line.threshold}, "line")
