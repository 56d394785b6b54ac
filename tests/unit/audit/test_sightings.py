"""What is noted outside of the database: signed lines, of which none can be altered or left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cohortmgr.audit.rules import ChainEnd
from cohortmgr.audit.sightings import Noted, line_of, read

KEY = b"k" * 32
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def ends(**numbers: int) -> dict[str, ChainEnd]:
    return {f"7/{name}": ChainEnd(number, f"{name}{number}", None) for name, number in numbers.items()}


def written(*states: dict[str, ChainEnd], whole: bool = False) -> list[str]:
    lines: list[str] = []
    for hour, state in enumerate(states):
        line = line_of(KEY, AT + timedelta(hours=hour), state, again(lines), whole)
        lines += [line] if line else []
    return lines


def again(lines: list[str], key: bytes = KEY) -> Noted:
    return read(key, [(f"day:{number}", line) for number, line in enumerate(lines, 1)])


def test_each_line_names_what_went_on_and_the_first_of_a_day_all() -> None:
    lines = written(ends(a=1, b=2, c=0), ends(a=3, b=2, c=0), ends(a=3, b=2, c=0))
    assert len(lines) == 2 and "7/b" not in lines[1] and "7/c" not in lines[0]
    noted = again(lines)
    assert noted.problems == [] and noted.ends == {"7/a": (3, "a3"), "7/b": (2, "b2")}
    assert {number: seen.digest for number, seen in noted.links["7/a"].items()} == {1: "a1", 3: "a3"}
    assert noted.links["7/a"][3].at == "2026-11-22T11:00:00+00:00"
    assert "7/b" in line_of(KEY, AT, ends(a=3, b=2), noted, True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [lines[0].replace('"7/a":[1', '"7/a":[0'), *lines[1:]], "day:1: Cette ligne"),
        (lambda lines: [lines[0], lines[2]], "day:2: Il manque des lignes"),
        (lambda lines: lines[1:], "day:1: Il manque des lignes"),
        (lambda lines: [lines[1], lines[0], lines[2]], "day:1: Il manque des lignes"),
        (lambda lines: ["", *lines], "day:1: Cette ligne"),
        (lambda lines: ["[" * 100_000, *lines], "day:1: Cette ligne"),
        (lambda lines: ['{"signature":"é"}', *lines], "day:1: Cette ligne"),
        (lambda lines: ["7", *lines], "day:1: Cette ligne"),
    ],
)
def test_a_line_that_was_altered_or_taken_away_is_named(spoil: object, said: str) -> None:
    lines = written(ends(a=1), ends(a=2), ends(a=3))
    assert callable(spoil) and again(lines).problems == []
    assert str(again(spoil(lines)).problems[0]).startswith(said)


def test_who_has_not_the_key_cannot_write_a_line() -> None:
    assert len(again(written(ends(a=1)), b"o" * 32).problems) == 1


def test_a_chain_that_had_gone_back_by_the_next_hour_stays_told() -> None:
    (problem,) = again(written(ends(a=5), ends(a=2), ends(a=7))).problems
    assert problem.where == "day:2" and "7/a" in str(problem)
