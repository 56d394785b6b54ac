"""Normalise the numbers that identify a person (CIN, Massar, passport, permit), so that they can be compared.

Each function returns the normalised number, or raises Refused with what is wrong and what to do.
"""

from __future__ import annotations

import re

from cohortmgr.base.errors import N_, Refused
from cohortmgr.base.text import bare

_CIN = re.compile(r"[A-Z]{1,2}[0-9]{4,7}\Z")
_MASSAR = re.compile(r"[A-Z][0-9]{9}\Z")
_PASSPORT = re.compile(r"[A-Z0-9]{6,9}\Z")
_PERMIT = re.compile(r"[A-Z0-9]{5,12}\Z")
# Longer than any number with its spaces: a longer text is not examined.
_LONGEST = 40
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_SEPARATORS = str.maketrans(dict.fromkeys(" \t\n\r-.·/"))


def western_digits(text: str) -> str:
    """Return the same text with Arabic digits written as 0 to 9."""
    return text.translate(_DIGITS)


def normalise_cin(text: str) -> str:
    """Normalise a CIN: one or two letters, four to seven digits.
    `AB 12345` and `ab12345` are both `AB12345`."""
    number = _compact(text)
    if not _CIN.match(number):
        raise Refused(
            N_(
                "Ce numéro de CIN n’est pas valable. Écrivez une ou deux lettres puis quatre à sept "
                "chiffres, comme AB123456."
            )
        )
    return number


def normalise_massar(text: str) -> str:
    """Normalise a Massar code: one letter and nine digits."""
    number = _compact(text)
    if not _MASSAR.match(number):
        raise Refused(
            N_("Ce code Massar n’est pas valable. Écrivez une lettre puis neuf chiffres, comme R123456789.")
        )
    return number


def normalise_passport(text: str) -> str:
    """Normalise a passport number: six to nine letters and digits, at least one digit."""
    number = _compact(text)
    if not _PASSPORT.match(number) or not any(c.isdigit() for c in number):
        raise Refused(
            N_(
                "Ce numéro de passeport n’est pas valable. Recopiez les six à neuf lettres et "
                "chiffres de la page d’identité."
            )
        )
    return number


def normalise_residence_permit(text: str) -> str:
    """Normalise a residence permit's number: five to twelve letters and digits, at least one digit."""
    number = _compact(text)
    if not _PERMIT.match(number) or not any(c.isdigit() for c in number):
        raise Refused(
            N_("Ce numéro de titre de séjour n’est pas valable. Recopiez les lettres et chiffres du titre.")
        )
    return number


def _compact(text: str) -> str:
    written = bare(text) if len(text) <= 2 * _LONGEST else ""
    return western_digits(written).translate(_SEPARATORS).upper() if len(written) <= _LONGEST else ""
