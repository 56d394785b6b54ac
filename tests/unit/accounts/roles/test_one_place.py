"""Whether a role holds is asked in one place: a list of colleagues that asked it anew would keep who was dismissed."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

ANEW = re.compile(r"\b(RoleGrant\.revoked_at|Account\.suspended_at)\b")
ASKED = re.compile(r"\bgranted\(")


def test_whoever_reads_roles_asks_accounts_whether_they_hold() -> None:
    house = ROOT / "cohortmgr"
    found = {
        path.relative_to(house).as_posix(): text
        for path in house.rglob("*.py")
        if (text := path.read_text("utf-8")) and re.search(r"\bRoleGrant\b", text)
    }
    outside = {place: text for place, text in found.items() if not place.startswith("accounts/")}
    assert outside, "the test looks where roles are read"
    assert [place for place, text in outside.items() if not ASKED.search(text)] == []
    assert [
        place
        for place, text in outside.items()
        if re.search(r"(RoleGrant|Account)\.(revoked|suspended)_at", text)
    ] == []
