"""Check Moroccan bank details: the RIB's 24 digits (bank 3, city 3, account 16, key 2) and its IBAN.

The key is ISO 7064 mod 97, from 01 to 97: the whole number is a multiple of 97, which reveals any single wrong
digit and any two neighbouring digits that changed places. 00 and 98 leave the same remainder and are no keys. The
IBAN of a valid RIB always begins with MA64.
"""

from __future__ import annotations

import re

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import bare

_DIGITS = NN_("%(num)s chiffre", "%(num)s chiffres")
RIB_LENGTH = 24
_COUNTRY = "MA"
_CHECK = "64"
_SEPARATORS = str.maketrans(dict.fromkeys(" \t\n\r-./:"))
# What stands before the number where it is copied from.
_NAMES = ("IBAN", "RIB")
# The same number as it is said to whoever typed it, and of a cell: a spreadsheet may be at fault only for a file.
DAMAGED = N_(
    "Les derniers chiffres de ce RIB ont été remplacés par des zéros. Recopiez les 24 chiffres de votre relevé "
    "d’identité bancaire."
)
DAMAGED_IN_FILE = N_(
    "Excel a remplacé les derniers chiffres de ce RIB par des zéros. Mettez la colonne au format Texte, puis recopiez "
    "les 24 chiffres du relevé d’identité bancaire."
)
# A spreadsheet keeps fifteen digits of a number, writes zeros for the others, and shows it as 7,81E+21.
_KEPT_DIGITS = 15
# No bank bears these; lists of those that banks do bear disagree, and would refuse a new bank's clients.
_NO_BANK = ("000", "999")
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[0-9]{1,3}\Z")


def check_rib(text: str) -> str:
    """Return the 24 digits of a RIB, given alone or as an IBAN `MA…`, in any grouping.
    Raises Refused, saying what is wrong, if it is not valid."""
    written = western_digits(bare(text[:200])).upper()
    number = written.translate(_SEPARATORS)
    for name in _NAMES:
        number = number.removeprefix(name)
    if number.startswith(_COUNTRY):
        if not _is_sound_iban(number):
            raise Refused(
                N_("Cet IBAN n’est pas valable. Recopiez les 28 caractères qui commencent par MA64.")
            )
        number = number[4:]
    if _is_damaged(written, number):
        raise Refused(DAMAGED)
    if not (number.isascii() and number.isdigit()):
        raise Refused(
            N_("Le RIB ne comporte que des chiffres. Recopiez les 24 chiffres du relevé d’identité bancaire.")
        )
    if len(number) != RIB_LENGTH:
        raise Refused(
            Problem(
                N_("Le RIB a %(found)s au lieu de 24. Recopiez-le en entier."),
                {"found": Quantity(*_DIGITS, len(number))},
            )
        )
    if not int(number):
        raise Refused(
            N_("Ce RIB ne contient que des zéros. Recopiez les 24 chiffres du relevé d’identité bancaire.")
        )
    if number[RIB_LENGTH - 2 :] != rib_key(number[: RIB_LENGTH - 2]):
        raise Refused(
            N_(
                "La clé du RIB ne correspond pas : un chiffre au moins est faux. Vérifiez-le sur le "
                "relevé d’identité bancaire."
            )
        )
    _require_bank(number)
    return number


def _require_bank(rib: str) -> None:
    """A right key does not make a RIB: whoever fills in a number may have computed it."""
    if rib[:3] in _NO_BANK:
        raise Refused(
            Problem(
                N_(
                    "Ce RIB commence par %(code)s, qui n’est le code d’aucune banque. Recopiez les 24 chiffres du "
                    "relevé d’identité bancaire."
                ),
                {"code": rib[:3]},
            )
        )


def _is_damaged(written: str, number: str) -> bool:
    """Whether a spreadsheet took the number for a quantity, with which its last digits are lost."""
    if _SCIENTIFIC.match(written.replace(" ", "")):
        return True
    if not (number.isascii() and number.isdigit()) or not _KEPT_DIGITS < len(number) <= RIB_LENGTH:
        return False
    # The zeros before a number are not among the fifteen: they were lost as well, or written anew by whoever made it 24
    # digits again.
    kept = number.lstrip("0")
    lost = len(kept) - _KEPT_DIGITS
    return lost > 0 and kept.endswith("0" * lost)


def rib_key(account: str) -> str:
    """Return the two digits that end a RIB, computed from its first 22."""
    if len(account) != RIB_LENGTH - 2 or not (account.isascii() and account.isdigit()):
        raise ValueError("the key is computed from 22 digits")
    return f"{97 - int(account + '00') % 97:02d}"


def iban_of(rib: str) -> str:
    """Return the IBAN, of 28 characters, of a checked RIB."""
    return f"{_COUNTRY}{_CHECK}{rib}"


def _is_sound_iban(iban: str) -> bool:
    """Check an IBAN by ISO 13616: move four characters to the end, read letters as numbers;
    the remainder is 1."""
    body = iban[2:]
    if len(iban) != RIB_LENGTH + 4 or not (body.isascii() and body.isdigit()):
        return False
    return int(f"{iban[4:]}2210{iban[2:4]}") % 97 == 1
