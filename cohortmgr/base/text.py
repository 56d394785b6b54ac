"""Text as it is compared and searched, and the public references that stand for rows."""

from __future__ import annotations

import secrets
import unicodedata

# Crockford's base 32 without letters that are read as digits; 26 of them hold 130 bits.
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
# What NFKD leaves whole although people write it in two ways.
_WHOLE = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_PUNCTUATION = str.maketrans({**dict.fromkeys("’‘`´ʼʹ′", "'"), **dict.fromkeys("‐‑–—−", "-")})
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def new_reference(length: int = 26) -> str:
    """A random public reference; `length` characters of five bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_short_code(length: int = 6) -> str:
    """The part of a file's number that people say over the telephone, e.g. `7K3QXP`."""
    return new_reference(length)


def fold(text: str) -> str:
    """For search and sorting: lower case, no accents or tashkeel, Arabic letters and all digits at their plain form.

    Folding what was folded changes nothing.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_PUNCTUATION)).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not _is_mark(c))
    plain = bare.translate(_PUNCTUATION).translate(_ARABIC).translate(_WHOLE).translate(_DIGITS)
    return " ".join(plain.split())


def _is_mark(character: str) -> bool:
    """Accents, tashkeel and what has no width of its own."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) in ("Mn", "Cf")


def clean(text: str) -> str:
    """What a person typed, in NFC, without control or direction-override characters, spaces folded at the ends."""
    kept = (
        c
        for c in unicodedata.normalize("NFC", text)
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c in "\u200c\u200d"
    )
    return "".join(kept).strip()


def says_number(typed: str, number: int) -> bool:
    """Whether what a person typed to confirm is that number, in Latin or Arabic figures."""
    try:
        return int(typed.strip()) == number
    except ValueError:
        return False
