"""The hash tree against the words of RFC 9162, and candidates' lines under it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.tree import HashTree, leads
from cohortmgr.selection.verify import line_findings
from tests.unit.selection.proofs.worlds import certificate_of, certificates, triangle


def by_the_rfc(leaves: Sequence[bytes]) -> bytes:
    """MTH of 2.1.1: the list is cut at the largest power of two below its length."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    cut = 1
    while 2 * cut < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\x01" + by_the_rfc(leaves[:cut]) + by_the_rfc(leaves[cut:])).digest()


def path_by_the_rfc(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of 2.1.3.1."""
    if len(leaves) == 1:
        return []
    cut = 1
    while 2 * cut < len(leaves):
        cut *= 2
    if index < cut:
        return [*path_by_the_rfc(index, leaves[:cut]), by_the_rfc(leaves[cut:])]
    return [*path_by_the_rfc(index - cut, leaves[cut:]), by_the_rfc(leaves[:cut])]


def test_the_known_root_of_the_logs_test_vectors() -> None:
    """The eight leaves with which implementations of Certificate Transparency test themselves."""
    hexes = (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
    tree = HashTree([bytes.fromhex(each) for each in hexes])
    assert tree.root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
def test_root_and_paths_are_those_of_the_rfc_and_no_other_leaf_or_place_leads_there(
    leaves: list[bytes], data: Any
) -> None:
    tree = HashTree(leaves)
    assert tree.root == by_the_rfc(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(index)
    assert path == path_by_the_rfc(index, leaves)
    assert leads(leaves[index], index, tree.size, path, tree.root)
    assert not leads(leaves[index] + b"x", index, tree.size, path, tree.root)
    assert not leads(leaves[index], index, tree.size, [*path, path[0] if path else tree.root], tree.root)
    assert not leads(leaves[index], index, tree.size, path[:-1], tree.root) or not path
    other = data.draw(st.integers(0, len(leaves) - 1))
    if leaves[other] != leaves[index]:
        assert not leads(leaves[index], other, tree.size, path, tree.root)


def test_a_node_passes_for_no_leaf_and_a_lonely_one_is_not_doubled() -> None:
    three = HashTree([b"a", b"b", b"c"])
    assert three.root != HashTree([b"a", b"b", b"c", b"c"]).root
    node = three.path(2)[0]
    assert not leads(node, 0, 2, [HashTree([b"c"]).root], three.root)
    assert HashTree([]).root == hashlib.sha256(b"").digest()
    with pytest.raises(IndexError):
        three.path(3)


def lines_of() -> list[tuple[CandidateLines, dict[str, Any]]]:
    split = certificate_of(*triangle(1))
    assert split is not None
    return [(CandidateLines(made), made) for made in (split, *certificates(range(12)))]


def test_each_line_leads_to_the_root_and_tells_its_decision() -> None:
    for lines, made in lines_of():
        assert lines.tree.size == len(made["rows"])
        for row in made["rows"]:
            line = json.loads(json.dumps(lines.line(row["reference"])))
            assert line_findings(line, lines.root) == []
            assert line["outcome"] == row["outcome"] and line["certificate"] == made["sha256"]
            assert not {"rank", "phases"} & line.keys(), "a line says nothing of the others"


def test_a_changed_line_is_refused() -> None:
    lines, made = lines_of()[0]
    line = lines.line(next(row["reference"] for row in made["rows"] if row["outcome"] == "chosen"))
    assert line["prices"]["threshold"] is not None
    for key in line:
        changed = copy.deepcopy(line)
        changed[key] = changed[key] + 1 if isinstance(changed[key], int) else None
        assert line_findings(changed, lines.root), key
        del changed[key]
        assert line_findings(changed, lines.root), key
    changed = copy.deepcopy(line)
    changed["prices"]["threshold"] += 10**6
    codes = {each.code for each in line_findings(changed, lines.root)}
    assert codes == {"path", "line"}, "its own sum would refuse it too"
