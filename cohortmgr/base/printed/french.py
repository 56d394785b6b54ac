"""French as it is printed: spaces and hyphens at which no line may break. Pure.

Nobody types them, and what a colleague writes into a form, a text or a definition lacks them as well as our sources
do. So they are set where a text becomes one that is read: when a catalogue is written, and when a definition's text
is shown."""

from __future__ import annotations

import re
from functools import lru_cache

# One that holds before : ; ? ! and », after «, and within a number or a telephone number.
_SPACES = re.compile(r" (?=[:;?!»](?:\s|[.,)]|$))|(?<=«) |(?<=\d) (?=\d)|(?<=\bloi) (?=\d\d-\d\d\b)")
# The number of a law is one word, although a browser would break it behind its hyphen.
_LAWS = re.compile(r"(?<=\bloi[ \u00a0])(\d\d)-(\d\d)\b")


def typeset(text: str) -> str:
    """Return French with spaces and hyphens that do not break; what has them already stays as it is."""
    return _LAWS.sub("\\1\u2011\\2", _SPACES.sub("\u00a0", text))


@lru_cache(maxsize=4096)
def set_text(text: str) -> str:
    """Return what `typeset` does, and keep it: a page shows the same texts of a definition again and again."""
    return typeset(text)
