"""An account that gave a transfer back, and when it is trusted again."""

from datetime import date

from cohortmgr.stipends.returned_accounts import AccountWord, month_come_back


def test_an_account_is_trusted_again_only_by_a_confirmation_that_came_after_the_return() -> None:
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    back = AccountWord(january, 9, True, False)
    assert month_come_back([]) is None
    assert month_come_back([AccountWord(january, 9, False, False)]) is None
    assert month_come_back([back]) == january
    # The later month is later, though its line may have been made first.
    assert month_come_back([back, AccountWord(february, 4, False, True)]) is None
    assert month_come_back([back, AccountWord(february, 4, True, True)]) == february
    assert month_come_back([back, AccountWord(january, 5, False, True)]) == january
