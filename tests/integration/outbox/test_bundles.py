"""Messages that leave together: while a bundle is held none does, and once it is called off none ever will."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.base.db import db, writing
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox import actions
from cohortmgr.outbox.delivery.actions import claiming
from cohortmgr.outbox.delivery.tasks import draining, handing_over
from cohortmgr.outbox.models import Bundle, Message
from tests.integration.outbox.conftest import rows, send

pytestmark = pytest.mark.usefixtures("messages", "institution")


@pytest.fixture
def institution(system_context: None) -> None:
    """The one that bundles belong to."""
    with writing() as session:
        session.add(Organisation(id=1, kind="institution", key="x", name={}, path="ma.x.", institution_id=1))


def bundle(state: str) -> str:
    with writing() as session:
        made = Bundle(institution_id=1, state=state)
        session.add(made)
        session.flush()
        return made.reference


def test_a_bundle_leaves_while_it_is_open_waits_while_it_is_held_and_never_leaves_once_called_off() -> None:
    references = {state: bundle(state) for state in ("open", "held", "called_off")}
    for reference in references.values():
        send("a@b.ma", "b@b.ma", bundle=reference)
    send("alone@b.ma")
    assert draining.drain() == 5
    states = [message.state for message in rows()]
    assert states == ["sent", "sent", "held", "held", "dropped", "dropped", "sent"]
    with writing() as session:
        session.execute(sa.update(Bundle).where(Bundle.state == "held").values(state="open"))
    assert draining.drain() == 2
    assert [message.state for message in rows()][2:4] == ["sent", "sent"]


def held_bundle(count: int) -> str:
    """A bundle of so many messages that is held before any of them left."""
    held = bundle("held")
    send(*(f"held{number}@b.ma" for number in range(count)), bundle=held)
    return held


def mails(folder: Path) -> list[Path]:
    return list((folder / "mail").glob("*.eml"))


def states() -> dict[str, int]:
    counted = sa.select(Message.state, sa.func.count()).group_by(Message.state)
    db.session.rollback()
    return dict(db.session.execute(counted).all())


@pytest.mark.parametrize("at_once", [4, 5000])
def test_what_is_held_is_passed_over_once_and_leaves_when_it_is_let_go(
    at_once: int, statements: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(claiming, "PARKED_AT_ONCE", at_once)
    held = held_bundle(11)
    send("free@b.ma")
    assert handing_over.deliver(batch=3) == 1 and len(mails(tmp_path)) == 1
    assert states() == {"held": 11, "sent": 1}
    with statements() as seen, writing():
        assert claiming.claim(10) == []
    assert len(seen) <= 5 and "held" in states()
    with writing():
        actions.turn_bundle(held, "open")
    while handing_over.deliver(batch=3):
        pass
    assert states() == {"sent": 12}
    assert not db.session.scalar(sa.select(Bundle.parked))
    assert len(mails(tmp_path)) == 12


def test_what_is_called_off_while_it_is_held_is_dropped(tmp_path: Path) -> None:
    held = held_bundle(3)
    assert handing_over.deliver() == 0 and states() == {"held": 3}
    with writing():
        actions.turn_bundle(held, "called_off")
    assert handing_over.deliver() == 3 and states() == {"dropped": 3} and mails(tmp_path) == []
