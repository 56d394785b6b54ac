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
    ],
)
def test_what_a_status_says_of_the_address(status: str, kind: DeliveryTroubleKind) -> None:
    assert kind_of(status) is kind
