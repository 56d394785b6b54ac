"""A telephone that people call an organisation by: whether it can be dialled, as people and links write it."""

from __future__ import annotations

import re

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem

_TELEPHONE = re.compile(r"\+?[0-9][0-9 ().-]{1,28}[0-9]")
_COUNTRY = "+212"
# Morocco's own numbers have ten digits, and nine behind the country's code.
_OF_THE_COUNTRY = re.compile(r"0[0-9]{9}|\+212[0-9]{9}")
_NO_TELEPHONE = N_("Écrivez le téléphone en entier, en chiffres, par exemple 05 37 00 00 27.")


def typed(telephone: str) -> str:
    """Return a telephone that was typed in any digits, as people read it: one of Morocco without spaces in pairs,
    `05 37 00 00 27`."""
    said = western_digits(telephone).strip()
    if re.fullmatch(r"0[0-9]{9}", said):
        return " ".join(said[at : at + 2] for at in range(0, 10, 2))
    return said


def telephone_problems(telephone: str) -> list[Problem]:
    """Return why a telephone cannot be dialled, at the field `telephone`; empty if it can, or if there is none.

    It can if it is a number of Morocco, of another country, or a short one, which begins with no zero."""
    digits = re.sub(r"[^0-9+]", "", telephone)
    ours = digits.startswith(("0", _COUNTRY))
    good = _TELEPHONE.fullmatch(telephone) and (not ours or _OF_THE_COUNTRY.fullmatch(digits))
    return [] if good or not telephone else [Problem(_NO_TELEPHONE, {}, "telephone")]


def dialled(telephone: str) -> str:
    """Return a telephone as a link dials it: digits, with the country's code in the place of a first zero."""
    digits = re.sub(r"[^0-9+]", "", telephone)
    return f"{_COUNTRY}{digits[1:]}" if digits.startswith("0") and len(digits) > 4 else digits
