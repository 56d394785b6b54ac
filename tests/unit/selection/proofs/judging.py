"""A second judgement of a certificate, from docs/certificates.md alone: by trying every set of people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cohortmgr.selection.choosing.rules import Bound, ChoiceProblem, Contender, Leaf, Split
from cohortmgr.selection.proofs.choice import lot_number
from tests.unit.selection.proofs.oracle import Prover, Step, best_by_force, counts_of, missing, proves
from tests.unit.selection.proofs.shapes import has_shape


def agrees(made: Mapping[str, Any]) -> bool:
    """Whether a certificate holds, judged from docs/certificates.md alone: by trying every set of people."""
    try:
        return has_shape(made) and _agrees(made)
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def _agrees(made: Mapping[str, Any]) -> bool:
    rows, bounds = made["rows"], [Bound(**each) for each in made["rules"]["bounds"]]
    chosen = {row["reference"] for row in rows if row["outcome"] == "chosen"}
    placed = {each["reference"] for each in [*made["hand"], *made["right"]]}
    if not _are_placed(made, chosen) or len(chosen) > made["seats"]:
        return False
    groups = {row["reference"]: tuple(n for n, bound in enumerate(bounds) if bound.counts(row["attributes"]))
              for row in rows}  # fmt: skip
    contenders = tuple(
        Contender(
            row["reference"],
            row["mark"],
            tuple(row["tie"]),
            lot_number(made["seed"], row["reference"]),
            groups[row["reference"]],
        )
        for row in rows
        if "by" not in row and "out" not in row
    )
    taken = {name: groups[name] for name in chosen & placed}
    problem = ChoiceProblem(contenders, made["seats"], tuple(bounds), taken)
    best = best_by_force(problem)
    if best is None or {contenders[each].reference for each in best} | taken.keys() != chosen:
        return False
    return (
        _in_order(made)
        and _given(made) == made["inputs"]
        and _is_as_sealed(made)
        and _waits(made, chosen, placed)
        and _sums_agree(made, problem, best)
        and _proof_agrees(made, problem, best)
        and _prices_agree(made, problem, best)
    )


def _are_placed(made: Mapping[str, Any], chosen: set[str]) -> bool:
    """Whether each row comes once, and those placed by right and by hand are the ones that the lists name."""
    names = [row["reference"] for row in made["rows"]]
    listed = {each["reference"]: ("hand", each["in"]) for each in made["hand"]}
    listed |= {each["reference"]: ("right", True) for each in made["right"]}
    said = {row["reference"]: (row["by"], row["reference"] in chosen) for row in made["rows"] if "by" in row}
    return (
        len(set(names)) == len(names) and listed == said and len(listed) == len(made["hand"] + made["right"])
    )


def _in_order(made: Mapping[str, Any]) -> bool:
    rows = made["rows"]
    order = sorted(
        rows,
        key=lambda row: (
            ("", "short", "knocked_out").index(row.get("out", "")),
            -row["mark"],
            [-each for each in row["tie"]],
            lot_number(made["seed"], row["reference"]),
        ),
    )
    return bool(order == rows) and [row["rank"] for row in rows] == list(range(1, len(rows) + 1))


def digest_of(value: Any) -> str:
    """The SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _given(made: Mapping[str, Any]) -> str:
    rows = sorted(made["rows"], key=lambda row: row["reference"])
    return digest_of([[row[key] for key in ("reference", "mark", "tie", "attributes")] for row in rows])


def _told_of(right: Mapping[str, Any]) -> Mapping[str, Any]:
    return right if "nonce" not in right else {"reference": right["reference"], "sha256": digest_of(right)}


def _is_as_sealed(made: Mapping[str, Any]) -> bool:
    """Whether a certificate chose by what was sealed for its offering, and that is what the digest is of."""
    rules = made["rules"]
    if "digest" not in rules:
        return "offering" not in rules and "sealed" not in rules
    sealed, own = rules["sealed"], rules["offering"]
    bounds = [Bound(**each) for each in sealed["bounds"] if each.get("offering") in (None, own)]
    right = {each["reference"]: each["reason"] for each in sealed["right"]}
    said = {each["reference"]: each["reason"] for each in made["right"]}
    hand, there = {each["reference"] for each in made["hand"]}, {row["reference"] for row in made["rows"]}
    return (
        digest_of({**sealed, "right": [_told_of(each) for each in sealed["right"]]}) == rules["digest"]
        and [replace(each, offering="") for each in bounds] == [Bound(**each) for each in rules["bounds"]]
        and (sealed["seed"], sealed["ties"]) == (made["seed"], rules["ties"])
        and sealed["seats"][own] == made["seats"]
        and said.items() <= right.items()
        and (right.keys() & there) <= (said.keys() | hand)
    )


