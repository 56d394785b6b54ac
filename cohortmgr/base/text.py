"""Text normalised for comparing and searching, names of months, and the random references that name rows in public."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random

# Crockford's base 32: no letters that can be read as digits. 26 characters hold 130 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# A sign of it for each byte, each as often.
_OF_BYTES = _ALPHABET.encode() * 8
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
# All that keyboards, word processors and telephones write for an apostrophe, a hyphen and a slash.
APOSTROPHES = "’‘‛`´ʼʻʹʽʾʿˈˊˋ′‵＇՚ꞌ\u0313\u0315"
HYPHENS = "‐‑‒–—―⁃−﹘﹣－\u058a\u05be"
_SLASHES = "⁄∕／"
# Letters and marks by their category, which nobody sees either.
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe0e\ufe0f"
_QUOTES_AND_HYPHENS = str.maketrans({**dict.fromkeys(APOSTROPHES, "'"), **dict.fromkeys(HYPHENS, "-")})
_PUNCTUATION = _QUOTES_AND_HYPHENS
_SIGNS = _QUOTES_AND_HYPHENS | str.maketrans(dict.fromkeys(_SLASHES, "/"))
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


# What references follow from instead of chance, while the demonstration is made.
_followed: ContextVar[Random | None] = ContextVar("followed", default=None)
_leadable = True


def forbid_following() -> None:
    """Forbid `following()`. The application calls this in production, where nobody foretells a reference."""
    global _leadable
    _leadable = False


@contextmanager
def following(seed: str) -> Iterator[None]:
    """Let new references follow from a seed, so that the demonstration is the same at every load. Tokens, codes and
    keys never do. Refused in production."""
    if not _leadable:
        raise RuntimeError("references follow from no seed in production")
    before = _followed.set(Random(f"references {seed}"))
    try:
        yield
    finally:
        _followed.reset(before)


def reference_once(token: str, *said: str) -> str:
    """Return the reference of a row that one page of a form makes: the same for the same token and the same texts, so
    that a form which is sent twice makes one row, and a changed one another. Without a token it is a new one."""
    if not token:
        return new_reference()
    number = int.from_bytes(hashlib.sha256("\0".join((token, *said)).encode()).digest())
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(26))


def new_reference(length: int = 26) -> str:
    """Return a random public reference; each of its `length` characters holds five bits."""
    led = _followed.get()
    drawn = secrets.token_bytes(length) if led is None else led.randbytes(length)
    return drawn.translate(_OF_BYTES).decode()


def new_link_token() -> str:
    """Return a random token for the end of a link. Mail programs leave a dash or a line there out of the link that they
    make of a plain text, so it ends with a letter or a digit."""
    while not (token := secrets.token_urlsafe(24))[-1].isalnum():
        pass
    return token


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


def plain_punctuation(text: str) -> str:
    """Return the text with every kind of apostrophe and hyphen as ' and -."""
    return text.translate(_QUOTES_AND_HYPHENS)


def bare(text: str) -> str:
    """Return what a number, a date or an address says, without the marks that a program left in it.

    Direction marks, joiners and the like are dropped, odd spaces become common ones, and every kind of
    apostrophe, hyphen and slash becomes the one of a keyboard. What is dropped has no width of its own, so
    that nobody reads another value than what is kept."""
    kept = (" " if _is_odd_space(c) else c for c in without_marks(text))
    return "".join(kept).translate(_SIGNS).strip()


def without_marks(text: str) -> str:
    """Return the text without characters that only say how to set it: direction marks, joiners, soft hyphens."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _FILLERS)


def _is_odd_space(character: str) -> bool:
    return character not in "\n\t" and (unicodedata.category(character) in ("Zs", "Zl", "Zp"))


def says_number(typed: str, number: int) -> bool:
    """Whether the text that a person typed to confirm is that number, in Latin or Arabic figures."""
    try:
        return int(typed.strip()) == number
    except ValueError:
        return False


_MONTHS: Mapping[str, int] = {
    fold(name): number
    for number, names in enumerate(
        (
            "janvier january janv jan يناير", "février february févr fév feb فبراير", "mars march mar مارس",
            "avril april avr apr أبريل ابريل", "mai may ماي مايو", "juin june jun يونيو يونيه",
            "juillet july juil jul يوليوز يوليو", "août august aug غشت أغسطس",
            "septembre september sept sep شتنبر سبتمبر",
            "octobre october oct أكتوبر",
            "novembre november nov نونبر نوفمبر", "décembre december déc dec دجنبر ديسمبر",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


def month_of(text: str) -> int | None:
    """The month (1 to 12) that a name in French, Arabic (Moroccan or Eastern) or English means; else None."""
    return _MONTHS.get(fold(text[:20]))


def script_language(text: str) -> str:
    """Return the language by whose letters most of a text is written: `ar`, or `fr` for any of Latin letters. It says
    in which voice a screen reader reads what a person typed, whatever the language of the page."""
    arabic = sum("\u0600" <= sign <= "\u06ff" for sign in text)
    return "ar" if arabic > sum(sign.isascii() and sign.isalpha() for sign in text) else "fr"
