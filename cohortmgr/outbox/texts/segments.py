"""How many segments a short message takes, and which characters make it longer. Pure.

The GSM 7 bit default alphabet and its extension table are those of 3GPP TS 23.038 (6.2.1); what is outside of them
sends the whole text as UCS-2. A lone message holds 160 septets or 70 units of 16 bits; each part of a longer one
gives up some of these to the header that joins them: 153 or 67 (3GPP TS 23.040, 9.2.3.24.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

GSM, UCS2 = "gsm", "ucs2"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Two septets each: the escape, and a place in the second table.
_EXTENDED = frozenset("\f^{}\\[~]|€")
_LONE = {GSM: 160, UCS2: 70}
_PART = {GSM: 153, UCS2: 67}


@dataclass(frozen=True)
class Measure:
    """`units`: septets or UCS-2 units; `forcing`: the characters that keep the text out of the short alphabet."""

    encoding: str
    units: int
    segments: int
    forcing: tuple[str, ...]

    def cost(self, for_each: int) -> int:
        """What it costs when a segment costs that much, in the same unit."""
        return self.segments * for_each


def measured(text: str) -> Measure:
    """The encoding of a text, its length in it and the segments that it takes; an empty text takes one."""
    forcing = tuple(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))
    encoding = UCS2 if forcing else GSM
    sizes = [_units(c, encoding) for c in text]
    units = sum(sizes)
    segments = 1 if units <= _LONE[encoding] else _parts(sizes, _PART[encoding])
    return Measure(encoding, units, segments, forcing)


def _units(character: str, encoding: str) -> int:
    if encoding == GSM:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(sizes: Iterable[int], room: int) -> int:
    """How many parts, none of which ends between the halves of one character."""
    parts, left = 1, room
    for size in sizes:
        if size > left:
            parts, left = parts + 1, room
        left -= size
    return parts
