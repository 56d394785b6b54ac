"""What waits for a second person names who can give it; says if nobody is left; and another of the same right can."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Account, RoleGrant
from cohortmgr.accounts.queries.viewers import colleagues_with
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.selection.actions import decisions
from tests.factories.choices import SEASON, browser, decided, known, someone

pytestmark = pytest.mark.usefixtures("system_context")


def gone(viewer: Viewer, how: str) -> None:
    with writing() as session:
        if how == "suspended":
            left = sa.update(Account).where(Account.id == viewer.account_id)
            session.execute(left.values(suspended_at=clock.now()))
        else:
            ended = sa.update(RoleGrant).where(RoleGrant.account_id == viewer.account_id)
            session.execute(ended.values(revoked_at=clock.now()))


@pytest.mark.parametrize("how", ["ended", "suspended"])
def test_a_batch_says_who_may_approve_and_goes_on_with_another(app: Flask, how: str) -> None:
    intake, batch = decided(3, 1, approve=False)
    manager, admin = known("selection_manager@inpt.ma"), known("programme_administrator@inpt.ma")
    page, desk = f"/staff/batches/{batch.reference}", browser(app, manager)
    assert admin.name in desk.get(page).text
    gone(admin, how)
    text = desk.get(page).text
    assert "Personne ne peut donner cet accord" in text and admin.name not in text
    assert "Vous l’avez proposé" in text and "est fini" not in text, "the reason is true for who proposed it"
    other = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "Nouvelle")
    text = desk.get(page).text
    assert other.name in text and "Personne ne peut" not in text
    assert page in browser(app, other).get("/staff").text, "and finds it on their home"
    gone(manager, how)  # who proposed left too: the batch waits no less
    with clock.at(min(clock.now(), SEASON)), writing():
        decisions.approve(other, batch.reference, "1", open_until=intake.closes_at)
    db.session.rollback()


def test_who_prepared_it_is_none_of_them() -> None:
    intake, _batch = decided(3, 1, approve=False)
    admin = known("programme_administrator@inpt.ma")
    assert colleagues_with("selection.approve", intake.path) == (admin.name,)
    assert colleagues_with("selection.approve", intake.path, [admin.reference, None]) == ()


def test_a_batch_whose_days_of_offers_are_over_promises_none_and_asks_for_no_agreement(app: Flask) -> None:
    intake, batch = decided(3, 1, approve=False)
    who, page = known("programme_administrator@inpt.ma"), f"/staff/batches/{batch.reference}"
    with clock.at(min(clock.now(), SEASON)):
        before = browser(app, who).get(page).text
    assert 'name="confirmation"' in before and "pour répondre" in before and "(les offres)" in before
    with clock.at(clock.instant(intake.starts_on, 12) + timedelta(days=2)):
        after = browser(app, who).get(page).text
    assert "Ce lot ne peut pas partir" in after
    assert 'name="confirmation"' not in after and "pour répondre" not in after
