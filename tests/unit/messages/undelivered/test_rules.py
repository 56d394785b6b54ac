"""What a failure says of the address that it came from."""

from __future__ import annotations

import pytest

from cohortmgr.messages.undelivered.rules import TroubleKind, kind_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("", TroubleKind.BOUNCE),
        ("550 5.1.1 no", TroubleKind.BOUNCE),
        ("4.2.2", TroubleKind.UNREACHABLE),
        ("5.7.26", TroubleKind.REFUSED),
    ],
)
def test_what_a_status_says_of_the_address(status: str, kind: TroubleKind) -> None:
    assert kind_of(status) is kind
