"""A withdrawn file is begun again while the intake is open to it, and only as long as nobody was told an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application, Document, Extension, UnsentChange
from cohortmgr.applications.journey.actions import changes
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.applications.journey.steps import (
    AFTER,
    DURING,
    PASSWORD,
    answers,
    begin,
    fill,
    sign_up,
)

AGAIN = {"again": "1"}


def row() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def enter_again(client: FlaskClient) -> None:
    """Sign in anew: the session before has ended by then."""
    answer = client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": PASSWORD})
    assert answer.status_code == 302, answer.text


@pytest.fixture
def withdrawn(intake: str, client: FlaskClient) -> Iterator[str]:
    """A file that was sent and withdrawn; the clock stays within the intake's days."""
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    client.post(f"/my/applications/{reference}/check")
    page = client.get(f"/my/applications/{reference}/withdraw").text
    assert (
        "Vous pourrez la recommencer" in page and "Vous ne pourrez plus envoyer cette candidature" not in page
    )
    client.post(f"/my/applications/{reference}/withdraw", data={"confirmation": row().number})
    assert row().state == "withdrawn"
    yield reference


def test_it_is_begun_again_with_all_that_was_in_it_and_sent_under_its_number(
    intake: str, client: FlaskClient, withdrawn: str
) -> None:
    number = row().number
    assert "Recommencer ma candidature" in client.get(f"/my/applications/{withdrawn}").text
    for _ in range(2):
        assert client.post(f"/intakes/{intake}/apply", data=AGAIN).location.endswith(withdrawn)
    draft = row()
    assert (draft.state, draft.withdrawn_at, draft.sent_at, draft.number) == ("draft", None, None, number)
    assert draft.answers["motivation"] == "Apprendre en travaillant."
    assert db.session.scalars(sa.select(Document.question)).all() == ["transcripts"]
    client.post(f"/my/applications/{withdrawn}/check")
    assert row().state == "submitted" and row().sent_at is not None
    acts = db.session.scalars(sa.select(Event.action).where(Event.action == "applications.begin_again")).all()
    assert len(acts) == 1


def test_a_plain_start_does_not_undo_a_withdrawal(intake: str, client: FlaskClient, withdrawn: str) -> None:
    assert client.post(f"/intakes/{intake}/apply").location.endswith(withdrawn)
    assert row().state == "withdrawn"


def test_after_the_close_it_stays_withdrawn_unless_the_person_has_more_time(
    intake: str, client: FlaskClient, withdrawn: str
) -> None:
    with clock.at(AFTER):
        enter_again(client)
        page = client.get(f"/my/applications/{withdrawn}").text
        assert "Vous avez retiré" in page and "Recommencer ma candidature" not in page
        client.post(f"/intakes/{intake}/apply", data=AGAIN)
        assert row().state == "withdrawn"
    mine = row()
    with writing():
        db.session.add(
            Extension(
                institution_id=mine.institution_id, person_id=mine.person_id, application_id=mine.id,
                until=datetime(2027, 7, 3, tzinfo=AFTER.tzinfo), reason="Panne.", by="X" * 26, at=DURING,
            )
        )  # fmt: skip
    with clock.at(AFTER):
        enter_again(client)
        client.post(f"/intakes/{intake}/apply", data=AGAIN)
    assert row().state == "draft"


def test_once_an_answer_was_told_it_stays_withdrawn(
    intake: str, client: FlaskClient, withdrawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "decided", [lambda viewer, application: True])
    assert "Recommencer ma candidature" not in client.get(f"/my/applications/{withdrawn}").text
    answer = client.post(f"/intakes/{intake}/apply", data=AGAIN)
    assert "déjà répondu" in answer.text and row().state == "withdrawn"


def test_what_was_typed_and_not_sent_again_before_the_withdrawal_is_not_lost(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    client.post(f"/my/applications/{reference}/check")
    client.post(f"/my/applications/{reference}/change")
    data = answers(motivation="Mieux dit.", later="1")
    client.post(f"/my/applications/{reference}/form", data=data)
    assert db.session.scalars(sa.select(UnsentChange.sealed)).one(), "the change is there"
    client.post(f"/my/applications/{reference}/withdraw", data={"confirmation": row().number})
    client.post(f"/intakes/{intake}/apply", data=AGAIN)
    assert row().state == "draft" and row().answers["motivation"] == "Mieux dit."
    assert db.session.scalars(sa.select(UnsentChange)).all() == []
