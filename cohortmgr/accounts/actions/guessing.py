"""What follows when strangers type wrong codes for an address, or ask for so many that its owner would be shut out.

Closing would do what they want. The owner is told, and whoever proves the address says one thing more, which only
they know: the number of their file or their day of birth."""

from __future__ import annotations

from cohortmgr.accounts.actions import counting, letters
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import TODAY, WRONG_CODES, WRONG_CODES_CLOSE, limit_on_wrong_codes
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.base import clock
from cohortmgr.base.errors import Problem, Refused


def note_wrong(contact: Contact) -> None:
    """Count a stranger's wrong code for an address. The one that makes too many of a day raises the alarm, and tells
    the holder of the account that the address enters, if there is one."""
    attempt = counting.count([limit_on_wrong_codes(contact)])
    account = viewers.account_by_contact(contact) if attempt.alarmed else None
    if account is not None:
        letters.tell_at([contact], account, "codes_guessed", {"at": clock.now(), "number": WRONG_CODES})


def must_say_more(contact: Contact, *, doubted: bool) -> bool:
    """Whether one thing more is asked of a stranger's browser that typed the right code. `doubted` says that too many
    codes were asked for before this one.

    Where nothing can be asked, the code is enough until as many wrong ones were typed as a day's codes have tries;
    then Refused is raised."""
    wrong = counting.number_of(limit_on_wrong_codes(contact))
    if viewers.account_by_contact(contact) is None or not (doubted or wrong >= WRONG_CODES):
        return False
    holder, bearers = known_people.bearers_of(contact)
    if any(each.can_answer for each in (holder, *bearers) if each is not None):
        return True
    if wrong >= WRONG_CODES_CLOSE:
        raise Refused(Problem(TODAY, {}, "code"))
    return False
