"""An UPDATE that is given to the driver writes what SQLAlchemy writes when it sends the same."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.actions import claiming
from cohortmgr.outbox.delivery.tasks.handing_over import Post
from cohortmgr.outbox.delivery.tasks.recording import _MINE, _OUTBOX, _given, _Words
from cohortmgr.outbox.failures import Failure
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from tests.integration.outbox.conftest import START, send

pytestmark = pytest.mark.usefixtures("system_context", "messages")

SENT: dict[str, Any] = {
    "state": MessageState.SENT, "channel": "email", "error": None, "failure": None, "provider": "mail",
    "sent_at": START, "lease_until": None, "unanswered": 1, "segments": 2, "cost": 700,
}  # fmt: skip
FAILED: dict[str, Any] = {
    "state": MessageState.WAITING, "error": "l'erreur : %s %(x)s ? :y", "failure": Failure.TEMPORARY, "tries": 1,
    "due": START, "lease_until": None,
}  # fmt: skip


@pytest.mark.parametrize("values", [SENT, FAILED], ids=["sent", "failed"])
def test_the_driver_writes_what_the_library_writes(values: dict[str, Any]) -> None:
    send("un@exemple.ma", "deux@exemple.ma")
    with writing():
        ours, plain = claiming.claim(10) or []
    changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in values}
    with Post() as post:
        post.recorder.note(ours, values)
        post.recorder._execute(sa.update(_OUTBOX).where(*_MINE).values(changed), _given(plain, values))
        post.recorder.note(ours, {"error": "too late"})
    db.session.rollback()
    chosen = sa.select(*(_OUTBOX.c[name] for name in values)).order_by(_OUTBOX.c.id)
    first, second = db.session.execute(chosen).all()
    assert first == second
    assert first._mapping == {**values}


def test_what_is_taken_from_a_compiled_statement_is_there() -> None:
    """Names, places and fixed values: SQLAlchemy calls these its own affair."""
    dialect = db.engine.dialect
    words = _Words(("state", "sent_at"), dialect)
    names = {"new_state", "new_sent_at", "its_id", "its_starts"}
    fixed = words._fixed.keys() - names
    assert [words._fixed[name] for name in fixed] == [MessageState.SENDING.value]
    if dialect.name == "sqlite":
        assert words._order is not None and set(words._order) == names | fixed
        assert words.text.count("?") == len(words._order)
    else:
        assert words._order is None
        assert all(f"%({name})s" in words.text for name in names | fixed)
    given = words.values(Message(id=7, lost_starts=1), {"state": MessageState.SENT, "sent_at": clock.now()})
    assert len(given) == len(names | fixed)
