"""Accounts from which a transfer came back: whether one is trusted again, and how a line says so. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cohortmgr.base.errors import N_

ACCOUNT_CONFIRMED = N_("Compte se terminant par %(digits)s confirmé après un retour")
"""The item, of no centimes, by which somebody answers for an account from which a transfer came back."""

RETURNED_ACCOUNT = N_(
    "%(name)s : le versement de %(month)s est revenu de ce compte. Demandez une correction du RIB ou, si le compte est "
    "bon, confirmez-le dans cette ligne."
)
"""Why a line is set aside whose account gave an earlier transfer back."""


@dataclass(frozen=True, order=True)
class AccountWord:
    """What a line says of the account that it was computed with: on which day its transfer came back, that somebody
    confirmed the account in it, or nothing. Later lines have a later month and, in one month, a greater `line_id`."""

    month: date
    line_id: int
    returned_on: date | None
    confirmed: bool


def month_come_back(words: Sequence[AccountWord]) -> date | None:
    """Return the last month that came back from an account which nobody has confirmed since; None if it is trusted.

    `words` are those of all the lines with that account. A transfer that comes back after a confirmation asks for
    another one."""
    returned = [each for each in words if each.returned_on]
    confirmed = [each for each in words if each.confirmed]
    if not returned or (confirmed and max(confirmed) > max(returned)):
        return None
    return max(returned).month


def month_come_back_since(line_id: int, approved_on: date, words: Sequence[AccountWord]) -> date | None:
    """Return the last month that came back from the account of a line since it was approved on that day, None if none
    did. The line's own transfer is not meant: its account stood when it left.

    An account that nobody has confirmed was trusted at the approval, so that whatever says otherwise came since. A
    confirmation in the line answers for all that came back until the approval."""
    before = [each for each in words if each.line_id != line_id]
    if not any(each.line_id == line_id and each.confirmed for each in words):
        return month_come_back(before)
    since = [each.month for each in before if each.returned_on and each.returned_on > approved_on]
    return max(since, default=None)


def is_confirmed(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether somebody confirmed the account in the line with these stored items."""
    return any(each["what"] == ACCOUNT_CONFIRMED for each in items)
