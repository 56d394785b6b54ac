"""A deputy holds a role as long as whoever is represented does, and not a day longer; what is borrowed is not lent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from flask import Flask

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.roles.actions import grants, suspending
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.rules import GrantState
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.queries import reviewers_in
from tests.factories.choices import browser, known, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import grant_of, staffed

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]


def in_days(number: int) -> date:
    return clock.today() + timedelta(days=number)


def lent(until: int = 300) -> tuple[Intake, Viewer, Viewer, Viewer]:
    """(intake, administrator, lina who reads files, omar who stands in for her)."""
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    with writing():
        grants.deputise(admin, grant_of(lina, Role.REVIEWER), omar.reference, None, in_days(until))
    assert known("omar@inpt.ma").roles == {Role.TRAINER, Role.REVIEWER}
    return intake, admin, lina, omar


def state(viewer: Viewer) -> GrantState:
    [held] = [
        role
        for role in held_roles.colleague_for(SYSTEM, viewer.reference).roles
        if role.role == Role.REVIEWER
    ]
    return held.state


def test_a_lent_role_ends_with_the_role(app: Flask, system_app: Flask) -> None:
    intake, admin, lina, omar = lent()
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    assert known("omar@inpt.ma").roles == {Role.TRAINER}
    assert not reviewers_in(intake.path)
    assert state(omar) is GrantState.ENDED
    told = [content["address"] for _message, content in letters(system_app, "role_ended")]
    assert told == ["lina@inpt.ma", "omar@inpt.ma"]
    with writing():  # who has nothing any more may be given it
        grants.give(admin, omar.reference, same_role(admin, lina))
    assert known("omar@inpt.ma").roles == {Role.TRAINER, Role.REVIEWER}


def same_role(admin: Viewer, lina: Viewer) -> grants.RoleWish:
    row = held_roles.grant_for(admin, grant_of(lina, Role.REVIEWER))
    return grants.RoleWish(Role.REVIEWER, held_roles.scope_of(row))


def test_a_lent_role_ends_with_the_role_s_last_day(app: Flask) -> None:
    _intake, admin, lina, omar = lent(10)
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), in_days(2))
    for days, holds in ((2, True), (3, False)):
        with clock.at(clock.instant(in_days(days), 12)):
            assert (Role.REVIEWER in known("omar@inpt.ma").roles) is holds, days
            assert state(omar) is (GrantState.HELD if holds else GrantState.ENDED)


def test_nobody_stands_in_for_who_is_suspended(app: Flask) -> None:
    intake, admin, lina, omar = lent()
    with writing():
        suspending.suspend(admin, lina.reference)
    assert known("omar@inpt.ma").roles == {Role.TRAINER} and not reviewers_in(intake.path)
    assert state(omar) is GrantState.ENDED
    with writing():
        suspending.reopen(admin, lina.reference)
    assert known("omar@inpt.ma").roles == {Role.TRAINER, Role.REVIEWER}
    assert state(omar) is GrantState.HELD


def test_a_role_is_lent_no_longer_than_it_holds(app: Flask) -> None:
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), in_days(2))
    held = grant_of(lina, Role.REVIEWER)
    fields = {"deputy": omar.reference, "ends_on": in_days(300).isoformat()}
    page = browser(app, admin).post(f"/staff/people/roles/{held}/deputy", data=fields)
    assert "ne dure pas plus longtemps" in page.text and omar.reference in page.text
    with writing():
        grants.deputise(admin, held, omar.reference, None, in_days(2))
    assert Role.REVIEWER in known("omar@inpt.ma").roles


def test_what_is_borrowed_is_not_lent(app: Flask) -> None:
    intake, admin, _lina, omar = lent()
    zed = someone(intake, Role.TRAINER, "zed")
    borrowed = grant_of(omar, Role.REVIEWER)
    with pytest.raises(Refused, match="lui-même une suppléance"), writing():
        grants.deputise(admin, borrowed, zed.reference, None, in_days(3))
    db.session.rollback()
    assert f"{borrowed}/end" in browser(app, admin).get(f"/staff/people/{omar.reference}").text
    assert f"{borrowed}/deputy" not in browser(app, admin).get(f"/staff/people/{omar.reference}").text
    with writing():  # as it was taken before
        row, account = held_roles.grant_for(admin, borrowed), db.session.get_one(Account, omar.account_id)
        wish = grants.RoleWish(Role.REVIEWER, held_roles.scope_of(row), None, in_days(3))
        grants.hold(admin, db.session.get_one(Account, zed.account_id), wish, stands_for=account)
    assert known("zed@inpt.ma").roles == {Role.TRAINER}


def test_a_deputyship_that_is_to_come_waits_for_both_days() -> None:
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    with writing():
        grants.deputise(admin, grant_of(lina, Role.REVIEWER), omar.reference, in_days(5), in_days(9))
    assert state(omar) is GrantState.COMING
    for days, holds in ((4, False), (5, True), (9, True), (10, False)):
        with clock.at(clock.instant(in_days(days), 12)):
            assert (Role.REVIEWER in known("omar@inpt.ma").roles) is holds, days


def test_the_page_of_people_makes_as_many_statements_for_many_deputies(
    app: Flask, statements: Statements
) -> None:
    intake, admin, lina, _omar = lent()
    desk, counts = browser(app, admin), []
    for number in range(2):
        for each in range(3):
            one = someone(intake, Role.TRAINER, f"suppleant{number}{each}")
            with writing():
                grants.deputise(admin, grant_of(lina, Role.REVIEWER), one.reference, None, in_days(3))
        desk.get("/staff/people")
        with statements() as seen:
            assert desk.get("/staff/people").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
