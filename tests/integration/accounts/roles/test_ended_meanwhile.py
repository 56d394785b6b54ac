"""A role or a session that ends while a request of its holder runs: the walls refuse the act, and no page fails.

On SQLite there are no walls: what began in time is done, and the next request is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts import guards
from cohortmgr.accounts.models import RoleGrant, SignInSession
from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.factories.choices import browser
from tests.integration.accounts.roles.colleagues import grant_of, place, staffed

pytestmark = pytest.mark.usefixtures("system_context")
OF = {"role": RoleGrant, "session": SignInSession}


@pytest.fixture
def once_in(app: Flask) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Do something once, after the next request has loaded who asks."""
    waiting: list[Callable[[], None]] = []

    def strike() -> None:
        if guards.viewer().account_id and waiting:
            waiting.pop()()

    app.before_request_funcs.setdefault(None, []).append(strike)
    yield waiting.append
    app.before_request_funcs[None].remove(strike)


@pytest.mark.parametrize("ended", OF)
@pytest.mark.parametrize("act", ["invite", "give", "end", "suspend"])
def test_what_ends_while_a_request_runs_is_answered_as_the_next(
    app: Flask, system_app: Flask, once_in: Callable[[Callable[[], None]], None], act: str, ended: str
) -> None:
    _intake, admin, lina = staffed()
    here = place(admin, ".mdia.").reference
    paths = {
        "invite": "/staff/people/invite",
        "give": f"/staff/people/{lina.reference}/give",
        "end": f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/end",
        "suspend": f"/staff/people/{lina.reference}/suspend",
    }
    desk = browser(app, admin)
    grants = sa.select(sa.func.count()).select_from(RoleGrant).where(RoleGrant.revoked_at.is_(None))
    before = db.session.scalar(grants)
    db.session.rollback()

    def end() -> None:
        mine = OF[ended].account_id == admin.account_id
        with system_app.app_context(), writing():
            db.session.execute(sa.update(OF[ended]).where(mine).values(revoked_at=clock.now()))

    once_in(end)
    fields = {"email": "x@inpt.ma", "role": "trainer", "scope": here, "spoken": "fr", "when": "today"}
    answer = desk.post(paths[act], data=fields)
    if system_app.extensions["cohortmgr-settings"].database_url.startswith("sqlite"):
        assert answer.status_code < 400
        return
    if ended == "role":
        assert answer.status_code == 404 and "Votre rôle ici est fini" in answer.text
    else:
        assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert desk.get("/staff/people").status_code == (404 if ended == "role" else 302)
    db.session.rollback()
    assert db.session.scalar(grants) == (before or 0) - (ended == "role")


@pytest.mark.postgres_only
def test_a_wall_that_an_action_runs_against_is_a_fault_of_ours(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _intake, admin, _lina = staffed()

    def astray(*_given: object, **_more: object) -> None:
        db.session.execute(sa.text("UPDATE grants SET account_id = 5"))

    desk = browser(app, admin)
    monkeypatch.setattr("cohortmgr.accounts.roles.actions.invitations.invite", astray)
    fields = {
        "email": "x@inpt.ma",
        "role": "trainer",
        "scope": place(admin, ".mdia.").reference,
        "spoken": "fr",
    }
    assert desk.post("/staff/people/invite", data=fields).status_code == 500
