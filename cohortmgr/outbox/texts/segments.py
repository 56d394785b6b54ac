"""How many segments a short message takes, and which characters make it longer. Pure.

The GSM 7 bit default alphabet and its extension table are those of 3GPP TS 23.038 (6.2.1). One character
outside of them makes the whole text UCS-2. A message in one part holds 160 septets or 70 units of 16
bits. Each part of a longer message gives up some of these for the header that joins the parts: it holds
153 or 67 (3GPP TS 23.040, 9.2.3.24.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

GSM, UCS2 = "gsm", "ucs2"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take two septets each: the escape, and the character in the extension table.
_EXTENDED = frozenset("\f^{}\\[~]|€")
_LONE = {GSM: 160, UCS2: 70}
_PART = {GSM: 153, UCS2: 67}


@dataclass(frozen=True)
class Measure:
    """The size of a text. `units` are septets or UCS-2 units;
    `forcing` are the characters that force UCS-2."""

    encoding: str
    units: int
    segments: int
    forcing: tuple[str, ...]

    def cost(self, for_each: int) -> int:
        """Return the cost of the message, in the unit of `for_each`, the cost of one segment."""
        return self.segments * for_each


def measured(text: str) -> Measure:
    """Return the encoding of a text, its length in it and the segments that it takes;
    an empty text takes one."""
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
    """Return how many parts the characters fill; no part ends in the middle of a character."""
    parts, left = 1, room
    for size in sizes:
        if size > left:
            parts, left = parts + 1, room
        left -= size
    return parts
