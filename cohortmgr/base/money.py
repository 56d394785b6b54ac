"""Money: tables hold integer centimes, rules calculate with Decimal dirhams."""

from __future__ import annotations

from decimal import Decimal

CENTIME = Decimal("0.01")


def dirhams(amount_cents: int) -> Decimal:
    """Convert whole centimes to dirhams with two decimals."""
    return (Decimal(amount_cents) / 100).quantize(CENTIME)