def _waits(made: Mapping[str, Any], chosen: set[str], placed: set[str]) -> bool:
    rows = [row for row in made["rows"] if row["reference"] not in chosen]
    free = [row for row in rows if row["reference"] not in placed and "out" not in row]
    waiting = free[: made["waiting"]]
    return all(row["outcome"] == ("waiting" if row in waiting else "refused") for row in rows)


def _sums_agree(made: Mapping[str, Any], problem: ChoiceProblem, best: Sequence[int]) -> bool:
    people = problem.contenders
    order = sorted(people, key=lambda each: -each.lot)
    ties = range(len(made["rules"]["ties"]))
    total = {
        "marks": sum(people[each].mark for each in best),
        "ties": [sum(people[each].ties[tie] for each in best) for tie in ties],
        "lots": sum(order.index(people[each]) for each in best),
    }
    counts = counts_of(problem.bounds, [*problem.taken.values(), *(people[each].groups for each in best)])
    short = missing(problem.bounds, counts, hard=False)
    return (
        made["total"] == total
        and made["shortfall"] == short
        and made["filled"] == len(best) + len(problem.taken)
    )


def _tree(node: Mapping[str, Any]) -> Split | Leaf:
    if "most" not in node:
        return Leaf(
            node["scale"], tuple(node["bounds"]), node["seats"], tuple(node["splits"]), node["impossible"]
        )
    return Split(tuple(node["where"]), node["most"], _tree(node["below"]), _tree(node["above"]))


def _walk(tree: Split | Leaf, path: tuple[Step, ...] = ()) -> Iterator[tuple[Leaf, tuple[Step, ...]]]:
    if isinstance(tree, Leaf):
        yield tree, path
        return
    yield from _walk(tree.below, (*path, (tree.groups, tree.most, False)))
    yield from _walk(tree.above, (*path, (tree.groups, tree.most, True)))


def _proof_agrees(made: Mapping[str, Any], problem: ChoiceProblem, best: Sequence[int]) -> bool:
    prover, stated = Prover(problem, best), made["proof"]
    for leaf, path in _walk(_tree(stated["best"])):
        if len(leaf.splits) != len(path) or len(leaf.bounds) != len(problem.bounds):
            return False
        if not proves(prover, leaf, path, len(best)):
            return False
    most = min(made["seats"] - len(problem.taken), len(problem.contenders))
    if stated["fuller"] is None:
        return len(best) == most
    if len(best) == most:
        return False
    for leaf, path in _walk(_tree(stated["fuller"])):
        if len(leaf.splits) != len(path) or len(leaf.bounds) != len(problem.bounds) or not leaf.impossible:
            return False
        if not all(proves(prover, leaf, path, seats) for seats in range(len(best) + 1, most + 1)):
            return False
    return True


def _prices_agree(made: Mapping[str, Any], problem: ChoiceProblem, best: Sequence[int]) -> bool:
    stated, people = made["prices"], problem.contenders
    counts = counts_of(problem.bounds, [*problem.taken.values(), *(people[each].groups for each in best)])
    for price, bound, count in zip(stated["bounds"], problem.bounds, counts, strict=True):
        if price > 0 and (bound.at_least is None or count > bound.at_least):
            return False
        if price < 0 and (bound.at_most is None or count < bound.at_most):
            return False
    own = {tuple(each["where"]): each["price"] for each in stated["splits"]}
    if len(own) != len(stated["splits"]) or not _splits_agree(
        made, [people[each].groups for each in best], own
    ):
        return False
    if stated["threshold"] is None:
        alike = len(best) in (0, len(people))
        return not stated["by_lot"] and (made["filled"] < made["seats"] or alike)
    return made["filled"] >= made["seats"] and _sums_tell(stated, people, best, own)


def _splits_agree(
    made: Mapping[str, Any], chosen: Sequence[tuple[int, ...]], own: Mapping[tuple[int, ...], int]
) -> bool:
    held, helped = set(), set()
    node = made["proof"]["best"]
    while "most" in node:
        groups = tuple(node["where"])
        many = chosen.count(groups)
        if many == node["most"]:
            held.add(groups)
        if many == node["most"] + 1:
            helped.add(groups)
        node = node["below"] if many <= node["most"] else node["above"]
    return not any(price and groups not in (helped if price > 0 else held) for groups, price in own.items())


def _sums_tell(
    stated: Mapping[str, Any],
    people: Sequence[Contender],
    best: Sequence[int],
    own: Mapping[tuple[int, ...], int],
) -> bool:
    drawn = []
    for place, person in enumerate(people):
        total = person.mark * stated["scale"] + sum(stated["bounds"][each] for each in person.groups)
        total += own.get(person.groups, 0)
        if total == stated["threshold"]:
            drawn.append(person.reference)
        elif (total > stated["threshold"]) != (place in best):
            return False
    return sorted(stated["by_lot"]) == sorted(drawn)
