"""Money: integer centimes in tables, Decimal dirhams in rules."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

CENTIME = Decimal("0.01")


def cents(amount: Decimal) -> int:
    """Dirhams to whole centimes, half to even."""
    return int((amount.quantize(CENTIME, rounding=ROUND_HALF_EVEN) * 100).to_integral_value())


def dirhams(amount_cents: int) -> Decimal:
    """Whole centimes to dirhams with two decimals."""
    return (Decimal(amount_cents) / 100).quantize(CENTIME)
