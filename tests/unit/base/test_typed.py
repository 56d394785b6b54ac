"""Numbers, days and nesting, bounded where they enter."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cohortmgr.base import typed
from cohortmgr.base.clock import CASABLANCA

DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), (" 12 ", 12), ("٣", 3), ("007", 7), (str(typed.MOST), typed.MOST)],
)
def test_a_whole_number_is_read_as_people_write_it(text: str, number: int) -> None:
    assert typed.whole(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-1",
        "1.5",
        "²",
        "1_0",
        "0x1",
        "1e3",
        "--5",
        "9" * 400,
        str(typed.MOST + 1),
        None,
        3,
        {},
        "\x00",
    ],
)
def test_what_is_no_whole_number_within_its_bounds_is_none(text: object) -> None:
    assert typed.whole(text) is None


def test_bounds_are_the_caller_s() -> None:
    assert typed.whole("-3", -5) == -3
    assert typed.whole("-6", -5) is None and typed.whole("11", 0, 10) is None


@pytest.mark.parametrize(
    "text", ["9999-12-31", "0001-01-01", "2026-02-30", "20260101", "2026-W01-1", "", None, "x"]
)
def test_a_day_that_nobody_means_is_none(text: object) -> None:
    assert typed.day(text) is None


def test_to_every_day_a_day_and_a_zone_can_be_added() -> None:
    assert typed.day("2027-03-31") == date(2027, 3, 31)
    assert typed.moment("2027-03-31T09:00", CASABLANCA) == datetime(2027, 3, 31, 9, tzinfo=UTC)
    for text in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "", "x", None):
        assert typed.moment(text, CASABLANCA) is None


@pytest.mark.parametrize(
    "text", [DEEP, '{"a":' * 5000, "NaN", "1e999", "-Infinity", "9" * 400, "{", "", b"\xff"]
)
def test_a_json_text_that_nests_or_counts_too_far_does_not_read(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        typed.parse_json(text)


@pytest.mark.parametrize(
    "text", [f"a = {DEEP}", f"a = {'[' * 50_000}", "a." * 5000 + "b = 1", "[" + "a." * 5000 + "b]"]
)
def test_a_toml_text_that_nests_too_far_does_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        typed.parse_toml(text)


def test_brackets_in_texts_and_comments_open_nothing() -> None:
    inside = "[" * 100
    assert typed.parse_json(f'{{"a": "{inside}"}}') == {"a": inside}
    for said in (f'a = "{inside}"', f"a = '{inside}'", f"a = '''\n{inside}'''", f'a = """{inside}"""'):
        assert typed.parse_toml(f"{said} # {inside}")["a"] == inside


def test_what_our_own_pages_send_reads() -> None:
    assert typed.parse_json(b'{"a": [1, 2.5, null, {"b": "\\u00e9"}]}') == {"a": [1, 2.5, None, {"b": "é"}]}


@pytest.mark.parametrize(
    "figure", [Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999"), Decimal("1e-999999")]
)
def test_a_figure_that_nobody_means_is_none(figure: Decimal) -> None:
    assert typed.sound_figure(figure) is None
    assert typed.sound_figure(Decimal("12.25")) == Decimal("12.25")


def test_nesting_is_measured_by_values_too() -> None:
    value: Any = 1
    for _depth in range(typed.DEEPEST):
        value = {"a": [value]}
    with pytest.raises(ValueError):
        typed.require_shallow(value)
    typed.require_shallow({"a": [{"b": [1]}]})


# Each begins a text on every line and closes none: read by trying, a megabyte of it would take hours.
UNCLOSED = {
    "many lines": '"""' + '\n\\"""' * 200_000,
    "one line": '"\\\n' + '\\"\\\n' * 200_000,
    "literal": "'''" + "\n''a'" * 200_000,
    "quotation marks": '"\n' * 400_000,
    "escapes": '"""' + "\\" * 999_999,
    "comments": "#'\"\n" * 200_000,
}


@pytest.mark.parametrize("text", UNCLOSED.values(), ids=UNCLOSED)
def test_a_text_that_nobody_closes_is_measured_in_one_reading(text: str) -> None:
    began = time.process_time()
    assert not typed.nests_too_deeply(text)
    with pytest.raises(ValueError):
        typed.parse_json(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", ['"a" [', "'a' [", '"""a""" [', "# a\n[", '"\\"" [', '"""a\\"""" [', '"""a""""" [', "'''a'''' ["]
)
def test_brackets_behind_texts_and_comments_open(text: str) -> None:
    assert typed.nests_too_deeply(text.replace("[", "[" * 33))
