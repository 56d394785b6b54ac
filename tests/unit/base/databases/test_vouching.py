"""What is signed is joined so that nothing else gives the same text, and by a key of its own."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone

from cohortmgr.base.crypto import Keyring
from cohortmgr.base.databases.vouching import joined


def ring(number: int = 1) -> Keyring:
    keys = [base64.b64encode(bytes([each]) * 32).decode() for each in (7, number, 9)]
    return Keyring.parse(f"k1:{keys[0]}", keys[1], keys[2])


def test_no_two_lists_are_joined_alike() -> None:
    lists: list[tuple[str | int | None, ...]] = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        ("a", None),
        ("a", "-"),
        ("a", ""),
        ("a",),
        (None, "a"),
        ("1:a", "b"),
        ("1", "a1:b"),
        (),
    ]
    assert len({joined(*each) for each in lists}) == len(lists)


def test_a_moment_is_signed_as_the_same_instant_everywhere() -> None:
    here = datetime(2026, 3, 1, 0, 30, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert joined(here) == joined(here.astimezone(UTC)) == "26:2026-02-28T23:30:00.000005"
    assert joined(True, 12, b"\xab") == "1:12:122:ab"


def test_letters_are_counted_as_the_database_counts_them() -> None:
    assert joined("é", "سلمى", "𝒜") == "1:é4:سلمى1:𝒜"


def test_the_blocks_that_the_database_keeps_make_the_same_signature() -> None:
    inner, outer = ring().door_blocks
    text = "4:said"
    found = hashlib.sha256(outer + hashlib.sha256(inner + text.encode()).digest()).hexdigest()
    assert found == ring().vouch(text)
    assert len(inner) == len(outer) == 64


def test_the_key_is_made_of_the_index_key_and_is_not_it() -> None:
    assert ring(1).vouch("a") != ring(2).vouch("a")
    assert ring().vouch("kind|a") != ring().blind("kind", "a")
