"""The key of a RIB finds any single wrong digit and any two neighbours that changed places."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cohortmgr.accounts.bank import check_rib, iban_of, rib_key
from cohortmgr.base.errors import Refused

ACCOUNTS = st.text(alphabet="0123456789", min_size=22, max_size=22).filter(
    lambda account: account[:3] not in ("000", "999")
)


def rib_of(account: str) -> str:
    return account + rib_key(account)


@given(ACCOUNTS)
def test_a_number_with_its_key_is_accepted_alone_grouped_and_as_an_iban(account: str) -> None:
    rib = rib_of(account)
    grouped = " ".join(rib[at : at + 4] for at in range(0, 24, 4))
    assert (
        check_rib(rib)
        == check_rib(grouped)
        == check_rib(iban_of(rib))
        == check_rib(f"IBAN {iban_of(rib)}")
        == rib
    )
    assert len(iban_of(rib)) == 28


@given(ACCOUNTS, st.integers(0, 23), st.integers(1, 9))
def test_one_changed_digit_is_found(account: str, at: int, by: int) -> None:
    rib = rib_of(account)
    wrong = rib[:at] + str((int(rib[at]) + by) % 10) + rib[at + 1 :]
    assume(not wrong.endswith("00"))  # as a spreadsheet leaves it
    with pytest.raises(Refused, match="clé"):
        check_rib(wrong)
    with pytest.raises(Refused):
        check_rib(f"MA64{wrong}")


@given(ACCOUNTS, st.integers(0, 22))
def test_two_neighbours_that_changed_places_are_found(account: str, at: int) -> None:
    rib = rib_of(account)
    assume(rib[at] != rib[at + 1])
    with pytest.raises(Refused):
        check_rib(rib[:at] + rib[at + 1] + rib[at] + rib[at + 2 :])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "chiffres"),
        ("1.0175E+23", "chiffres"),
        ("1234", "4 chiffres au lieu de 24"),
        ("FR7630006000011234567890189", "chiffres"),
        ("MA12", "IBAN"),
        ("9" * 5000, "au lieu de 24"),
    ],
)
def test_what_is_no_rib_is_told_why(text: str, part: str) -> None:
    with pytest.raises(Refused, match=part):
        check_rib(text)


@pytest.mark.parametrize(
    "written",
    ["RIB : {}", "rib {}", "IBAN : MA64{}", "RIB:{}", "{0[0]}{0[1]}{0[2]}/{0[3]}{0[4]}{0[5]}/{1}/{2}"],
)
def test_a_number_is_read_as_banks_print_it(written: str) -> None:
    rib = rib_of("0077801234567890123456")
    assert check_rib(written.format(rib, rib[6:22], rib[22:])) == rib


@pytest.mark.parametrize("bank", ["000", "999"])
def test_a_right_key_does_not_make_a_bank(bank: str) -> None:
    rib = rib_of(f"{bank}7801234567890123456")
    for text in (rib, iban_of(rib)):
        with pytest.raises(Refused, match="n’est le code d’aucune banque") as caught:
            check_rib(text)
    assert caught.value.problems[0].values == {"code": bank}


@pytest.mark.parametrize(
    "text",
    [
        "007123456789012340000000",  # fifteen digits of 7123…, and the zeros before it written anew
        "7123456789012340000000",
        "007 780 1234567890100000 00",
        "011780123456789000000000",
        "190780123456789000000000",
    ],
)
def test_digits_that_a_spreadsheet_lost_are_no_wrong_key(text: str) -> None:
    with pytest.raises(Refused, match="remplacés par des zéros"):
        check_rib(text)


def test_a_key_is_computed_from_22_digits_only() -> None:
    assert check_rib("190208045167518037065614") == "190208045167518037065614"
    assert rib_key("1902080451675180370656") == "14"
    with pytest.raises(ValueError, match="22"):
        rib_key("12")
