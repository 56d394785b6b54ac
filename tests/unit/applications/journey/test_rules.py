"""A file is withdrawn on a request that is dated between its sending and today, with a word on how it came."""

from __future__ import annotations

from datetime import date

import pytest

from cohortmgr.applications.journey.rules import withdrawal_problems

SENT, TODAY = date(2027, 3, 2), date(2027, 3, 9)


@pytest.mark.parametrize(
    ("reason", "requested_on", "wrong"),
    [
        ("Lettre du 5 mars.", date(2027, 3, 5), []),
        ("Lettre.", SENT, []),
        ("Lettre.", TODAY, []),
        ("Lettre.", date(2027, 3, 1), ["requested_on"]),
        ("Lettre.", date(2027, 3, 10), ["requested_on"]),
        ("Lettre.", None, ["requested_on"]),
        ("", date(2027, 3, 5), ["reason"]),
        ("", None, ["requested_on", "reason"]),
    ],
)
def test_a_request_needs_a_day_and_a_reason(reason: str, requested_on: date | None, wrong: list[str]) -> None:
    found = withdrawal_problems(reason, requested_on, SENT, TODAY)
    assert [each.where for each in found] == wrong
