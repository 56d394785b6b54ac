"""A deputyship shows nobody more than somebody gave them: who watches lends to one who watches, and borrows nothing
else."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.roles.actions import grants
from cohortmgr.accounts.rules import SYSTEM, WATCHING, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from tests.factories.choices import browser, someone
from tests.integration.accounts.roles.colleagues import grant_of, staffed

pytestmark = pytest.mark.usefixtures("system_context")


def offered(app: Flask, viewer: Viewer, lender: Viewer, role: Role, *colleagues: Viewer) -> list[bool]:
    """Whether each of these colleagues is offered as the deputy of somebody, by whoever may lend the role."""
    page = browser(app, viewer).get(f"/staff/people/roles/{grant_of(lender, role)}/deputy").text
    return [f'value="{each.reference}"' in page for each in colleagues]


@pytest.mark.parametrize("role", sorted(WATCHING))
def test_who_watches_is_no_deputy_of_who_acts_and_lends_to_their_like_alone(app: Flask, role: Role) -> None:
    intake, admin, lina = staffed()
    watcher, another = someone(intake, role, "omar"), someone(intake, role, "zed")
    trainer, both = someone(intake, Role.TRAINER, "ali"), someone(intake, Role.TRAINER, "mona")
    with writing():
        place = grants.held_roles.scope_of(
            db.session.query(RoleGrant).filter_by(account_id=both.account_id).one()
        )
        grants.give(SYSTEM, both.reference, grants.RoleWish(role, place))
    everybody = (watcher, another, trainer, both)
    assert offered(app, admin, lina, Role.REVIEWER, *everybody) == [False, False, True, True]
    lender = admin if role is Role.OBSERVER else someone(intake, Role.SYSTEM_ADMINISTRATOR, "racine")
    assert offered(app, lender, watcher, role, *everybody) == [False, True, False, True]
    last = clock.today()
    refused = [(lina, Role.REVIEWER, watcher), (watcher, role, trainer), (watcher, role, lina)]
    for lends, what, deputy in refused:
        with pytest.raises(Refused, match="son pareil"), writing():
            grants.deputise(SYSTEM, grant_of(lends, what), deputy.reference, None, last)
        db.session.rollback()
    with writing():
        grants.deputise(SYSTEM, grant_of(lina, Role.REVIEWER), both.reference, None, last)


def test_a_borrowed_role_lends_nobody_another(app: Flask) -> None:
    """What counts is what somebody was given: an observer in whose hands a role of another time lies stays one."""
    intake, admin, lina = staffed()
    omar, trainer = someone(intake, Role.OBSERVER, "omar"), someone(intake, Role.TRAINER, "ali")
    with writing():
        lent = db.session.query(RoleGrant).filter_by(reference=grant_of(lina, Role.REVIEWER)).one()
        db.session.add(
            RoleGrant(
                reference="R" * 26, account_id=omar.account_id, role=lent.role, scope_kind=lent.scope_kind,
                scope_reference=lent.scope_reference, path=lent.path, institutions=lent.institutions,
                granted_at=clock.now(), stands_for_id=lina.account_id, ends_on=clock.today(),
            )
        )  # fmt: skip
    assert offered(app, admin, trainer, Role.TRAINER, omar) == [False]
