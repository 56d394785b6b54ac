"""What goes wrong with an address, and how it ends."""

from __future__ import annotations

import re
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


_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def kind_of(status: str) -> TroubleKind:
    """What a final failure says of the address, by its enhanced status code (RFC 3463)."""
    match = _STATUS.search(status)
    if match is None:
        return TroubleKind.BOUNCE
    family, subject, detail = match.groups()
    if subject == "7":
        return TroubleKind.REFUSED
    if family == "4" or (subject, detail) == ("2", "2"):  # it gave up, or the mailbox is full
        return TroubleKind.UNREACHABLE
    return TroubleKind.BOUNCE
