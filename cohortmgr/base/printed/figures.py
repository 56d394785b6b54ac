"""Figures as a language writes them: its decimal sign, its separator of thousands, and from where on it sets one."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal

# Below it Arabic sets no separator: whoever also reads French takes the point of 4.000 for a decimal sign.
_UNSEPARATED = {"ar": 10_000}


@lru_cache(maxsize=8192)
def figure(value: Decimal, pattern: str | None, locale: Locale) -> str:
    """Write a figure, and cache it: a list repeats the same marks and counts, and Babel takes 60 µs for each.

    `pattern` is one of `with_places`, or None for the decimals that the figure has."""
    separated = abs(value) >= _UNSEPARATED.get(locale.language, 0)
    return str(format_decimal(value, pattern, locale=locale, group_separator=separated))


@lru_cache(maxsize=8)
def with_places(places: int) -> str:
    """Return the pattern of a figure with that many decimals."""
    return "#,##0" + ("." + "0" * places if places else "")


def places_of(value: Decimal | float) -> int:
    """Return two, or as many decimals as a figure has, six at most: two figures of which a text says that one is
    greater do not look equal."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return min(max(2, -exponent), 6) if isinstance(exponent, int) else 2
