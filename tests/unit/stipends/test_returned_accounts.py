"""An account that gave a transfer back, and when it is trusted again."""

from datetime import date

from cohortmgr.stipends.returned_accounts import AccountWord, month_come_back, month_come_back_since


def test_an_account_is_trusted_again_only_by_a_confirmation_that_came_after_the_return() -> None:
    january, february, day = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 2)
    back = AccountWord(january, 9, day, False)
    assert month_come_back([]) is None
    assert month_come_back([AccountWord(january, 9, None, False)]) is None
    assert month_come_back([back]) == january
    # The later month is later, though its line may have been made first.
    assert month_come_back([back, AccountWord(february, 4, None, True)]) is None
    assert month_come_back([back, AccountWord(february, 4, day, True)]) == february
    assert month_come_back([back, AccountWord(january, 5, None, True)]) == january


def test_an_approved_line_is_stopped_by_what_came_back_since_and_not_by_its_own_return() -> None:
    january, february, accord = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 2)
    own = AccountWord(february, 4, None, False)
    back = AccountWord(january, 3, accord, False)
    assert month_come_back_since(4, accord, [own]) is None
    assert month_come_back_since(4, accord, [own, back]) == january
    assert month_come_back_since(4, accord, [AccountWord(february, 4, accord, False)]) is None
    # A later month may have gone to the bank first.
    assert month_come_back_since(3, accord, [AccountWord(february, 4, accord, False)]) == february
    answered = AccountWord(february, 4, None, True)
    assert month_come_back_since(4, accord, [answered, back]) is None
    assert (
        month_come_back_since(4, accord, [answered, AccountWord(january, 3, date(2026, 3, 3), False)])
        == january
    )
