"""The payment list, its exceptions, and the bank file's rows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cohortmgr.accounts.bank import iban_of
from cohortmgr.stipends.bank_file import amount, bank_rows, check_bank_rows, iban_holds
from cohortmgr.stipends.payments import Payee, payment_list, rib_problem


def _rib(account: int) -> str:
    body = f"230810{account:016}"
    return body + f"{97 - int(body) * 100 % 97:02}"


def _payee(number: int, rib: str | None = "", cents: int = 700_000) -> Payee:
    return Payee(f"L{number}", f"P{number}", f"Personne {number}", _rib(number) if rib == "" else rib, cents)


@given(st.integers(0, 10**22 - 1), st.integers(1, 9), st.integers(0, 23))
def test_the_key_and_the_iban_agree_and_a_wrong_digit_shows(body: int, step: int, place: int) -> None:
    assume(f"{body:022}"[:3] not in ("000", "999"))  # no bank bears these
    rib = f"{body:022}{97 - body * 100 % 97:02}"
    assert rib_problem(rib) is None
    assert iban_holds(iban_of(rib))
    wrong = rib[:place] + str((int(rib[place]) + step) % 10) + rib[place + 1 :]
    assert rib_problem(wrong) is not None
    assert not iban_holds("MA64" + wrong)


@pytest.mark.parametrize("rib", [None, "", "  ", "12", "2" * 25, "23081000000000000000000x", "٢" * 24])
def test_what_is_no_rib(rib: str | None) -> None:
    assert rib_problem(rib) is not None


def test_a_rib_may_be_written_with_spaces() -> None:
    rib = _rib(5)
    (payment,) = payment_list([_payee(5, f"{rib[:3]} {rib[3:6]} {rib[6:22]} {rib[22:]}")]).payments
    assert (payment.rib, payment.iban) == (rib, "MA64" + rib)


def test_a_month_of_all_the_grants() -> None:
    made = payment_list([_payee(number) for number in range(568)])
    assert (made.count, made.total, made.exceptions) == (568, 397_600_000, ())
    rows = bank_rows(made, "Bourse 03/2026")
    assert rows[-1][:2] == ("TOTAL", "568")
    assert rows[-1][5] == "3976000.00"
    assert len(rows) == 570
    assert check_bank_rows(rows) == []


def test_each_exception_is_named_and_not_paid() -> None:
    shared = _rib(77)
    payees = [
        _payee(1),
        _payee(2, None),
        _payee(3, "123"),
        _payee(4, cents=0),
        _payee(5, shared),
        _payee(6, shared[:6] + " " + shared[6:]),
        _payee(7),
        _payee(7),
        _payee(8, cents=668_182),
    ]
    made = payment_list(payees)
    assert [payment.reference for payment in made.payments] == ["L1", "L8"]
    assert made.total == 1_368_182
    assert [problem.where for problem in made.exceptions] == ["L2", "L3", "L4", "L5", "L6", "L7", "L7"]
    assert all(str(problem) for problem in made.exceptions)


def test_a_changed_file_shows() -> None:
    rows = [list(row) for row in bank_rows(payment_list([_payee(1), _payee(2)]), "x")]
    for row, column, value in ((1, 5, "9999.00"), (1, 4, "MA64" + _rib(9)), (3, 1, "3"), (0, 0, "n")):
        changed = [list(each) for each in rows]
        changed[row][column] = value
        assert check_bank_rows(changed)
    assert check_bank_rows([*rows[:2], rows[3]])
    assert check_bank_rows([])


def test_amounts_as_a_bank_writes_them() -> None:
    assert [amount(cents) for cents in (0, 5, 668_182, -250)] == ["0.00", "0.05", "6681.82", "-2.50"]


@pytest.mark.parametrize("reverse", [False, True])
def test_whoever_had_a_rib_first_is_paid_and_whoever_gave_it_later_is_told_whose_it_is(reverse: bool) -> None:
    shared = _rib(77)
    first, second, third = (
        Payee(f"L{day}", f"P{day}", f"Personne {day}", shared, 700_000, datetime(2026, 1, day, tzinfo=UTC))
        for day in (1, 2, 3)
    )
    payees = [first, second, third]
    made = payment_list(payees[::-1] if reverse else payees)
    assert [payment.reference for payment in made.payments] == ["L1"]
    told = {problem.where: problem.values["other"] for problem in made.exceptions}
    assert set(told) == {"L2", "L3"} and told["L2"] == "Personne 1"
    same = [replace(each, since=first.since) for each in payees[:2]]
    assert payment_list(same).payments == (), "nobody knows whose it was first"
    assert payment_list([first, replace(second, since=None)]).payments == ()
