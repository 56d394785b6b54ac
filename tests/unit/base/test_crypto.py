"""Sealed values open at their place, whole, by a key of the ring, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.crypto import CannotUnseal, Keyring

OLD, NEW, INDEX, TRAIL = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3, 4))
PLACE = ("persons", "phone", "R" * 26)
RING = Keyring.parse(f"k1:{OLD}", INDEX, TRAIL)


@given(st.text())
def test_what_was_sealed_opens_and_is_not_readable(text: str) -> None:
    sealed = RING.seal(text, *PLACE)
    assert RING.unseal(sealed, *PLACE) == text
    assert len(text) < 8 or text.encode() not in sealed
    assert sealed != RING.seal(text, *PLACE)


@pytest.mark.parametrize(
    "place", [("accounts", *PLACE[1:]), ("persons", "email", PLACE[2]), (*PLACE[:2], "Q" * 26)]
)
def test_elsewhere_it_does_not_open(place: tuple[str, str, str]) -> None:
    with pytest.raises(CannotUnseal):
        RING.unseal(RING.seal("0612345678", *PLACE), *place)


def test_no_byte_of_it_can_be_altered_or_left_out() -> None:
    sealed = RING.seal("0612345678", *PLACE)
    for n in range(len(sealed)):
        altered = sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :]
        with pytest.raises(CannotUnseal):
            RING.unseal(altered, *PLACE)
        with pytest.raises(CannotUnseal):
            RING.unseal(sealed[:n], *PLACE)


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals() -> None:
    old = RING.seal("avant", *PLACE)
    rotated = Keyring.parse(f"k2:{NEW}, k1:{OLD}", INDEX, TRAIL)
    assert rotated.unseal(old, *PLACE) == "avant"
    new = rotated.seal("après", *PLACE)
    with pytest.raises(CannotUnseal, match="k2"):
        RING.unseal(new, *PLACE)
    assert Keyring.parse(f"k2:{NEW}", INDEX, TRAIL).unseal(new, *PLACE) == "après"
    with pytest.raises(CannotUnseal, match="k1"):
        Keyring.parse(f"k2:{NEW}", INDEX, TRAIL).unseal(old, *PLACE)


def test_the_blind_index_is_equal_for_equal_values_of_a_kind_under_one_key() -> None:
    blind = RING.blind("cin", "AB12345")
    assert blind == RING.blind("cin", "AB12345") and len(blind) == 64
    others = (RING.blind("massar", "AB12345"), RING.blind("cin", "AB12346"))
    other_key = Keyring.parse(f"k1:{OLD}", NEW, TRAIL).blind("cin", "AB12345")
    assert len({blind, *others, other_key}) == 4


@pytest.mark.parametrize(
    ("keys", "index", "trail", "named"),
    [
        ("k1:c2hvcnQ=", INDEX, TRAIL, "key 1"),
        (f"k1:{OLD},k2:not base64", INDEX, TRAIL, "key 2"),
        (f"k1:{OLD},k1:{NEW}", INDEX, TRAIL, "key 2"),
        (OLD, INDEX, TRAIL, "key 1 has no id of its own: write k1:VALUE"),
        (f":{OLD}", INDEX, TRAIL, "SEALING_KEYS"),
        (f"k1:{OLD}", "c2hvcnQ=", TRAIL, "INDEX_KEY"),
        (f"k1:{OLD}", INDEX, "c2hvcnQ=", "TRAIL_KEY"),
    ],
)
def test_a_bad_key_is_named(keys: str, index: str, trail: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Keyring.parse(keys, index, trail)
