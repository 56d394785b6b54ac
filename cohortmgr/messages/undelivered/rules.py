"""Why messages do not arrive at an address, and how staff resolve it."""

from __future__ import annotations

from enum import StrEnum

from cohortmgr.messages.undelivered.delivery_status import status_in


class DeliveryTroubleKind(StrEnum):
    """Why a message did not reach its person."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"


class Resolution(StrEnum):
    """What staff did about a trouble."""

    CORRECTED = "corrected"
    TOLD = "told"
    DISMISSED = "dismissed"


def kind_of(error: str) -> DeliveryTroubleKind:
    """Return what a final failure says of the address, from a server's answer or its status code (RFC 3463).

    Codes of the address say that it is wrong; those of a mailbox that is full, of servers, networks and the
    letter's size do not. A failure without a code counts as one of the address, as servers mean it."""
    family, subject, detail = (status_in(error) or "5.0.0").split(".")
    if subject == "7":
        return DeliveryTroubleKind.REFUSED
    # X.1.7 and X.1.8 speak of the sender; X.2.1 of a mailbox that is closed; X.4.4 of a domain without a server.
    of_address = subject == "0" or (subject == "1" and detail not in ("7", "8"))
    of_address |= (subject, detail) in {("2", "1"), ("4", "4")}
    if family == "4" or not of_address:
        return DeliveryTroubleKind.UNREACHABLE
    return DeliveryTroubleKind.BOUNCE
