"""Lines found by parts are those of the whole tree, for every size around the edges of parts."""

from __future__ import annotations

import json

import pytest

from cohortmgr.selection.choosing.rules import ChoiceProblem
from cohortmgr.selection.proofs import parts
from cohortmgr.selection.proofs.choice import StatedFile, StatedTerms
from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.parts import LinesIndex, PartedLines
from cohortmgr.selection.verify import line_findings
from tests.unit.selection.proofs.worlds import certificate_of, triangle, world


@pytest.mark.parametrize("files", [1, 3, 4, 5, 7, 8, 9, 11, 12, 13])
def test_each_line_and_the_root_are_those_of_the_whole_tree(
    files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART", 4)
    made = certificate_of(*triangle(files, files)) if files > 8 else certificate_of(*_plain(files))
    assert made is not None
    whole = CandidateLines(made)
    lines = PartedLines(made)
    with pytest.raises(ValueError, match="not asked for"):
        _ = lines.index
    found = [json.loads(json.dumps(each.as_json())) for each in lines]
    kept = lines.index.as_json()
    index = LinesIndex(**json.loads(json.dumps(kept)))
    assert len(found) == -(-files // 4) and index.root == whole.root
    for row in made["rows"]:
        reference = row["reference"]
        line = index.line(reference, found[index.part_of(reference)])
        assert line == whole.line(reference)
        assert line_findings(line, index.root) == []


def _plain(files: int) -> tuple[ChoiceProblem, list[StatedFile], StatedTerms]:
    return world(2, files=files, seats=1, placed=False, bounds=1, hard=0.0)


def test_a_reference_without_a_row_has_no_line() -> None:
    made = certificate_of(*world(3))
    assert made is not None
    lines = PartedLines(made)
    found, index = [each.as_json() for each in lines], lines.index
    for stranger in ("", "F05x", "zz"):
        with pytest.raises(KeyError):
            index.line(stranger, found[index.part_of(stranger)])
