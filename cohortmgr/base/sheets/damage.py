"""Tell text that a program damaged before it came: read in a wrong encoding once, or with its letters lost. Pure.

Such text is letters like any other, so a file loads with it; only who knows the names sees that they are none."""

from __future__ import annotations

import re

# What a program writes for bytes that are no text.
_LOST = "\ufffd"
_RUN = re.compile(r"[^\x00-\x7f]{2,}")
_WRONGLY_READ_AS = ("cp1252", "latin-1", "cp1256", "mac_roman", "cp850")
# What French and Arabic are written with beyond ASCII: anything else that comes out is chance.
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ«»°\u00a0’‘“”–—…€")
_ONLY_MARKS = re.compile(r"[\s?؟.,;:!'-]*\Z")
_WORDS_OF_MARKS = re.compile(r"(?:^|\s)\?{2,}\s+\?{2,}(?:\s|$)")
_MARK_IN_WORD = re.compile(r"[^\W\d_]\?[^\W\d_A-Z]")


def is_damaged(text: str) -> bool:
    """Whether some of the text was certainly something else: `SalÃ©`, a replacement character, words of question
    marks. Questions and emphasis (`Pourquoi ???`) are not."""
    return _LOST in text or _has_lost_letters(text) or any(_is_misread(run) for run in _RUN.findall(text))


def _has_lost_letters(text: str) -> bool:
    if text.count("?") < 1 or "://" in text or "www." in text:
        return False
    if text.count("?") >= 3 and _ONLY_MARKS.match(text):
        return True
    return bool(_WORDS_OF_MARKS.search(text) or _MARK_IN_WORD.search(text))


def _is_misread(run: str) -> bool:
    """Whether the letters are bytes of UTF-8 that were read as another encoding."""
    for encoding in _WRONGLY_READ_AS:
        try:
            meant = run.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        arabic = [letter for letter in meant if "\u0621" <= letter <= "\u064a"]
        if len(arabic) >= 2 or (meant and all(letter in _FRENCH for letter in meant)):
            return True
    return False
