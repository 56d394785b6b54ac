"""Who may do what, where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.accounts.rules import (
    ANONYMOUS,
    COMPANY_ROLES,
    PERMISSIONS,
    PERSONAL_ROLES,
    ROLE_NAMES,
    SYSTEM,
    WATCHING,
    Grant,
    Role,
    Viewer,
    allows,
    covers,
    is_path,
    may_borrow,
    may_grant,
    password_problems,
    require,
    require_anywhere,
    require_second_person,
)
from cohortmgr.base.errors import NotPermitted, Refused

KEYS = st.lists(st.text("abcxyz-", min_size=1, max_size=4), max_size=4).map(
    lambda keys: "".join(f"{k}." for k in keys)
)


def holding(role: Role, path: str = "ma.inpt.", institutions: tuple[int, ...] = (1,)) -> Viewer:
    return Viewer("V" * 26, 5, "P" * 26, grants=(Grant(role, "organisation", "S" * 26, path, institutions),))


@pytest.mark.parametrize(
    ("granted", "path", "held"),
    [
        ("ma.inpt.", "ma.inpt.", True),
        ("ma.inpt.", "ma.inpt.mdia.", True),
        ("ma.inpt.", "ma.inptx.", False),
        ("ma.inpt", "ma.inptx.", False),
        ("ma.inpt.mdia.", "ma.inpt.", False),
        ("ma.inpt.", "", False),
        ("", "ma.inpt.", True),
        ("", "", True),
    ],
)
def test_a_scope_covers_what_stands_below_it_and_nothing_beside(granted: str, path: str, held: bool) -> None:
    assert covers(granted, path) is held


@given(KEYS, KEYS)
def test_covering_is_having_the_same_first_keys(granted: str, path: str) -> None:
    ours, theirs = granted.split(".")[:-1], path.split(".")[:-1]
    assert covers(granted, path) == (theirs[: len(ours)] == ours)


def test_a_permission_holds_for_its_roles_in_their_scope() -> None:
    for permission, roles in PERMISSIONS.items():
        for role in Role:
            viewer = holding(role)
            assert allows(viewer, permission, "ma.inpt.mdia.") is (role in roles), (permission, role)
            assert not allows(viewer, permission, "ma.uir.")
            assert not allows(ANONYMOUS, permission, "ma.inpt.")
        assert allows(SYSTEM, permission, "")


def test_require_refuses_what_allows_does_not() -> None:
    require(holding(Role.REVIEWER), "reviews.score", "ma.inpt.")
    with pytest.raises(NotPermitted):
        require(holding(Role.REVIEWER), "selection.approve", "ma.inpt.")
    with pytest.raises(NotPermitted):
        require_anywhere(ANONYMOUS, "reviews.score")
    with pytest.raises(KeyError):
        allows(holding(Role.REVIEWER), "no.such", "ma.inpt.")


def test_proposing_and_approving_are_two_roles() -> None:
    assert not PERMISSIONS["selection.propose"] & PERMISSIONS["selection.approve"]
    assert not PERMISSIONS["stipends.prepare"] & PERMISSIONS["stipends.approve"]


def test_an_observer_reads_figures_and_no_file() -> None:
    assert {name for name, roles in PERMISSIONS.items() if Role.OBSERVER in roles} == {"reports.read"}


def test_candidates_and_guardians_hold_no_permission_by_role() -> None:
    assert not [name for name, roles in PERMISSIONS.items() if roles & PERSONAL_ROLES]


def test_every_role_has_a_name() -> None:
    assert set(ROLE_NAMES) == set(Role) and len(set(ROLE_NAMES.values())) == len(Role) == 14


def test_each_viewer_has_one_audience() -> None:
    assert ANONYMOUS.audience == "public" and SYSTEM.audience == "system"
    assert Viewer("V" * 26, 5).audience == "candidate"
    for role in Role:
        expected = "company" if role in COMPANY_ROLES else "candidate" if role in PERSONAL_ROLES else "staff"
        assert holding(role).audience == expected


def test_only_administrators_of_the_system_list_what_has_no_institution() -> None:
    assert holding(Role.SYSTEM_ADMINISTRATOR, "", (2, 1)).listed == (0, 1, 2)
    for role in set(Role) - {Role.SYSTEM_ADMINISTRATOR}:
        assert holding(role).listed == (1,)


@pytest.mark.parametrize(
    ("granter", "role", "path", "institutions", "may"),
    [
        (Role.PROGRAMME_ADMINISTRATOR, Role.REVIEWER, "ma.inpt.mdia.", (1,), True),
        (Role.PROGRAMME_ADMINISTRATOR, Role.REVIEWER, "ma.uir.", (1,), False),
        (Role.PROGRAMME_ADMINISTRATOR, Role.REVIEWER, "ma.inpt.", (2,), False),
        (Role.PROGRAMME_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR, "ma.inpt.", (1,), False),
        (Role.PROGRAMME_ADMINISTRATOR, Role.AUDITOR, "ma.inpt.", (1,), False),
        (Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR, "ma.inpt.", (1,), True),
        (Role.SYSTEM_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR, "", (1,), False),
        (Role.REVIEWER, Role.REVIEWER, "ma.inpt.", (1,), False),
    ],
)
def test_nobody_gives_more_than_is_theirs(
    granter: Role, role: Role, path: str, institutions: tuple[int, ...], may: bool
) -> None:
    assert may_grant(holding(granter), role, path, institutions) is may
    assert may_grant(SYSTEM, role, path, institutions)


def test_a_watcher_borrows_of_their_like_alone_and_lends_to_nobody_else() -> None:
    """The whole table of roles, against all that a deputy may hold alone or beside a watcher's role."""
    acting = [role for role in Role if role not in WATCHING]
    assert {Role.OBSERVER, Role.AUDITOR} == WATCHING
    for role in acting:
        assert may_borrow(role, {acting[0]}) and may_borrow(role, {acting[-1], Role.OBSERVER})
        assert not may_borrow(role, {Role.OBSERVER}) and not may_borrow(role, WATCHING)
    for role in WATCHING:
        assert may_borrow(role, {role}) and may_borrow(role, {role, acting[0]})
        assert not any(may_borrow(role, {each}) for each in Role if each is not role)


@pytest.mark.parametrize(
    ("path", "sound"),
    [
        ("", True),
        ("ma.", True),
        ("ma.inpt-2.", True),
        ("ma", False),
        (".", False),
        ("ma%.", False),
        ("m_a.", False),
    ],
)
def test_a_path_is_keys_that_end_with_a_point(path: str, sound: bool) -> None:
    assert is_path(path) is sound


@pytest.mark.parametrize(
    "password",
    ["", "court", "neuf cara", "aaaaaaaaaaaa", "abababababab", "Nom.Entier@Exemple.ma", "NOM.ENTIER"],
)
def test_a_weak_password_is_refused_at_its_field(password: str) -> None:
    problems = password_problems(password, "nom.entier@exemple.ma")
    assert [problem.where for problem in problems] == ["password"]


@pytest.mark.parametrize("password", ["dix caract", "une phrase de quelques mots", "عبارة من بضع كلمات"])
def test_a_phrase_will_do(password: str) -> None:
    assert password_problems(password, "nom@exemple.ma") == []


def test_nobody_approves_what_they_prepared() -> None:
    require_second_person("A" * 26, "B" * 26)
    with pytest.raises(Refused):
        require_second_person("A" * 26, "A" * 26)
