"""Texts as they are printed: spaces and hyphens at which no line may break. Pure.

Nobody types them, and what a colleague writes into a form, a text or a definition lacks them as well as our sources
do. So they are set where a text becomes one that is read: when a catalogue is written, and when a definition's text
is shown."""

from __future__ import annotations

import re
from functools import lru_cache

# In every language a number and a telephone number are one word.
_WITHIN_NUMBERS = re.compile(r"(?<=\d) (?=\d)")
# In French a space holds before : ; ? ! and », and after «.
_FRENCH = re.compile(r" (?=[:;?!»](?:\s|[.,)]|$))|(?<=«) |(?<=\bloi) (?=\d\d-\d\d\b)")
# The number of a law is one word, although a browser would break it behind its hyphen.
_LAWS = re.compile(r"(?<=\bloi[ \u00a0])(\d\d)-(\d\d)\b")


def typeset(text: str, language: str = "fr") -> str:
    """Return a text with the spaces and hyphens of its language that do not break; what has them already stays."""
    held = _WITHIN_NUMBERS.sub("\u00a0", text)
    return _LAWS.sub("\\1\u2011\\2", _FRENCH.sub("\u00a0", held)) if language == "fr" else held


@lru_cache(maxsize=8192)
def set_text(text: str, language: str) -> str:
    """Return what `typeset` does, and keep it: a page shows the same texts of a definition again and again."""
    return typeset(text, language)


def directed(said: str, language: str) -> str:
    """Return a text that stands within another with a mark of its direction in front, where it needs one.

    Isolates take their direction from their first letter and look into no other isolate: around an Arabic text that
    begins with one they find a direction further on, or none and so the Latin one, and its parts stand in the wrong
    order."""
    return f"\u200f{said}" if language == "ar" and said.startswith("\u2068") else said
