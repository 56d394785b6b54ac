"""Text normalised for comparing and searching, and the random references by which rows are named in public."""

from __future__ import annotations

import secrets
import unicodedata

# Crockford's base 32: no letters that can be read as digits. 26 characters hold 130 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ARABIC = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ؤ": "و",
        "ئ": "ي",
        "ـ": None,
        "ک": "ك",
        "ی": "ي",
        "گ": "ك",
        "ڭ": "ك",
        "ݣ": "ك",
        "ڤ": "ف",
        "پ": "ب",
    }
)
# Letters that NFKD does not decompose although people write them in two ways.
_WHOLE = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_PUNCTUATION = str.maketrans({**dict.fromkeys("’‘`´ʼʹ′", "'"), **dict.fromkeys("‐‑–—−", "-")})
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def new_reference(length: int = 26) -> str:
    """Return a random public reference; each of its `length` characters holds five bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_short_code(length: int = 6) -> str:
    """Return the part of a file's number that people say over the telephone, e.g. `7K3QXP`."""
    return new_reference(length)


def fold(text: str) -> str:
    """Return text for search and sorting: lower case, no accents or tashkeel, plain Arabic letters and
    digits.

    Folding a folded text changes nothing.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_PUNCTUATION)).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not _is_mark(c))
    plain = bare.translate(_PUNCTUATION).translate(_ARABIC).translate(_WHOLE).translate(_DIGITS)
    return " ".join(plain.split())


def _is_mark(character: str) -> bool:
    """Whether the character is an accent, a tashkeel or another one without a width of its own."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) in ("Mn", "Cf")


def clean(text: str) -> str:
    """Return what a person typed in NFC, stripped, without control and direction-override characters."""
    kept = (
        c
        for c in unicodedata.normalize("NFC", text)
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c in "\u200c\u200d"
    )
    return "".join(kept).strip()


def says_number(typed: str, number: int) -> bool:
    """Whether the text that a person typed to confirm is that number, in Latin or Arabic figures."""
    try:
        return int(typed.strip()) == number
    except ValueError:
        return False
