"""Find in which encoding a text was written that says nothing of it. Pure.

Excel writes a CSV in the code page of its Windows: 1252 in France, 1256 where Arabic is the language, and Macs have
their own. Every byte is a letter in each of them, so the words decide: those of one alphabet, with accents where
French has them, against those that mix two.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from cohortmgr.base.errors import N_, Problem, Refused

# What staff may choose, by the name that they know it under; the first of equals is taken.
ENCODINGS: dict[str, str] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "cp1256": "Windows-1256",
    "iso8859_6": "ISO-8859-6",
    "mac_roman": "Mac Roman",
    "mac_arabic": "Mac Arabic",
    "cp850": "MS-DOS 850",
    "cp720": "MS-DOS 720",
}
_CODE_PAGES = ("cp1252", "cp1256", "iso8859_6", "mac_roman", "cp850", "cp720", "mac_arabic")
# What old programs write behind the last line, and others fill up with.
_AFTER_ALL = "\x1a\0"
# How many words with other letters than those of ASCII are looked at.
_LOOK = 4_000
_WORD = re.compile(r"[^\s,;:.!?()\"|/<>_=+*&0-9\[\]{}-]+")
_BETWEEN_WORDS = frozenset("'’‘“”«»–—…·°ºª€،؛؟٪٫٬\u200c\u200d\u200e\u200f")
_LATIN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿšžßğış")


def decode(data: bytes, wanted: str | None = None) -> tuple[str, str]:
    """Return the text and the key of ENCODINGS by which it was read, `wanted` if it is given.

    Refuses bytes that are no text in it, or in any."""
    if wanted in ENCODINGS:
        return _decoded_as(data, wanted), wanted
    found = [(text, name) for name in _candidates(data) if (text := _text(data, name)) is not None]
    if not found:
        raise Refused(
            N_("L’encodage du fichier n’est pas reconnu. Enregistrez-le en CSV UTF-8, puis renvoyez-le.")
        )
    text, name = found[0] if len(found) == 1 else max(found, key=lambda each: _worth(each[0]))
    return text, ("utf-16" if name.startswith("utf-16") else "utf-8" if name.startswith("utf-8") else name)


def _decoded_as(data: bytes, wanted: str) -> str:
    names = ("utf-16", "utf-16-le", "utf-16-be") if wanted == "utf-16" else (wanted,)
    for name in names:
        if (text := _text(data, name)) is not None:
            return text
    what = N_("Ce fichier n’est pas écrit en %(encoding)s. Choisissez un autre encodage.")
    raise Refused(Problem(what, {"encoding": ENCODINGS[wanted]}))


def _candidates(data: bytes) -> tuple[str, ...]:
    if data.startswith(b"\xef\xbb\xbf"):
        return ("utf-8-sig",)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) * 10 > len(data):
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return ("utf-8",) if _text(data, "utf-8") is not None else _CODE_PAGES


def _text(data: bytes, name: str) -> str | None:
    """The text, if it is one in that encoding: with almost no control characters. The few in cells are reported
    cell by cell."""
    try:
        text = data.decode(name).removeprefix("\ufeff").rstrip(_AFTER_ALL)
    except UnicodeDecodeError:
        return None
    strange = sum(
        1 for c in text if (c < " " and c not in "\t\n\r") or "\x7f" <= c < "\xa0" or c in "\ufffe\uffff"
    )
    return text if strange * 200 <= len(text) else None


def _worth(text: str) -> int:
    words = (word for word in _WORD.findall(text) if not word.isascii())
    return sum(_sense(word) for word, _ in zip(words, range(_LOOK), strict=False))


@lru_cache(maxsize=16384)
def _sense(word: str) -> int:
    """1 for a word that somebody may have written, -1 for one that nobody did, 0 if there is no telling."""
    parts = re.split(f"[{re.escape(''.join(_BETWEEN_WORDS))}]+", word)
    senses = [_part_sense(part) for part in parts if part and not part.isascii()]
    return -1 if -1 in senses else max(senses, default=0)


def _part_sense(part: str) -> int:
    letters = [c for c in part if not unicodedata.combining(c)]
    arabic = sum("\u0620" <= c <= "\u06d3" for c in letters)
    if arabic:
        return (1 if len(letters) > 1 else 0) if arabic == len(letters) else -1
    plain = sum(c.isascii() and c.isalpha() for c in letters)
    high = [c for c in letters if not c.isascii()]
    if not letters or any(c.casefold() not in _LATIN for c in high):
        return -1
    if any(c.isupper() for c in high) and any(c.islower() for c in letters) and not _is_title(part):
        return -1
    return 1 if plain >= len(high) else 0 if len(high) == 1 else -1


def _is_title(part: str) -> bool:
    """Whether capitals stand at the beginning alone, as in Émile."""
    return part[0].isupper() and not any(c.isupper() for c in part[1:])
