"""The verifier that strangers run: what it reads, what it says, and that it needs nothing of the house."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection import verify
from cohortmgr.selection.certificate import certificate
from cohortmgr.selection.certificate import verify as verify_in_house
from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.sheet import public_sheet
from cohortmgr.selection.ranking import RankingEntry, rank
from tests.unit.selection.proofs.oracle import sealed
from tests.unit.selection.proofs.worlds import certificates
from tests.unit.selection.test_harmonised import THREE
from tests.unit.selection.test_harmonised import board as harmonised_board
from tests.unit.selection.test_harmonised import certified as harmonised
from tests.unit.selection.test_phases import FOUR, board, certified

SOURCE = Path(verify.__file__)


def ranked() -> dict[str, Any]:
    entries = [RankingEntry(f"C{n}", (n % 4 * 1000, 12_345), (n % 2,)) for n in range(9)]
    return certificate(rank(entries, "2025"), 3, "2025", {"weights": {"level": 3}}, waiting=2)


def chosen() -> dict[str, Any]:
    return next(certificates(range(9)))


def run(path: Path, *more: str) -> int:
    return verify.main([str(path), *more])


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "certificate.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("made", [ranked, chosen, lambda: certified(board(*FOUR))])
def test_a_certificate_that_holds_gives_0_and_one_that_was_changed_1(
    made: Callable[[], dict[str, Any]], written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    content = made()
    assert run(written(json.dumps(content))) == verify.VALID
    assert run(written(json.dumps(content)), "--expect", content["sha256"].upper()) == verify.VALID
    assert run(written(json.dumps(content)), "--expect", "0" * 64, "--language", "en") == verify.INVALID
    assert "not the certificate whose digest was published" in capsys.readouterr().out
    content["seats"] += 1
    assert run(written(json.dumps(content))) == verify.INVALID
    assert "L’empreinte ne correspond pas" in capsys.readouterr().out
    assert run(written(json.dumps(sealed(content)))) == verify.INVALID


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_json"),
        ("{", "no_json"),
        ("[1]", "no_json"),
        ("3", "no_json"),
        ('{"a": 1, "a": 1}', "doubled"),
        ('{"b": {"a":1,"c":2,"a" :2}}', "doubled"),
        ('{"a": {"x": ":"}, "a": 2}', "doubled"),
        ('{"a": ":", "b": [{"c": 1, "c": 1}]}', "doubled"),
        ('{"a": NaN}', "no_number"),
        ('{"a": -Infinity}', "no_number"),
        ('{"a": 1.0}', "no_number"),
        ('{"a": 1e3}', "no_number"),
        ('{"seats": true}', "no_number"),
        ('{"format": 6, "seats": true}', "no_number"),
        ('{"format": 6, "rows": [{"tie": [false]}]}', "no_number"),
        ('{"format": 2, "hard": true}', "no_number"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 600 + "1" + "}" * 600, "nested"),
        ('{"a": ' + "9" * 5_000 + "}", "huge"),
        (b'{"a": "\xff"}', "no_json"),
        (b'\xef\xbb\xbf{"a": 1}', "no_json"),
        ('{"a": "\\ud800"}', "no_json"),
    ],
)
def test_what_two_readers_might_read_differently_is_not_read(
    text: str | bytes, code: str, written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(text)
    with pytest.raises(verify.UnreadableCertificate) as caught:
        verify.read(path.read_bytes())
    assert caught.value.code == code
    assert run(path) == verify.UNREADABLE
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_no_file_a_folder_and_a_wrong_command_are_unreadable(tmp_path: Path) -> None:
    assert run(tmp_path) == run(tmp_path / "none.json") == verify.UNREADABLE
    for arguments in ([], ["--line", "x"], ["x", "--line", "x", "--expect", "y"]):
        with pytest.raises(SystemExit) as caught:
            verify.main(arguments)
        assert caught.value.code == verify.UNREADABLE


JSON_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), JSON_VALUES, max_size=4), st.sampled_from([None, 1]))
def test_any_object_of_texts_and_integers_is_read_however_it_is_spaced(
    content: dict[str, Any], indent: int | None
) -> None:
    for separators in ((",", ":"), (" , ", " : ")):
        text = json.dumps(content, indent=indent, separators=separators, ensure_ascii=False)
        assert verify.read(text.encode()) == content
        assert verify.findings(content)


def test_the_file_alone_verifies_in_an_empty_folder(tmp_path: Path) -> None:
    """As at a journalist's desk: a copy, no packages, no variables of the environment."""
    (tmp_path / "verify.py").write_bytes(SOURCE.read_bytes())
    (tmp_path / "c.json").write_text(json.dumps(chosen()), "utf-8")
    found = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "c.json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (found.returncode, found.stderr) == (0, ""), found.stderr


