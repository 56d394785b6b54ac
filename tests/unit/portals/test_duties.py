"""Each role that works in the staff's space is told what it does there."""

from __future__ import annotations

from cohortmgr.accounts.rules import COMPANY_ROLES, PERSONAL_ROLES, Role
from cohortmgr.portals.duties import WORK, work_of


def test_every_role_of_staff_is_told() -> None:
    assert set(WORK) == set(Role) - COMPANY_ROLES - PERSONAL_ROLES


def test_who_holds_two_is_told_of_both_once() -> None:
    told = work_of([Role.REVIEWER, Role.SELECTION_MANAGER, Role.REVIEWER, Role.CANDIDATE])
    assert [name for name, _said in told] == ["Responsable de la sélection", "Évaluateur·rice"]
