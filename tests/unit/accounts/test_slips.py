"""An address with a likely slip is told, with the one that was meant; nobody's right address ever is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.contacts import normalise_email
from cohortmgr.accounts.slips import KNOWN, PROVIDERS, asked_before, is_one_edit, likely_address, settled

_LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789._+-", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zoe@gmial.com", "zoe@gmail.com"),
        ("Zoe.B@GMAIL.CON", "zoe.b@gmail.com"),
        ("zoe@hotmial.fr", "zoe@hotmail.fr"),
        ("zoe@gmail,com", "zoe@gmail.com"),
        ("zoe@gmail،com", "zoe@gmail.com"),
        ("zoe@gmail com", "zoe@gmail.com"),
        ("zoe@gmail..com", "zoe@gmail.com"),
        ("zoe@gmailcom", "zoe@gmail.com"),
        ("zoe@gmail", "zoe@gmail.com"),
        ("zoe@gmail.co", "zoe@gmail.com"),
        ("zoe@gmail.cm", "zoe@gmail.com"),
        ("zoe@gmail.comm", "zoe@gmail.com"),
        ("zoe@gmail.fr", "zoe@gmail.com"),
        ("zoe@gmail.ma", "zoe@gmail.com"),
        ("zoe@gmaill.com", "zoe@gmail.com"),
        ("zoe@gamil.com", "zoe@gmail.com"),
        ("zoe@gnail.com", "zoe@gmail.com"),
        ("zoe@yaho.fr", "zoe@yahoo.fr"),
        ("zoe@yahoo.f", "zoe@yahoo.fr"),
        ("zoe@yhaoo.fr", "zoe@yahoo.fr"),
        ("zoe@menara.am", "zoe@menara.ma"),
        ("zoe@taalim.am", "zoe@taalim.ma"),
        ("zoe@iam.am", "zoe@iam.ma"),
        ("zoe@um5.ac.am", "zoe@um5.ac.ma"),
        ("zoe@outlok.com", "zoe@outlook.com"),
        ("zoe@live.con", "zoe@live.com"),
        ("zoe@livefr", "zoe@live.fr"),
        ("zoe@icloud.cim", "zoe@icloud.com"),
        ("<zoe@gmial.com>", "zoe@gmail.com"),
        ("zoe@gmial,com", "zoe@gmail.com"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(typed: str, meant: str) -> None:
    assert likely_address(typed) == meant
    assert likely_address(meant) is None


@pytest.mark.parametrize(
    "typed",
    [
        "", "zoe", "0612345678", "@", "zoe@", "@gmail.com", "zoe@gmail.com", "zoe@gmail.com,", "ZOE@GMAIL.COM ",
        "zoe@mail.com", "zoe@email.com", "zoe@ymail.com", "zoe@exemple.ma", "zoe@example.org", "zoe@inpt.ma",
        "zoe@hotmail.gr", "zoe@yahoo.gr", "zoe@orange.ma", "zoe@cloud.com", "zoe@five.fr", "zoe@uae.ma",
        "zoe@umi.ac.ma", "zoe@um5.ac.ma", "zoe@ump.ac.ma", "zoe@dive.com", "zoe@gmail.example.com", "zoe@مثال.المغرب",
    ],
)  # fmt: skip
def test_no_other_text_is_asked_about(typed: str) -> None:
    assert likely_address(typed) is None


@given(_LOCAL, st.sampled_from(sorted(KNOWN)), st.booleans())
def test_no_known_provider_is_asked_about(local: str, domain: str, loud: bool) -> None:
    typed = f"{local}@{domain}"
    assert likely_address(typed.upper() if loud else typed) is None


@given(st.sampled_from(PROVIDERS), st.data())
def test_one_edit_in_a_long_name_is_asked_about_unless_it_makes_another_known_one(
    provider: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(provider) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    edits = [
        provider[:at] + provider[at + 1 :],
        provider[:at] + letter + provider[at:],
        provider[:at] + letter + provider[at + 1 :],
        provider[:at] + provider[at : at + 2][::-1] + provider[at + 2 :],
    ]
    typed = data.draw(st.sampled_from(edits))
    found = likely_address(f"zoe@{typed}")
    if typed in KNOWN:
        assert found is None
    elif len(provider.partition(".")[0]) >= 5:
        assert found is not None, typed
    if found is not None:
        assert found.partition("@")[2] in PROVIDERS and normalise_email(found) == found


@given(st.text(max_size=40))
def test_any_text_is_read_and_what_was_meant_is_an_address_that_nobody_is_asked_about(text: str) -> None:
    found = likely_address(text)
    assert found is None or (normalise_email(found) == found and likely_address(found) is None)


def test_one_edit() -> None:
    near = [("ab", "ba"), ("a", ""), ("abc", "abx"), ("abc", "abbc"), ("gmail.com", "gmial.com")]
    assert all(is_one_edit(*pair) and is_one_edit(*pair[::-1]) for pair in near)
    assert not any(is_one_edit(*pair) for pair in [("a", "a"), ("abc", "cba"), ("ab", ""), ("abcd", "badc")])


def test_a_button_settles_its_field_and_what_was_kept_is_known() -> None:
    taken = settled(MultiDict({"email": "zoe@gmial.com", "taken-email": "zoe@gmail.com"}))
    assert taken["email"] == "zoe@gmail.com" and "taken-email" not in taken
    kept = settled(MultiDict({"email": "zoe@gmial.com", "kept-email": "zoe@gmial.com"}))
    assert kept["email"] == asked_before(kept, "email") == "zoe@gmial.com"
    assert asked_before(MultiDict({"email": "x"}), "email") is None