def test_a_sum_that_is_too_long_to_write_is_told_without_its_digits(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made = chosen()
    floor = {"where": {"sex": "f"}, "at_least": 9 * 10**4_299, "at_most": None, "hard": False}
    made["rules"]["bounds"] = [{**floor, "where": {"sex": sex}} for sex in "fm"]
    made["prices"] |= {"bounds": [0, 0], "splits": []}
    leaf = {"scale": 1, "bounds": [0, 0], "seats": 0, "splits": [], "impossible": True}
    made["proof"] = {"best": leaf, "fuller": None}
    for row in made["rows"]:
        row["attributes"] = {}
    made["inputs"] = verify.inputs_of(made["rows"])
    assert run(written(json.dumps(sealed(made)))) == verify.INVALID
    assert "…" in capsys.readouterr().out


def test_a_proof_of_more_leaves_than_anybody_splits_is_not_gone_through() -> None:
    made = chosen()
    tree: Any = {"scale": 1, "seats": 0, "impossible": True}
    tree |= {"bounds": [0] * len(made["rules"]["bounds"]), "splits": [0] * 13}
    for depth in range(13):
        tree = {"where": [], "most": depth, "below": tree, "above": tree}
    made["proof"]["best"] = tree
    assert {each.code for each in verify.findings(sealed(made))} == {"malformed"}


def test_it_imports_the_standard_library_alone() -> None:
    module = ast.parse(SOURCE.read_text("utf-8"))
    names = {
        name.split(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }
    assert names <= sys.stdlib_module_names


def test_a_name_in_a_file_moves_no_cursor(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = chosen()
    made["rows"][0]["reference"] = made["rows"][1]["reference"] = "\x1b[2JA\nValid: all"
    assert run(written(json.dumps(made))) == verify.INVALID
    said = capsys.readouterr().out
    assert "\x1b" not in said and not any(line.startswith("Valid") for line in said.splitlines())


def test_every_sentence_takes_its_values_in_both_languages() -> None:
    values = dict.fromkeys(
        (
            "reference",
            "rank",
            "expected",
            "number",
            "count",
            "leaf",
            "key",
            "offering",
            "stated",
            "found",
        ),
        "7",
    )
    for french, english in verify.WORDS.values():
        assert (french.count("%("), french % values != "") == (english.count("%("), english % values != "")


def places(value: Any) -> Any:
    """Where each value stands."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(each, dict | list):
            yield from places(each)


@pytest.mark.parametrize(
    "made", [ranked, lambda: certified(board(*FOUR)), lambda: harmonised(harmonised_board(*THREE))]
)
def test_in_formats_2_to_5_a_changed_whole_number_of_a_row_shows(made: Callable[[], dict[str, Any]]) -> None:
    first = made()
    assert verify.findings(first) == []
    count = sum(isinstance(holder[key], int) for holder, key in places(first["rows"]))
    for wanted in range(count):
        changed = copy.deepcopy(first)
        holder, key = [each for each in places(changed["rows"]) if isinstance(each[0][each[1]], int)][wanted]
        holder[key] += 1
        assert verify.findings(changed)
        assert verify.findings(sealed(changed)), (key, holder)
        assert verify_in_house(sealed(changed))


def test_a_criterion_or_a_phase_that_comes_twice_is_refused() -> None:
    made = certified(board(*FOUR))
    for holder in (
        made["rubric"]["phases"],
        made["rubric"]["phases"][1]["criteria"],
        made["rows"][0]["phases"],
    ):
        holder.append(copy.deepcopy(holder[0]))
        assert verify.findings(sealed(made))
        holder.pop()
    assert verify.findings(sealed(made)) == []


def test_a_line_is_checked_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = chosen()
    lines = CandidateLines(made)
    path = tmp_path / "line.json"
    path.write_text(json.dumps(lines.line(made["rows"][2]["reference"])), "utf-8")
    assert verify.main(["--line", str(path), "--expect", lines.root]) == verify.VALID
    assert verify.main(["--line", str(path), "--expect", "0" * 64]) == verify.INVALID
    assert "racine" in capsys.readouterr().out


def test_what_is_published_beside_a_certificate_is_told_by_its_name_and_not_as_a_forgery(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = chosen()
    lines = CandidateLines(made)
    for name, content, said in (
        ("line", lines.line(made["rows"][2]["reference"]), "--line"),
        ("sheet", public_sheet(made, lines.root), "fiche publique"),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content), "utf-8")
        assert run(path) == run(path, "--expect", lines.root) == verify.INVALID
        shown = capsys.readouterr().out
        assert said in shown and "empreinte" not in shown
    path.write_text(json.dumps({key: value for key, value in made.items() if key != "rows"}), "utf-8")
    assert run(path) == verify.INVALID and "fiche" not in capsys.readouterr().out


TEXTS = st.text(max_size=3)
ROWS = st.fixed_dictionaries(
    {"reference": TEXTS, "mark": st.integers(), "tie": st.lists(st.integers(), max_size=2), "outcome": TEXTS,
     "attributes": st.dictionaries(TEXTS, TEXTS, max_size=2), "rank": st.integers()},
    optional={"by": TEXTS, "out": TEXTS},
)  # fmt: skip
PHASES = st.fixed_dictionaries(
    {"key": TEXTS, "scores": st.lists(st.dictionaries(TEXTS, st.integers(), max_size=2), max_size=2),
     "totals": st.lists(st.integers(), max_size=2)},
    optional={"mark": st.integers(), "readers": st.lists(TEXTS, max_size=2)},
)  # fmt: skip
SCORED = st.fixed_dictionaries({"phases": st.lists(PHASES, max_size=2), "short": st.integers()})
RULE = {"format": 6, "rule": verify.RULE_OF_CHOICE, "sha256": "x", "zz": ["é", {"b": 1, "a": None}]}


@given(st.lists(ROWS, max_size=4), st.lists(SCORED, max_size=4), st.booleans())
def test_rows_are_written_out_as_the_encoder_writes_them(
    rows: list[dict[str, Any]], scored: list[dict[str, Any]], has_rubric: bool
) -> None:
    """The quick way for rows of a known shape, and the plain way for any JSON, give both digests alike."""
    if has_rubric:
        rows = [row | more for row, more in zip(rows, scored, strict=False)]
    content = {**RULE, "rows": rows, **({"rubric": {}} if has_rubric else {})}
    assert verify._looked_at(content) == (
        None,
        sum(isinstance(key, str) for _holder, key in places(content)),
        True,
    )
    assert verify._digests(content) == (verify.digest(content), verify.inputs_of(rows))


def test_what_was_given_does_not_hang_on_the_ranking() -> None:
    made = chosen()
    assert verify.inputs_of(made["rows"][::-1]) == made["inputs"] == verify.inputs_of(made["rows"])
    assert [each.code for each in verify.findings(sealed({**made, "inputs": "0" * 64}))] == ["inputs"]


def test_a_colon_in_a_text_hides_no_doubled_key() -> None:
    made = json.dumps({**chosen(), "seed": 'a : b, "c": d'}, separators=(",", ":"))
    assert verify.read(made.encode())["seed"] == 'a : b, "c": d'
    for key in ("rank", "region", "seed"):
        place = made.index(f'"{key}":')
        with pytest.raises(verify.UnreadableCertificate, match="doubled"):
            verify.read(f'{made[:place]}"{key}":1,{made[place:]}'.encode())
