"""What a failure says of the address that it came from."""

from __future__ import annotations

import pytest

from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind, kind_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("", DeliveryTroubleKind.BOUNCE),
        ("550 5.1.1 no", DeliveryTroubleKind.BOUNCE),
        ("4.2.2", DeliveryTroubleKind.UNREACHABLE),
        ("5.7.26", DeliveryTroubleKind.REFUSED),
        ("5.2.1", DeliveryTroubleKind.BOUNCE),
        ("5.4.4 no such domain", DeliveryTroubleKind.BOUNCE),
        ("5.2.2", DeliveryTroubleKind.UNREACHABLE),
        ("552 mailbox full", DeliveryTroubleKind.UNREACHABLE),
        ("5.3.4 too large", DeliveryTroubleKind.UNREACHABLE),
        ("5.4.6 loop", DeliveryTroubleKind.UNREACHABLE),
        ("5.1.8 the sender's domain", DeliveryTroubleKind.UNREACHABLE),
        ("Connected to 41.7.30.4", DeliveryTroubleKind.BOUNCE),
    ],
)
def test_what_a_status_says_of_the_address(status: str, kind: DeliveryTroubleKind) -> None:
    assert kind_of(status) is kind
