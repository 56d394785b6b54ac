"""What goes wrong with an address, and how it ends."""

from __future__ import annotations

from enum import StrEnum


class TroubleKind(StrEnum):
    """Why a message did not reach its person."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Resolution(StrEnum):
    """What staff did about it."""

    CORRECTED = "corrected"
    TOLD = "told"
    DISMISSED = "dismissed"
