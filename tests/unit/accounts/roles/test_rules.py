"""Who gives which role, and the lives of roles, accounts and invitations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cohortmgr.accounts.roles.rules import (
    ACCOUNTS,
    GRANTS,
    INVITATIONS,
    AccountState,
    GrantState,
    InvitationState,
    deputy_state,
    grant_state,
    invitation_state,
    lending_problems,
    period,
    period_problems,
    place_problems,
)
from cohortmgr.accounts.rules import (
    COMPANY_ROLES,
    GIVES,
    PERMISSIONS,
    PERSONAL_ROLES,
    SYSTEM,
    Grant,
    Role,
    Viewer,
    givable,
    may_grant,
    require_other,
)
from cohortmgr.base.errors import Refused

TODAY = date(2026, 5, 12)
NOW = datetime(2026, 5, 12, 9, tzinfo=UTC)
SYSTEM_ROLES = {Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR}


def holding(role: Role, path: str = "ma.inpt.", institutions: tuple[int, ...] = (1,)) -> Viewer:
    return Viewer("V" * 26, 5, "P" * 26, grants=(Grant(role, "organisation", "S" * 26, path, institutions),))


@pytest.mark.parametrize("giver", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_the_table_of_roles_is_closed(giver: Role, role: Role) -> None:
    wanted = giver in PERMISSIONS["people.manage"] and role not in PERSONAL_ROLES
    if giver is not Role.SYSTEM_ADMINISTRATOR:
        wanted = wanted and role not in SYSTEM_ROLES
    assert may_grant(holding(giver), role, "ma.inpt.", [1]) is wanted
    assert (role in givable(holding(giver))) is wanted


def test_who_manages_people_is_who_gives_roles() -> None:
    assert set(GIVES) == PERMISSIONS["people.manage"]
    assert set(givable(SYSTEM)) == set(Role) - PERSONAL_ROLES


@pytest.mark.parametrize(("institutions", "may"), [((1,), True), ((), False), ((2,), False), ((1, 2), False)])
def test_a_company_s_contact_is_of_whoever_has_all_that_the_role_opens(
    institutions: tuple[int, ...], may: bool
) -> None:
    for role in COMPANY_ROLES:
        given = may_grant(holding(Role.PROGRAMME_ADMINISTRATOR), role, "ma.a-company.", institutions)
        assert given is may
        assert not may_grant(holding(Role.OBSERVER), role, "ma.a-company.", institutions)
    assert not may_grant(holding(Role.PROGRAMME_ADMINISTRATOR), Role.REVIEWER, "ma.a-company.", institutions)


def test_nobody_changes_their_own_roles() -> None:
    with pytest.raises(Refused, match="propres"):
        require_other(holding(Role.SYSTEM_ADMINISTRATOR), "V" * 26)
    require_other(holding(Role.SYSTEM_ADMINISTRATOR), "W" * 26)


@pytest.mark.parametrize(
    ("begins", "ends", "revoked", "state"),
    [
        (None, None, None, GrantState.HELD),
        (0, 0, None, GrantState.HELD),
        (1, None, None, GrantState.COMING),
        (None, -1, None, GrantState.ENDED),
        (-3, 3, None, GrantState.HELD),
        (-3, 3, NOW, GrantState.ENDED),
        (1, None, NOW, GrantState.ENDED),
    ],
)
def test_both_days_count(
    begins: int | None, ends: int | None, revoked: datetime | None, state: GrantState
) -> None:
    days = [None if each is None else TODAY + timedelta(days=each) for each in (begins, ends)]
    assert grant_state(days[0], days[1], revoked, TODAY) is state


def test_an_invitation_waits_seven_days_and_is_answered_once() -> None:
    soon, past = NOW + timedelta(seconds=1), NOW
    assert invitation_state(None, None, soon, NOW) is InvitationState.WAITING
    assert invitation_state(None, None, past, NOW) is InvitationState.LAPSED
    assert invitation_state(None, NOW, past, NOW) is InvitationState.CALLED_OFF
    assert invitation_state(NOW, None, past, NOW) is InvitationState.ACCEPTED
    for over in (InvitationState.ACCEPTED, InvitationState.CALLED_OFF):
        with pytest.raises(Refused):
            INVITATIONS.move(over, InvitationState.ACCEPTED)
    with pytest.raises(Refused):
        INVITATIONS.move(InvitationState.LAPSED, InvitationState.ACCEPTED)


def test_what_is_over_may_begin_anew_and_what_is_suspended_be_opened() -> None:
    assert GRANTS.can(GrantState.ENDED, GrantState.HELD) and not GRANTS.can(GrantState.HELD, GrantState.HELD)
    for state, other in (
        (AccountState.OPEN, AccountState.SUSPENDED),
        (AccountState.SUSPENDED, AccountState.OPEN),
    ):
        assert ACCOUNTS.can(state, other) and not ACCOUNTS.can(state, state)


def test_days_that_cannot_be_are_told_at_their_field() -> None:
    day = timedelta(days=1)
    assert period_problems(None, None, TODAY) == period_problems(TODAY, TODAY, TODAY) == []
    for begins, ends in ((None, TODAY - day), (TODAY + 2 * day, TODAY + day)):
        assert [problem.where for problem in period_problems(begins, ends, TODAY)] == ["ends_on"]


@pytest.mark.parametrize("role", sorted(set(Role) - PERSONAL_ROLES))
def test_a_company_s_roles_are_given_in_companies_alone(role: Role) -> None:
    assert bool(place_problems(role, True)) is (role not in COMPANY_ROLES)
    assert bool(place_problems(role, False)) is (role in COMPANY_ROLES)


def test_a_period_is_told_in_words() -> None:
    told = [period(*days).what for days in ((TODAY, TODAY), (None, TODAY), (TODAY, None), (None, None))]
    assert len(set(told)) == 4


@pytest.mark.parametrize("own", list(GrantState))
@pytest.mark.parametrize("lent", list(GrantState))
def test_a_deputy_holds_what_both_hold(own: GrantState, lent: GrantState) -> None:
    assert deputy_state(own, lent, is_open=False) is GrantState.ENDED
    held = deputy_state(own, lent, is_open=True)
    assert (held is GrantState.HELD) is (own is lent is GrantState.HELD)
    assert (held is GrantState.ENDED) is (GrantState.ENDED in (own, lent))


def test_a_role_is_lent_with_a_last_day_within_its_own() -> None:
    day = date(2027, 3, 31)
    assert lending_problems(day, None, is_borrowed=False) == []
    assert lending_problems(day, day, is_borrowed=False) == []
    assert lending_problems(day + timedelta(days=1), day, is_borrowed=False)[0].where == "ends_on"
    assert lending_problems(None, None, is_borrowed=False)[0].where == "ends_on"
    assert lending_problems(day, None, is_borrowed=True)
