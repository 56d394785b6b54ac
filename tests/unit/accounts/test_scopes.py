"""A part of the tree: it grows with the tree, or is an organisation without the institutions below it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cohortmgr.accounts.rules import Grant, Role, Scope, Viewer, allows, may_grant, reaching

HOSTS = [("ma.", 1), ("ma.inpt.", 2), ("ma.inpt.lab.", 3), ("ma.inptx.", 4), ("tn.", 5)]


def given(
    path: str, *institutions: int, alone: bool = False, role: Role = Role.PROGRAMME_ADMINISTRATOR
) -> Grant:
    return reaching(Grant(role, "organisation", "S" * 26, path, institutions, alone), HOSTS)


def holding(*grants: Grant) -> Viewer:
    return Viewer("V" * 26, 5, "P" * 26, grants=grants)


@pytest.mark.parametrize(
    ("path", "written", "reached"),
    [
        ("ma.", (1,), (1, 2, 3, 4)),
        ("", (1,), (1, 2, 3, 4, 5)),
        ("ma.inpt.", (2,), (2, 3)),
        ("ma.acme.", (2,), (2,)),
        ("ma.inpt.mdia.", (2,), (2,)),
    ],
)
def test_a_role_reaches_the_institutions_of_today_and_those_it_was_given_with(
    path: str, written: tuple[int, ...], reached: tuple[int, ...]
) -> None:
    assert given(path, *written).institutions == reached and given(path, *written).without == ()


def test_an_organisation_alone_has_what_is_its_own_and_not_the_institutions_below() -> None:
    grant = given("ma.", 1, alone=True)
    assert grant.institutions == (1,)
    assert grant.scope == Scope("ma.", ("ma.inpt.", "ma.inptx."))
    viewer = holding(grant)
    assert allows(viewer, "cohorts.manage", "ma.") and allows(viewer, "cohorts.manage", "ma.national.")
    for path in ("ma.inpt.", "ma.inpt.mdia.", "ma.inpt.lab.x.", "tn."):
        assert not allows(viewer, "cohorts.manage", path)
    both = holding(grant, given("ma.inpt.", 2))
    assert allows(both, "cohorts.manage", "ma.inpt.mdia.") and allows(both, "cohorts.manage", "ma.national.")
    assert viewer.paths("cohorts.manage") == ("ma.",) and len(both.scopes("cohorts.manage")) == 2


def test_who_holds_an_organisation_alone_gives_nothing_that_grows() -> None:
    viewer = holding(given("ma.", 1, alone=True))
    assert may_grant(viewer, Role.REVIEWER, "ma.", [1], alone=True)
    assert may_grant(viewer, Role.REVIEWER, "ma.national.", [1])
    assert not may_grant(viewer, Role.REVIEWER, "ma.", [1])
    assert not may_grant(viewer, Role.REVIEWER, "ma.inpt.", [2]) and not may_grant(
        viewer, Role.REVIEWER, "", [1]
    )
    whole = replace(viewer.grants[0], alone=False, without=())
    assert may_grant(holding(whole), Role.REVIEWER, "ma.", [1])
    of_system = holding(given("ma.", 1, alone=True, role=Role.SYSTEM_ADMINISTRATOR))
    assert may_grant(of_system, Role.AUDITOR, "ma.", [1], alone=True)
    assert not may_grant(of_system, Role.AUDITOR, "ma.", [1])
