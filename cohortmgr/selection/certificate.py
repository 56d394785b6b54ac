"""The certificate of a selection, which anyone can recompute: integers only, canonical JSON, SHA-256."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.selection.ranking import RankedCandidate, Ranking, RankingEntry, cut, rank
from cohortmgr.selection.rules import Outcome

FORMAT = 2
# That of a rubric with a criterion that knocks out, which a verifier of format 2 would not know.
FORMAT_WITH_KNOCK_OUT = 3
# That of a rubric of several phases, or of one that is not the reading of files.
FORMAT_OF_PHASES = 4
# That in which a phase is ranked by harmonised marks.
FORMAT_OF_HARMONISED = 5
RULE = "mean, ties, sha256(seed+reference)"
CHOSEN, WAITING, REFUSED = "chosen", "waiting", "refused"
# What a whole mark is worth in this format, whatever the house reckons in by then.
_OUT_OF = 20_000
# The numbers of a row from which its others follow.
_GIVEN = ("scores", "phases", "short")
# By which marks a phase may be ranked, and what each reader weighs in thousandths where all weigh the same.
_HARMONISED, _WEIGHTED, _ONE = "harmonised", "weighted", 1000
_DECIDED = {CHOSEN: Outcome.OFFER, WAITING: Outcome.WAITING, REFUSED: Outcome.REFUSED}


def canonical(content: Mapping[str, Any]) -> str:
    """Return the one canonical text of a JSON object: keys sorted, no spaces, no escapes that UTF-8 does not need."""
    return _text_of(content)


def _text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical form of everything but the digest itself.

    It is fed row by row: the text of 200,000 rows in one, with all its pieces, would be held beside them."""
    hasher = hashlib.sha256()
    for part in _parts({key: value for key, value in content.items() if key != "sha256"}):
        hasher.update(part.encode())
    return hasher.hexdigest()


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    """The canonical text in pieces."""
    before = "{"
    for key in sorted(content):
        yield f"{before}{_text_of(key)}:"
        before = ","
        value = content[key]
        if not isinstance(value, list):
            yield _text_of(value)
            continue
        for place, each in enumerate(value):
            yield f"{',' if place else '['}{_text_of(each)}"
        yield "]" if value else "[]"
    yield "{}" if before == "{" else "}"


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
        "format": _format_of(rubric),
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
    if not _integers_only(content):
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

    The verifier has its own arithmetic of totals and tie-breaks, down to the full mark, and shares no code with the
    rubric and the reviews that made them: a verifier that called their code would repeat its mistakes and find them
    right. It must also hold for certificates of a format after the house has changed how it reckons.
    """
    if not _integers_only(certificate):
        return [Problem(N_("Le certificat contient un nombre qui n’est pas un entier."))]
    problems = []
    if certificate.get("sha256") != digest(certificate):
        problems.append(Problem(N_("L’empreinte ne correspond pas au contenu du certificat."), {}, "sha256"))
    try:
        stated, rubric = list(certificate["rows"]), certificate["rubric"]
        if certificate.get("format") != _format_of(rubric) or certificate.get("rule") != RULE:
            return [*problems, Problem(N_("Ce certificat suit une autre règle que celle-ci."), {}, "rule")]
        ranking = rank([_entry_of(rubric, row) for row in stated], certificate["seed"])
        outcome = _outcomes(ranking, certificate["seats"], certificate["waiting"])
        expected = (_row(row, outcome[row.reference]) for row in ranking.rows)
        problems += _as_the_rubric_says(rubric, stated)
    except Refused as refusal:
        return [*problems, *refusal.problems]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return [*problems, Problem(N_("Le certificat est incomplet ou mal formé."), {}, "rows")]
    return problems + _differences(stated, expected)


def outcomes_of(certificate: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return (outcome, rank) of each reference of a certificate that `verify` accepted, in the words of decisions."""
    return {row["reference"]: (_DECIDED[row["outcome"]].value, row["rank"]) for row in certificate["rows"]}


