"""A selection that anyone can recompute: integers only, canonical JSON, SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.selection.ranking import Entry, Ranking, Row, cut, rank

FORMAT = 1
RULE = "mean, ties, sha256(seed+reference)"
CHOSEN, WAITING, REFUSED = "chosen", "waiting", "refused"
_MALFORMED = N_("Le certificat est incomplet ou mal formé.")


def canonical(content: Mapping[str, Any]) -> str:
    """The one spelling of a JSON object: keys sorted, no spaces, no escapes that UTF-8 does not need."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form of everything but the digest itself."""
    return hashlib.sha256(
        canonical({key: value for key, value in content.items() if key != "sha256"}).encode()
    ).hexdigest()


def certificate(
    ranking: Ranking, seats: int, seed: str, rubric: Mapping[str, Any], waiting: int = 0
) -> dict[str, Any]:
    """The certificate of a ranking that was cut at `seats` and `waiting`.

    `rubric` says how the totals were made (weights, scale) and may hold texts and integers only. Raises
    ValueError on a number that is no integer, or on another seed than that of the ranking.
    """
    if seed != ranking.seed:
        raise ValueError("the ranking was drawn with another seed")
    outcome = _outcomes(ranking, seats, waiting)
    content: dict[str, Any] = {
        "format": FORMAT,
        "rule": RULE,
        "rubric": _plain(rubric),
        "rows": [_row(row, outcome[row.reference]) for row in ranking.rows],
        "seats": seats,
        "seed": seed,
        "waiting": waiting,
    }
    if not _integers_only(content):
        raise ValueError("a certificate holds integers and texts only")
    content["sha256"] = digest(content)
    return content


def verify(certificate: Mapping[str, Any]) -> list[Problem]:
    """Recompute a selection from the numbers of its certificate alone; no problem means that it holds."""
    if not _integers_only(certificate):
        return [Problem(N_("Le certificat contient un nombre qui n’est pas un entier."))]
    problems = []
    if certificate.get("sha256") != digest(certificate):
        problems.append(Problem(N_("L’empreinte ne correspond pas au contenu du certificat."), {}, "sha256"))
    if certificate.get("format") != FORMAT or certificate.get("rule") != RULE:
        return [*problems, Problem(N_("Ce certificat suit une autre règle que celle-ci."), {}, "rule")]
    try:
        stated = list(certificate["rows"])
        entries = [Entry(r["reference"], tuple(r["totals"]), tuple(r["tie"])) for r in stated]
        ranking = rank(entries, certificate["seed"])
        outcome = _outcomes(ranking, certificate["seats"], certificate["waiting"])
        expected = [_row(row, outcome[row.reference]) for row in ranking.rows]
        held = _as_the_rubric_says(certificate["rubric"], entries)
    except Refused as refusal:
        return [*problems, *refusal.problems]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [*problems, Problem(_MALFORMED, {}, "rows")]
    if not held:
        problems.append(Problem(_MALFORMED, {}, "rubric"))
    return problems + _differences(stated, expected)


def outcomes_of(certificate: Mapping[str, Any]) -> dict[str, tuple[str, int, int]]:
    """What a certificate says of each reference: outcome, rank and mean in thousandths."""
    return {row["reference"]: (row["outcome"], row["rank"], row["mean"]) for row in certificate["rows"]}


def _as_the_rubric_says(rubric: Mapping[str, Any], entries: Sequence[Entry]) -> bool:
    """Whether each row has the readings and the tie-breaks that the stated rubric asks for, where it tells them."""
    readings, ties = rubric.get("readings", 0), rubric.get("ties")
    return all(
        len(entry.totals) >= readings and (ties is None or len(entry.tie) == len(ties)) for entry in entries
    )


def _outcomes(ranking: Ranking, seats: int, waiting: int) -> dict[str, str]:
    result = cut(ranking, seats, waiting)
    return {
        **{row.reference: CHOSEN for row in result.chosen},
        **{row.reference: WAITING for row in result.waiting},
        **{refusal.row.reference: REFUSED for refusal in result.refused},
    }


def _row(row: Row, outcome: str) -> dict[str, Any]:
    return {
        "decided": row.decided,
        "mean": row.mean,
        "outcome": outcome,
        "rank": row.rank,
        "reference": row.reference,
        "tie": list(row.tie),
        "totals": list(row.totals),
    }


def _differences(stated: list[Any], expected: list[dict[str, Any]]) -> list[Problem]:
    return [
        Problem(
            N_("Au rang %(rank)s, le recalcul donne %(expected)s et le certificat dit autre chose."),
            {"rank": index, "expected": right["reference"]},
            right["reference"],
        )
        for index, (said, right) in enumerate(zip(stated, expected, strict=True), start=1)
        if said != right
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _integers_only(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _integers_only(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(_integers_only(item) for item in value)
    return value is None or (isinstance(value, (int, str)) and not isinstance(value, bool))
