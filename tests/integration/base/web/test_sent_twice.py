"""A form that is sent twice at once is answered as if once; and whoever was not the first reads so, and no fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.roles.actions import invitations
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.eligibility import actions as eligibility
from cohortmgr.applications.file.models import Application
from cohortmgr.base import db as base
from cohortmgr.base.db import db
from cohortmgr.base.web import queueing
from cohortmgr.messages.helpdesk.actions import questions as desk
from tests.factories.choices import browser, sent
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, grant_of, place, staffed
from tests.integration.messages.helpdesk.test_desk import STRANGER, public, questions

pytestmark = pytest.mark.usefixtures("system_context")
TIMES = 4


def slowly(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let each act rest there, so that all who may be there at once are."""
    given: Callable[..., Any] = getattr(module, name)

    def resting(*values: Any, **named: Any) -> Any:
        found = given(*values, **named)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(module, name, resting)


def pressed(client: Any, path: str, data: Mapping[str, str]) -> list[int]:
    """The answers to one form that a browser sends several times at the same moment."""
    cookies = client._cookies
    assert client.get("/sign-in").status_code in (200, 302)  # the browser has its session

    def send(_number: int) -> int:
        one = client.application.test_client()
        one._cookies = cookies.copy()
        return int(one.post(path, data=data).status_code)

    with ThreadPoolExecutor(TIMES) as clicks:
        return sorted(clicks.map(send, range(TIMES)))


def test_a_question_that_is_sent_several_times_at_once_is_one(
    app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would be opened, all but one without its words, and each be answered by a letter."""
    sent(1)
    client = public(app)
    slowly(monkeypatch, desk, "open_question")
    assert pressed(client, "/help/mdia", STRANGER) == [302] * TIMES
    assert len(questions()) == 1 and len(letters(system_app, "question_received")) == 1


def invitation_of(admin: Viewer) -> dict[str, str]:
    scope = place(admin, "mdia.").choice
    return {"email": "neuve@exemple.ma", "role": "reviewer", "scope": scope, "spoken": "fr"}


def test_an_invitation_that_is_sent_several_times_at_once_is_one(
    app: Flask, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _intake, admin, _lina = staffed()
    slowly(monkeypatch, invitations, "_require_none_waits")
    answers = pressed(browser(app, admin), "/staff/people/invite", invitation_of(admin))
    assert answers == [200] * (TIMES - 1) + [302], "the others read that it waits already"
    assert len(acts("accounts.invite")) == 1 and len(letters(system_app, "role_invitation")) == 1


def test_a_decision_of_staff_that_is_sent_several_times_at_once_is_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _intake, admin, _lina = staffed()
    reference = db.session.scalars(sa.select(Application.reference)).one()
    slowly(monkeypatch, eligibility.queries, "override_of")
    path, data = f"/staff/applications/{reference}/eligibility", {"eligible": "no", "reason": "Diplôme"}
    assert pressed(browser(app, admin), path, data) == [302] * TIMES
    assert len(acts("applications.override")) == 1


def test_a_role_is_given_once_and_whoever_was_not_the_first_reads_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Two colleagues at once, each with a form of their own: only the table's own rule tells the second."""
    _intake, admin, lina = staffed()
    client, path = browser(app, admin), f"/staff/people/{lina.reference}/give"
    data = {"role": "trainer", "scope": place(admin, "mdia.").choice}
    assert client.post(path, data=data).status_code == 302
    given = len(acts("accounts.grant"))
    monkeypatch.setattr(people, "granted_row", lambda *_given: None)
    page = client.post(path, data=data, headers={"Accept-Language": "fr"})
    assert page.status_code == 409 and "Traceback" not in page.text
    assert any("somebody was faster" in each.message for each in caplog.records)
    assert len(acts("accounts.grant")) == given


def test_a_role_that_ends_on_the_same_day_again_is_told_once(app: Flask, system_app: Flask) -> None:
    _intake, admin, lina = staffed()
    client, path = browser(app, admin), f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/end"
    for day in ("2099-12-15", "2099-12-15", "2099-12-16"):
        assert client.post(path, data={"ends_on": day}).status_code == 302
    assert len(acts("accounts.end_role")) == len(letters(system_app, "role_ended")) == 2


def test_only_the_same_form_of_the_same_browser_waits(app: Flask) -> None:
    def number(path: str, data: Mapping[str, str], who: str = "a") -> int:
        with app.test_request_context(path, method="POST", data=data) as context:
            context.session["_user_id"] = who
            return queueing.number_of_form()

    first = number("/x?a=1", {"text": "b", "csrf_token": "1"})
    assert first == number("/x?a=1", {"text": "b", "csrf_token": "2"})
    others = [
        number("/x?a=2", {"text": "b"}),
        number("/x?a=1", {"text": "c"}),
        number("/x?a=1", {"text": "b"}, "c"),
    ]
    assert len({first, *others}) == 4


def test_a_page_that_is_only_asked_for_queues_behind_nobody(app: Flask) -> None:
    with app.test_request_context("/x"):
        app.preprocess_request()
        assert base.QUEUE not in db.session.info
