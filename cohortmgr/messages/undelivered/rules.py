"""Why messages do not arrive at an address, and how staff resolve it."""

from __future__ import annotations

import re
from enum import StrEnum


class DeliveryTroubleKind(StrEnum):
    """Why a message did not reach its person."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Resolution(StrEnum):
    """What staff did about a trouble."""

    CORRECTED = "corrected"
    TOLD = "told"
    DISMISSED = "dismissed"


_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def kind_of(status: str) -> DeliveryTroubleKind:
    """Return what a final failure says of the address, from its enhanced status code (RFC 3463)."""
    match = _STATUS.search(status)
    if match is None:
        return DeliveryTroubleKind.BOUNCE
    family, subject, detail = match.groups()
    if subject == "7":
        return DeliveryTroubleKind.REFUSED
    if family == "4" or (subject, detail) == ("2", "2"):  # the server gave up, or the mailbox is full
        return DeliveryTroubleKind.UNREACHABLE
    return DeliveryTroubleKind.BOUNCE
