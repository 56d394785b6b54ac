"""The certificate of an allocation: the verifier finds nothing in what is right, and what is wrong in all else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import (
    AllocationProblem,
    Applicant,
    SeatHolder,
    counting_of,
    misplaced,
)
from cohortmgr.selection.allocation.statement import AllocationContext, UnplacedFile, allocation_statement
from cohortmgr.selection.certificate import digest
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.ranking import lot
from cohortmgr.selection.verify import findings, inputs_of
from tests.unit.selection.allocation import oracle
from tests.unit.selection.allocation.markets import large, market

SEED = "2027"


def _drawn_lots(problem: AllocationProblem) -> AllocationProblem:
    people = tuple(
        Applicant(p.reference, p.mark, p.ties, int(lot(SEED, p.reference), 16), p.wishes, p.attributes)
        for p in problem.applicants
    )
    return AllocationProblem(people, problem.seats, problem.bounds, problem.taken)


def _seal(problem: AllocationProblem) -> dict[str, Any]:
    """The seal under which an intake of all these offerings chose."""
    bounds = [{**vars(each), "where": dict(each.where)} for each in problem.bounds]
    right = [{"reference": each.reference, "reason": "loi", "paper": "12-34"} for each in problem.taken[:1]]
    sealed = {"bounds": bounds, "right": right, "salt_sha256": "ab" * 32, "seats": dict(problem.seats)}
    sealed |= {"seed": SEED, "ties": ["field"]}
    said = {
        "sealed": sealed,
        "sealed_by": "A · B",
        "sealed_on": "2027-01-05",
        "older_marks": False,
        "changes": [],
    }
    return {**said, "digest": _sealed(sealed)["sha256"]}


def _certificate(problem: AllocationProblem) -> dict[str, Any]:
    """That of a problem, with one file kept out by hand and one knocked out."""
    others = {
        name: Applicant(name, 20_000, (0,), int(lot(SEED, name), 16), (), {})
        for name in (*(each.reference for each in problem.taken), "H", "K")
    }
    context = AllocationContext(
        SEED,
        ("field",),
        _seal(problem),
        others,
        (UnplacedFile("H", by="hand"), UnplacedFile("K", out="knocked_out")),
        right={each.reference: "loi" for each in problem.taken[:1]},
        hand={each.reference: "jury" for each in problem.taken[1:]} | {"H": "jury"},
    )
    return _sealed(allocation_statement(problem, allocate(problem), context))


def _sealed(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "sha256": digest(content)}


def _again(content: dict[str, Any]) -> dict[str, Any]:
    """The same with both digests made anew."""
    with suppress(TypeError):
        content = {**content, "inputs": inputs_of(content["rows"])}
    return _sealed(content)


def _codes(certificate: dict[str, Any]) -> set[str]:
    return {each.code for each in findings(certificate)}


def _holds(certificate: dict[str, Any]) -> bool:
    """Whether a certificate says what is so, by trying every outcome; of one that can be read."""
    rows = certificate["rows"]
    people = [
        Applicant(
            row["reference"],
            row["mark"],
            tuple(row["tie"]),
            int(lot(certificate["seed"], row["reference"]), 16),
            tuple(row["wishes"]),
            row["attributes"],
        )
        for row in rows
    ]
    free = [p for p, row in zip(people, rows, strict=True) if not {"by", "out"} & row.keys()]
    taken = tuple(
        SeatHolder(row["reference"], row["offering"], row["attributes"])
        for row in rows
        if "by" in row and row["offering"] is not None
    )
    bounds = tuple(Bound(**each) for each in certificate["rules"]["bounds"])
    problem = AllocationProblem(tuple(free), certificate["seats"], bounds, taken)
    keys = [("out" in row, *p.priority) for p, row in zip(people, rows, strict=True)]
    if list(misplaced(bounds, problem.seats)) or keys != sorted(keys):
        return False
    outcome = {row["reference"]: row["offering"] for row in rows if not {"by", "out"} & row.keys()}
    if any(given is not None and given not in p.wishes for p in free for given in [outcome[p.reference]]):
        return False
    choose = oracle.choosing(problem)
    if not oracle.is_stable(problem, outcome, choose) or not _counts_hold(certificate, problem, outcome):
        return False
    return all(
        oracle.place_of(p, outcome[p.reference]) <= oracle.place_of(p, other[p.reference])
        for other in oracle.stable_outcomes(problem, choose)
        for p in free
    )


def _counts_hold(certificate: dict[str, Any], problem: AllocationProblem, outcome: oracle.Outcome) -> bool:
    counting = counting_of(problem.bounds)
    for offering in problem.seats:
        there = [
            *(p.attributes for p in problem.applicants if outcome[p.reference] == offering),
            *(each.attributes for each in problem.taken if each.offering == offering),
        ]
        bounds = [bound for bound in problem.bounds if bound.offering == offering]
        found = len(there), oracle.missed(bounds, there), counting.get(offering, "each")
        if found != tuple(certificate[name][offering] for name in ("filled", "shortfall", "counting")):
            return False
    return True


def test_nothing_is_found_in_what_was_allocated() -> None:
    for seed in range(150):
        certificate = _certificate(_drawn_lots(market(seed, people=6)))
        assert findings(certificate) == [], seed
    assert _holds(certificate), "the oracle reads a certificate as the verifier does"


def test_the_two_ways_of_choosing_agree_on_markets_too_large_to_try_out() -> None:
    for seed in range(25):
        assert findings(_certificate(_drawn_lots(large(seed)))) == [], seed


def _with_outcome(certificate: dict[str, Any], place: int, offering: str | None) -> dict[str, Any]:
    changed = copy.deepcopy(certificate)
    row = changed["rows"][place]
    for name, by in ((row["offering"], -1), (offering, 1)):
        if name is not None:
            changed["filled"][name] += by
    row |= {"offering": offering, "outcome": "refused" if offering is None else "chosen"}
    return changed


def test_no_other_outcome_is_accepted() -> None:
    for seed in range(30):
        certificate = _certificate(_drawn_lots(market(seed, people=6, taken=False)))
        for place, row in enumerate(certificate["rows"]):
            if "by" in row or "out" in row:
                continue
            for offering in (*row["wishes"], None):
                if offering != row["offering"]:
                    changed = _sealed(_with_outcome(certificate, place, offering))
                    assert _codes(changed) & {"choice", "better"}, (seed, row["reference"], offering)


def test_a_stable_outcome_in_which_others_do_better_is_refused_for_that_alone() -> None:
    north, south = {"r": "N"}, {"r": "S"}
    people = (
        Applicant("A", 12_000, (0,), int(lot(SEED, "A"), 16), ("X", "Y"), south),
        Applicant("B", 12_000, (0,), int(lot(SEED, "B"), 16), ("Y", "X"), north),
    )
    bounds = tuple(
        Bound(where, at_least=1, hard=False, offering=name) for where, name in ((north, "X"), (south, "Y"))
    )
    certificate = _certificate(AllocationProblem(people, {"X": 1, "Y": 1}, bounds))
    given = {row["reference"]: row["offering"] for row in certificate["rows"]}
    assert (given["A"], given["B"]) == ("X", "Y") and certificate["shortfall"] == {"X": 1, "Y": 1}
    for row in certificate["rows"]:
        if row["reference"] in "AB":
            row["offering"] = {"A": "Y", "B": "X"}[row["reference"]]
    certificate["shortfall"] = {"X": 0, "Y": 0}
    found = findings(_sealed(certificate))
    assert sorted((each.code, each.values["reference"], each.values["offering"]) for each in found) == [
        ("better", "A", "X"),
        ("better", "B", "Y"),
    ]


def _changes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each single thing that a certificate says, and others in its stead."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _changes(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _changes(each, (*path, place))
    else:
        wrong: tuple[Any, ...] = ("X", None)
        if isinstance(value, bool):
            wrong = (not value, 1)
        elif isinstance(value, int):
            wrong = (value + 1, value - 1, True, float(value))
        elif isinstance(value, str):
            wrong = (f"{value}x", *(other for other in ("X", "Y", "N", "F") if other != value), 3)
        yield from ((path, each) for each in wrong if each is not value)


def _changed(certificate: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(certificate)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize("seed", [2, 7, 11, 18])
def test_every_change_with_the_digest_kept_is_refused(seed: int) -> None:
    certificate = _certificate(_drawn_lots(market(seed, people=4)))
    for path, value in _changes(certificate):
        assert _codes(_changed(certificate, path, value)), (path, value)


@pytest.mark.parametrize("seed", [2, 7, 11, 18])
def test_a_change_with_the_digest_made_anew_is_accepted_exactly_when_it_is_so(seed: int) -> None:
    certificate = _certificate(_drawn_lots(market(seed, people=4, offerings="XY")))
    certificate["rules"] = {key: certificate["rules"][key] for key in ("bounds", "ties")}
    accepted = 0
    for path, value in _changes({key: each for key, each in certificate.items() if key != "sha256"}):
        if path[0] in ("right", "hand", "format", "rule", "version") or path[:2] == ("rules", "ties"):
            continue  # what no rule of an outcome can know
        changed = _changed(certificate, path, value)
        if path[0] == "rows":
            assert _codes(_sealed(changed)), "what was given is under a digest of its own"
        if path[0] == "inputs":
            continue
        codes = _codes(_again(changed))
        if codes & {"malformed", "not_integer", "twice", "contradicted"} or path[-1] == "rank":
            continue  # said of the row itself; the oracle reads only what can be read
        assert (codes == set()) == _holds(changed), (path, value, codes)
        accepted += not codes
    assert accepted, "some change makes no difference, and is not refused"


def test_what_contradicts_itself_is_said_by_its_code() -> None:
    certificate = _certificate(_drawn_lots(market(7, people=6)))
    place = next(n for n, row in enumerate(certificate["rows"]) if not {"by", "out"} & row.keys())
    cases: list[tuple[str, tuple[Any, ...], Any]] = [
        ("not_integer", ("format",), 5),
        ("rule", ("rule",), "mean"),
        ("digest", ("sha256",), "0" * 64),
        ("twice", ("rows", 0, "reference"), certificate["rows"][1]["reference"]),
        ("order", ("rows", 0, "rank"), 2),
        ("not_integer", ("rows", 0, "mark"), 12.5),
        ("malformed", ("rows", 0, "mark"), "12"),
        ("malformed", ("rows", 0, "wishes"), ["Q"]),
        ("malformed", ("rows",), 3),
        ("malformed", ("version",), 2),
        ("shape", ("counting", "X"), "all"),
        ("contradicted", ("rows", place, "outcome"), "waiting"),
        ("filled_there", ("filled", "X"), 99),
        ("shortfall_there", ("shortfall", "Y"), 99),
    ]
    for code, path, value in cases:
        changed = _changed(certificate, path, value)
        assert code in _codes(changed if code == "digest" else _sealed(changed)), code
    unwished = _changed(certificate, ("rows", place, "wishes"), [])
    unwished["rows"][place] |= {"offering": "X", "outcome": "chosen"}
    assert "unwished" in _codes(_sealed(unwished))


def test_moves_that_no_row_follows_and_keys_that_nobody_knows_are_refused() -> None:
    seed = next(n for n in range(50) if len(market(n).taken) == 2)
    certificate = _certificate(_drawn_lots(market(seed)))
    for name in ("right", "hand"):
        assert certificate[name] and "unsealed" in _codes(_sealed({**certificate, "right": []}))
    certificate["rules"] = {key: certificate["rules"][key] for key in ("bounds", "ties")}
    for name in ("right", "hand"):
        assert _codes(_sealed({**certificate, name: []})) == {"contradicted"}
        kind = {"reason": "x", **({"in": True} if name == "hand" else {})}
        more = [*certificate[name], {"reference": "P0", **kind}]
        assert _codes(_sealed({**certificate, name: more})) == {"contradicted"}
        nobody = [*certificate[name], {"reference": "Q", **kind}]
        assert _codes(_sealed({**certificate, name: nobody})) == {"contradicted"}
    turned = [{**each, "in": not each["in"]} for each in certificate["hand"]]
    assert _codes(_sealed({**certificate, "hand": turned})) == {"contradicted"}
    assert _codes(_sealed({**certificate, "waiting": 3})) == {"malformed"}
    assert _codes(_sealed(_changed(certificate, ("rules", "salt"), "x"))) == {"malformed"}


def test_bounds_that_the_rule_does_not_know_are_refused_by_the_verifier_too() -> None:
    certificate = _certificate(_drawn_lots(market(7, people=6)))
    for bound in (
        {"offering": "X", "where": {"r": "N"}, "at_least": 1, "at_most": None, "hard": True},
        {"offering": "X", "where": {"zz": "N"}, "at_least": None, "at_most": 9, "hard": False},
    ):
        other = {"offering": "X", "where": {"yy": "1"}, "at_least": 0, "at_most": None, "hard": False}
        changed = _changed(certificate, ("rules", "bounds"), [other, bound])
        assert _codes(_sealed(changed)) == {"shape"}


def test_lots_are_drawn_by_the_seed_that_is_stated() -> None:
    people = tuple(
        Applicant(f"P{n}", 12_000, (0,), int(lot(SEED, f"P{n}"), 16), ("X",), {}) for n in range(5)
    )
    certificate = _certificate(AllocationProblem(people, {"X": 2}))
    assert "order" in _codes(_sealed({**certificate, "seed": "2028"}))


def test_a_seal_is_that_of_what_was_sealed_and_chosen_by() -> None:
    certificate = _certificate(_drawn_lots(market(7, people=6)))
    sealed = certificate["rules"]["sealed"]
    for path, value in _changes(sealed):
        if isinstance(value, str | int) and not isinstance(value, bool):
            kept = _changed(certificate, ("rules", "sealed", *path), value)
            assert _codes(_sealed(kept)) & {"seal", "malformed"}, path
    for key, value in (("seed", "x"), ("ties", []), ("bounds", sealed["bounds"][1:]), ("seats", {"X": 99})):
        other = {**sealed, key: value}
        rules = {**certificate["rules"], "sealed": other, "digest": _sealed(other)["sha256"]}
        assert _codes(_sealed({**certificate, "rules": rules})) == {"unsealed"}, key
    assert _codes(_sealed({**certificate, "inputs": "0" * 64})) == {"inputs"}
