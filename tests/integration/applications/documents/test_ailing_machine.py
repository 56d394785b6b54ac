"""Papers while the machine ails: they wait, and nothing counts against them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.base import clock, storage
from cohortmgr.base.crypto import CannotUnseal
from cohortmgr.base.db import db, writing
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.programmes.actions import load_definition
from tests.integration.applications.documents.photos import asking, photo, send, standing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, examine, sign_up


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """A draft that asks for a paper."""
    with clock.at(steps.DURING):
        reference = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        sign_up(client)
        yield begin(client, reference)


@pytest.mark.parametrize(
    ("where", "failure"),
    [
        ("load", StoreAway("the bucket does not answer")),
        ("load", CannotUnseal("no key 'b' on the ring")),
        ("store", OSError(errno.ENOSPC, "no room")),
    ],
    ids=["files away", "a key too few", "disk full"],
)
def test_a_paper_waits_for_a_machine_that_ails_as_long_as_it_does(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch, where: str, failure: Exception
) -> None:
    """It has no part in that: it is not refused as too heavy, and what its person sent is not deleted."""
    send(client, draft, ("un.jpg", photo()))
    moment = clock.now()

    def ailing(_given: object) -> object:
        raise failure

    monkeypatch.setattr(storage, where, ailing)
    for number in range(6):
        with clock.at(moment + number * timedelta(minutes=4)):
            db.session.rollback()
            assert documents.examine_next()
    assert (standing().state, standing().reason, standing().tries) == ("received", None, 0)
    monkeypatch.undo()
    with clock.at(moment + timedelta(hours=1)):
        examine()
    assert standing().state == "clean"


def test_what_became_of_a_paper_is_noted_once_the_database_is_back(
    client: FlaskClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, draft, ("un.jpg", photo()))
    noted, failures = documents._end, [sa.exc.OperationalError("BEGIN", None, OSError()) for _ in range(2)]

    def away(*given: Any) -> None:
        if failures:
            raise failures.pop()
        noted(*given)

    waited: list[float] = []
    monkeypatch.setattr(documents, "_end", away)
    monkeypatch.setattr(documents, "sleep", waited.append)
    assert documents.examine_next()
    assert (standing().state, waited) == ("clean", list(documents.NOTED_AGAIN[:2]))
