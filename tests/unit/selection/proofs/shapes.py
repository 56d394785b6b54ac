"""Whether a certificate of format 6 has the keys and kinds of values that docs/certificates.md names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _is(value: Any, *kinds: type) -> bool:
    return type(value) in kinds


def _ints(value: Any) -> bool:
    return _is(value, list) and all(_is(each, int) for each in value)


def has_shape(made: Mapping[str, Any]) -> bool:
    """Whether every key is there and none else, and every value has its kind; the rubric is left to other tests."""
    top = {"format", "version", "rule", "seats", "seed", "waiting", "rules", "rows", "hand", "right", "filled",
           "shortfall", "total", "proof", "prices", "inputs", "sha256"}  # fmt: skip
    if (
        made.keys() != top
        or (made["format"], made["version"]) != (6, 1)
        or not _ints([made["format"], made["version"]])
    ):
        return False
    if made["rule"] != "bounds, mean, ties, sha256(seed+reference)" or not _is(made["seed"], str):
        return False
    if not all(_is(made[key], int) and made[key] >= 0 for key in ("seats", "waiting", "filled", "shortfall")):
        return False
    return _rules_have_shape(made["rules"]) and _rows_have_shape(made) and _rest_has_shape(made)


def _rules_have_shape(rules: Mapping[str, Any]) -> bool:
    seal = {"digest", "sealed_by", "sealed_on", "sealed"}
    if (
        not {"bounds", "ties"}
        <= rules.keys()
        <= {"bounds", "ties", "older_marks", "changes", "offering", *seal}
    ):
        return False
    if "sealed" in rules and not _sealed_has_shape(rules["sealed"]):
        return False
    if not _is(rules["ties"], list) or not all(_is(each, str) for each in rules["ties"]):
        return False
    if rules.keys() - {"bounds", "ties"} and not seal <= rules.keys():
        return False
    if not all(_is(rules.get(key, ""), str) for key in {"offering", *seal} - {"sealed"}) or not _is(
        rules.get("older_marks", True), bool
    ):
        return False
    return (
        _objects(rules.get("changes", []), {"on": str, "by": str, "reason": str})
        and _is(rules["bounds"], list)
        and all(_bound_has_shape(each) for each in rules["bounds"])
    )


def _sealed_has_shape(sealed: Any) -> bool:
    if not _is(sealed, dict) or sealed.keys() != {"bounds", "right", "salt_sha256", "seats", "seed", "ties"}:
        return False
    bounds = [{key: each[key] for key in each if key != "offering"} for each in sealed["bounds"]]
    return (
        all(_is(each.get("offering", ""), str) for each in sealed["bounds"])
        and all({"where", "at_least", "at_most", "hard"} == each.keys() for each in bounds)
        and all(
            _objects([each], dict.fromkeys(("reference", "reason", "paper", *({"nonce"} & each.keys())), str))
            for each in sealed["right"]
        )
    )


def _objects(value: Any, kinds: Mapping[str, type]) -> bool:
    return _is(value, list) and all(
        each.keys() == kinds.keys() and all(_is(each[name], kind) for name, kind in kinds.items())
        for each in value
    )


def _bound_has_shape(bound: Mapping[str, Any]) -> bool:
    low, high = bound["at_least"], bound["at_most"]
    if bound.keys() != {"where", "at_least", "at_most", "hard"} or not _is(bound["hard"], bool):
        return False
    if not _is(low, int, type(None)) or not _is(high, int, type(None)) or not _is(bound["where"], dict):
        return False
    if not all(_is(value, str) for value in bound["where"].values()) or {low, high} == {None}:
        return False
    return min(low or 0, high or 0) >= 0 and (high is None or (low or 0) <= high)


def _rows_have_shape(made: Mapping[str, Any]) -> bool:
    named = {name for each in made["rules"]["bounds"] for name in each["where"]}
    needed = {"reference", "mark", "tie", "attributes", "outcome", "rank"}
    if not _is(made["rows"], list):
        return False
    for row in made["rows"]:
        if not needed <= row.keys() <= {*needed, "by", "out"} or not _ints([row["mark"], row["rank"]]):
            return False
        if (
            not _is(row["reference"], str)
            or not _ints(row["tie"])
            or len(row["tie"]) != len(made["rules"]["ties"])
        ):
            return False
        if not _is(row["attributes"], dict) or not row["attributes"].keys() <= named:
            return False
        if not all(_is(value, str) for value in row["attributes"].values()):
            return False
        if row.get("by", "hand") not in ("hand", "right") or row.get("out", "short") not in (
            "short",
            "knocked_out",
        ):
            return False
    return True


def _rest_has_shape(made: Mapping[str, Any]) -> bool:
    if not _objects(made["hand"], {"reference": str, "in": bool, "reason": str}):
        return False
    if not _objects(made["right"], {"reference": str, "reason": str}):
        return False
    total, proof, count = made["total"], made["proof"], len(made["rules"]["bounds"])
    if total.keys() != {"marks", "ties", "lots"} or not _ints([total["marks"], total["lots"]]):
        return False
    if not _ints(total["ties"]) or proof.keys() != {"best", "fuller"}:
        return False
    trees = [tree for tree in proof.values() if tree is not None]
    return _prices_have_shape(made["prices"], count) and all(_tree_has_shape(tree, count) for tree in trees)


def _prices_have_shape(prices: Mapping[str, Any], count: int) -> bool:
    if prices.keys() != {"scale", "bounds", "threshold", "splits", "by_lot"} or not _ints(prices["bounds"]):
        return False
    if not _is(prices["scale"], int) or prices["scale"] < 1 or not _is(prices["threshold"], int, type(None)):
        return False
    if not _is(prices["by_lot"], list) or not all(_is(each, str) for each in prices["by_lot"]):
        return False
    return _objects(prices["splits"], {"where": list, "price": int}) and all(
        _type(each["where"], count) for each in prices["splits"]
    )


def _type(places: Any, count: int) -> bool:
    return _ints(places) and sorted(set(places)) == places and all(0 <= each < count for each in places)


def _tree_has_shape(node: Any, count: int) -> bool:
    if "most" in node:
        return (
            node.keys() == {"where", "most", "below", "above"}
            and _is(node["most"], int)
            and _type(node["where"], count)
            and _tree_has_shape(node["below"], count)
            and _tree_has_shape(node["above"], count)
        )
    return (
        node.keys() == {"scale", "bounds", "seats", "splits", "impossible"}
        and _ints([node["scale"], node["seats"]])
        and _ints(node["bounds"])
        and _ints(node["splits"])
        and _is(node["impossible"], bool)
        and node["scale"] >= 1
    )
