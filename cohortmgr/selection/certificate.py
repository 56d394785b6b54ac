"""The certificate of a selection, which anyone can recompute: integers only, canonical JSON, SHA-256."""

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.base.errors import Problem
from cohortmgr.selection.ranking import RankedCandidate, Ranking, cut
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.verify import (
    CHOSEN,
    REFUSED,
    RULE,
    WAITING,
    WORDS,
    canonical,
    digest,
    fault,
    findings,
    format_of,
)

__all__ = ["canonical", "certificate", "digest", "outcomes_of", "verify"]

# What a certificate says of a row, in the words of decisions.
_DECIDED = {CHOSEN: Outcome.OFFER, WAITING: Outcome.WAITING, REFUSED: Outcome.REFUSED}


def certificate(
    ranking: Ranking,
    seats: int,
    seed: str,
    rubric: Mapping[str, Any],
    waiting: int = 0,
    scores: Mapping[str, Sequence[Mapping[str, int]]] | None = None,
    parts: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the certificate of a ranking that was cut at `seats` and `waiting`.

    `rubric` says how the totals were made (weights, scale) and may hold only texts and integers. `scores` are
    the readings of each reference, by criterion, without the names of the readers; a rubric that lists its
    criteria needs them. One of several phases needs `parts`: by reference the scores and totals in each phase that
    counts, and how many phases before the last it stopped; where marks are harmonised, the phase states the numbers of
    their formula, each reader by a letter, and the row its readers' letters and its mark. Raises ValueError for a
    number that is no integer, and for a seed that is not that of the ranking.
    """
    if seed != ranking.seed:
        raise ValueError("the ranking was drawn with another seed")
    outcome = _outcomes(ranking, seats, waiting)
    content: dict[str, Any] = {
        "format": format_of(rubric),
        "rule": RULE,
        "rubric": _plain(rubric),
        "rows": [
            {
                **_row(row, outcome[row.reference]),
                **_given(row.reference, rubric, scores or {}, parts or {}),
            }
            for row in ranking.rows
        ],
        "seats": seats,
        "seed": seed,
        "waiting": waiting,
    }
    if fault(content):
        raise ValueError("a certificate holds integers and texts only")
    content["sha256"] = digest(content)
    return content


def _given(
    reference: str,
    rubric: Mapping[str, Any],
    scores: Mapping[str, Sequence[Mapping[str, int]]],
    parts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The numbers of a row from which all its others follow."""
    if "phases" in rubric:
        return dict(_plain(parts[reference]))
    return {"scores": [dict(given) for given in scores.get(reference, ())]}


def verify(certificate: Mapping[str, Any]) -> list[Problem]:
    """Recompute a selection from the numbers of its certificate alone; no problem means that it holds.

    What is found is said by the verifier that strangers run (verify.py), which shares no code with the rubric, the
    reviews and the choosing that made the numbers. It also holds for certificates of a format after the house has
    changed how it reckons.
    """
    return [Problem(WORDS[each.code][0], each.values, each.where) for each in findings(certificate)]


def outcomes_of(certificate: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return (outcome, rank) of each reference of a certificate that `verify` accepted, in the words of decisions."""
    return {row["reference"]: (_DECIDED[row["outcome"]].value, row["rank"]) for row in certificate["rows"]}


def _outcomes(ranking: Ranking, seats: int, waiting: int) -> dict[str, str]:
    result = cut(ranking, seats, waiting)
    return {
        **{row.reference: CHOSEN for row in result.chosen},
        **{row.reference: WAITING for row in result.waiting},
        **{refusal.row.reference: REFUSED for refusal in result.refused},
    }


def _row(row: RankedCandidate, outcome: str) -> dict[str, Any]:
    return {
        "decided": row.decided,
        "mean": row.mean,
        "outcome": outcome,
        "rank": row.rank,
        "reference": row.reference,
        "tie": list(row.tie),
        "totals": list(row.totals),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
