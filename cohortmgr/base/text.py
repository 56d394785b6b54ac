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
    }
)
_PUNCTUATION = str.maketrans({"’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})


def new_reference(length: int = 26) -> str:
    """A random public reference; `length` characters of five bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_short_code(length: int = 6) -> str:
    """The part of a file's number that people say over the telephone, e.g. `7K3QXP`."""
    return new_reference(length)


def fold(text: str) -> str:
    """For search and sorting: lower case, no accents or tashkeel, Arabic letters at their plain form."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PUNCTUATION))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.translate(_ARABIC).casefold().split())


def clean(text: str) -> str:
    """What a person typed, in NFC, without control or direction-override characters, spaces folded at the ends."""
    kept = (
        c
        for c in unicodedata.normalize("NFC", text)
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c in "\u200c\u200d"
    )
    return "".join(kept).strip()
