"""Reads the six digits of a code as people type and paste them, the same at every door. Pure."""

from __future__ import annotations

import re

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.accounts.rules import CODE_DIGITS
from cohortmgr.base.errors import N_, Problem, Refused

# A message with a code in it, pasted whole: six digits, or three and three, that stand alone among its words.
_LONGEST_MESSAGE = 600
_CODE_IN_WORDS = re.compile(
    r"(?<![^\W_])(?<![0-9][.,: -])[0-9]{3}[ \u00a0\u202f-]?[0-9]{3}(?![^\W_]|[.,: -][0-9])"
)


def read_code(typed: str) -> str | None:
    """Return the six digits of a code as people copy it: with spaces and dashes, in western or Arabic digits, or with
    the words of the message around it. None if they are not six digits, or if there are several."""
    if len(typed) > _LONGEST_MESSAGE:
        return None
    written = western_digits(typed)
    digits = "".join(sign for sign in written if sign.isascii() and sign.isalnum())
    if len(digits) == CODE_DIGITS and digits.isdigit():
        return digits
    found = {"".join(filter(str.isdigit, each)) for each in _CODE_IN_WORDS.findall(written)}
    return found.pop() if len(found) == 1 else None


def code_typed(typed: str) -> str:
    """Return the six digits of a code. Refuses what is none at every door, so that it does not count as a try."""
    digits = read_code(typed)
    if digits is None:
        raise Refused(Problem(N_("Le code a six chiffres. Recopiez-les, ou collez-les."), {}, "code"))
    return digits
