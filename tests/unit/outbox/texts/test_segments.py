"""How many segments a short message takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.outbox.texts.segments import GSM, UCS2, Measure, measured


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", GSM, 0, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("é" * 160, GSM, 160, 1),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        # 152 septets and the two of a euro would be 154: the euro goes whole into the second part.
        ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),
        ("م" * 70, UCS2, 70, 1),
        ("م" * 71, UCS2, 71, 2),
        ("م" * 134, UCS2, 134, 2),
        ("م" * 135, UCS2, 135, 3),
        ("😀" * 35, UCS2, 70, 1),
        ("😀" * 36, UCS2, 72, 2),
        ("م" * 66 + "😀" + "م" * 66, UCS2, 134, 3),
    ],
)
def test_a_text_takes(text: str, encoding: str, units: int, segments: int) -> None:
    assert measured(text) == Measure(encoding, units, segments, measured(text).forcing)


def test_french_is_short_with_e_acute_and_long_with_c_cedilla() -> None:
    assert measured("éèàùì Ç ÉÄÖÑÜ äöñü £ § @ ß").encoding == GSM
    for letter in "çêôœ«»’âîûëïÀÈÊ—…":
        found = measured(f"avant le 3 mai {letter}")
        assert (found.encoding, found.forcing) == (UCS2, (letter,)), letter


def test_the_forcing_characters_are_named_once_and_in_order() -> None:
    assert measured("« reçu » ça, ça").forcing == ("«", "ç", "»")


def test_it_costs_by_segment() -> None:
    assert measured("م" * 71).cost(350) == 700


@given(st.text(max_size=700))
def test_segments_hold_the_text_and_not_much_more(text: str) -> None:
    found = measured(text)
    lone, part = (160, 153) if found.encoding == GSM else (70, 67)
    assert (found.encoding == UCS2) == bool(found.forcing)
    assert (found.segments == 1) == (found.units <= lone)
    if found.segments > 1:
        assert (found.segments - 1) * (part - 1) < found.units <= found.segments * part


@given(st.text(max_size=300), st.text(max_size=300))
def test_more_text_never_takes_less(text: str, more: str) -> None:
    assert measured(text).segments <= measured(text + more).segments