def _as_the_rubric_says(rubric: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return a problem for each row whose totals or tie-breaks do not follow from its scores and the rubric.

    It uses only the certificate's numbers, as a stranger would: each score is brought from its scale to
    twenty and weighted; a tie-break is the mean of the readings on one criterion.
    """
    if "phases" in rubric:
        wrong = [row["reference"] for row in rows if not _follows(rubric, row)]
        what = N_("Les totaux de %(reference)s ne découlent pas de ses notes.")
        return [Problem(what, {"reference": reference}, reference) for reference in wrong]
    criteria = {each["key"]: each for each in rubric.get("criteria", ())}
    if not criteria:
        return []
    problems = []
    for row in rows:
        totals = [_total(criteria.values(), scores) for scores in row["scores"]]
        tie = [_mean_mark(criteria[key], row["scores"]) for key in rubric["ties"]]
        if (totals, tie) != (row["totals"], row["tie"]) or len(totals) < rubric["readings"]:
            what = N_("Les totaux de %(reference)s ne découlent pas de ses notes.")
            problems.append(Problem(what, {"reference": row["reference"]}, row["reference"]))
    return problems


def _entry_of(rubric: Mapping[str, Any], row: Mapping[str, Any]) -> RankingEntry:
    """A row as it is ranked, from its own numbers."""
    reference, tie = row["reference"], tuple(row["tie"])
    if "phases" not in rubric:
        return RankingEntry(reference, tuple(row["totals"]), tie, _knocked_out(rubric, row["scores"]))
    if not 0 <= row["short"] <= len(rubric["phases"]):
        raise ValueError(f"{reference} stopped where there is no phase")
    weights = {each["key"]: each["weight"] for each in rubric["phases"]}
    parts = tuple((weights[each["key"]], _ranked_by(each)) for each in row["phases"])
    means = tuple(round(Fraction(sum(totals), len(totals))) for _weight, totals in parts)
    if [each["kind"] for each in rubric["phases"]] == ["files"]:
        # Files are only read: a row has the totals of its readings.
        means = tuple(total for each in row["phases"] for total in each["totals"])
    given = {each["key"]: each["scores"] for each in row["phases"]}
    out = next(
        (key for each in rubric["phases"] if (key := _knocked_out(each, given.get(each["key"], ())))), ""
    )
    return RankingEntry(reference, means or (0,), tie, out, parts or ((1, (0,)),), row["short"])


def _ranked_by(found: Mapping[str, Any]) -> tuple[int, ...]:
    """What the mark of a row in a phase is the mean of: its harmonised mark, or its totals."""
    return (found["mark"],) if "mark" in found else tuple(found["totals"])


def _mark_follows(phase: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether the mark of a row in a phase is what a calculator gives from the numbers of the phase and the row's
    totals: mean + sum of weight x (total - severity - mean) / (sum of weights + shrinkage), rounded half to even.

    A row without one has the noughts of who did not come: nobody gave them, and nobody's severity is taken out."""
    numbers = phase.get("marks")
    if numbers is None or "mark" not in found:
        return not {"mark", "readers"} & found.keys() and (numbers is None or not any(found["totals"]))
    mean, weights, readers = numbers["mean"], numbers["weights"], found["readers"]
    if numbers["basis"] not in (_HARMONISED, _WEIGHTED) or weights.keys() != numbers["severities"].keys():
        return False
    if min(weights.values()) < 1 or (numbers["basis"] == _HARMONISED and {*weights.values()} != {_ONE}):
        return False
    if len(set(readers)) != len(readers) or len(readers) != len(found["totals"]):
        return False
    if numbers["shrinkage"] is None:
        return bool(found["mark"] == mean)
    over = sum(
        weights[reader] * (total - numbers["severities"][reader] - mean)
        for reader, total in zip(readers, found["totals"], strict=True)
    )
    whole = sum(weights[reader] for reader in readers) + numbers["shrinkage"]
    return numbers["shrinkage"] >= 0 and bool(found["mark"] == round(mean + Fraction(over, whole)))


def _follows(rubric: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether the totals, harmonised marks and tie-breaks of a row of phases follow from its scores: each phase up to
    the one where it stopped has the marks that it asks for, but one that is computed, and none comes after."""
    counted = rubric["phases"][: len(rubric["phases"]) - row["short"]]
    given = {each["key"]: each for each in row["phases"]}
    if not given.keys() <= {each["key"] for each in counted}:
        return False
    marks: dict[str, int] = {}
    for phase in counted:
        found = given.get(phase["key"], {"scores": [], "totals": []})
        is_computed = phase["kind"] == "computed"
        if not is_computed and len(found["scores"]) < phase["readings"]:
            return False
        if [_total_of(phase["criteria"], scores, part=is_computed) for scores in found["scores"]] != found[
            "totals"
        ]:
            return False
        if not _mark_follows(phase, found):
            return False
        for criterion in phase["criteria"]:
            readings = [scores for scores in found["scores"] if criterion["key"] in scores]
            if readings:
                marks[criterion["key"]] = _mean_mark(criterion, readings)
    return [marks.get(key, 0) for key in rubric["ties"]] == row["tie"]


def _total_of(criteria: Collection[Mapping[str, Any]], scores: Mapping[str, int], *, part: bool) -> int:
    return _total([each for each in criteria if not part or each["key"] in scores], scores)


def _format_of(rubric: Mapping[str, Any]) -> int:
    if "phases" in rubric:
        harmonises = any("marks" in each for each in rubric["phases"])
        return FORMAT_OF_HARMONISED if harmonises else FORMAT_OF_PHASES
    knocks_out = any("knock_out_below" in each for each in rubric.get("criteria", ()))
    return FORMAT_WITH_KNOCK_OUT if knocks_out else FORMAT


def _knocked_out(rubric: Mapping[str, Any], readings: Sequence[Mapping[str, int]]) -> str:
    """The key of the first criterion on which the mean of two readings or more is below its limit; empty without
    one."""
    for criterion in rubric.get("criteria", ()):
        limit = criterion.get("knock_out_below")
        if limit is None or len(readings) < 2:
            continue
        if 1000 * sum(scores[criterion["key"]] for scores in readings) < limit * len(readings):
            return str(criterion["key"])
    return ""


def _share(criterion: Mapping[str, int], score: Fraction) -> Fraction:
    if not criterion["min"] <= score <= criterion["max"]:
        raise ValueError(f"{score} is outside its scale")
    return (score - criterion["min"]) / (criterion["max"] - criterion["min"])


def _total(criteria: Collection[Mapping[str, Any]], scores: Mapping[str, int]) -> int:
    parts = [each["weight"] * _share(each, Fraction(scores[each["key"]])) for each in criteria]
    return round(sum(parts, Fraction(0)) / sum(each["weight"] for each in criteria) * _OUT_OF)


def _mean_mark(criterion: Mapping[str, Any], readings: Sequence[Mapping[str, int]]) -> int:
    mean = Fraction(sum(scores[criterion["key"]] for scores in readings), len(readings))
    return round(_share(criterion, mean) * _OUT_OF)


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


def _differences(stated: list[Any], expected: Iterable[dict[str, Any]]) -> list[Problem]:
    return [
        Problem(
            N_("Au rang %(rank)s, le recalcul donne %(expected)s et le certificat dit autre chose."),
            {"rank": index, "expected": right["reference"]},
            right["reference"],
        )
        for index, (said, right) in enumerate(zip(stated, expected, strict=True), start=1)
        if {key: value for key, value in said.items() if key not in _GIVEN} != right
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
