"""Large intakes that were read, and what shows of their batches: for tests of what the worker freezes and tells."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.actions.claiming import claim
from cohortmgr.outbox.models import Bundle
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.models import Batch, Decision, Offer, Release
from cohortmgr.selection.standings import actions as keeping
from tests.factories.choices import known, read, readers, sent, someone
from tests.factories.working import work

MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"


def ranked(files: int = 9, seats: int = 3, ineligible: int = 2) -> Intake:
    """An intake that was read, with its ranking kept, and the two who decide."""
    intake = sent(files, ineligible, seats)
    for role in (Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR):
        someone(intake, role)
    read(intake, readers(intake))
    with writing():
        keeping.ask(known(MANAGER), intake, queries.offering_of(intake))
    work()
    return intake


def drafted(intake: Intake) -> str:
    with writing():
        return decisions.propose(known(MANAGER), intake.reference).reference


def proposed(intake: Intake) -> str:
    reference = drafted(intake)
    work()
    assert of(reference).state == "proposed"
    return reference


def of(reference: str) -> Batch:
    db.session.rollback()
    db.session.expire_all()
    found = queries.by_reference(reference)
    assert found is not None
    return found


def approved(reference: str, number: int = 3) -> None:
    with writing():
        decisions.approve(known(ADMINISTRATOR), reference, str(number))


def rows() -> list[Any]:
    db.session.rollback()
    columns = (Application.number, Decision.outcome, Decision.rank, Decision.mean_thousandths, Decision.position,
               Decision.waiting_state, Decision.reasons)  # fmt: skip
    joined = sa.select(*columns).join(Application, Application.id == Decision.application_id)
    return [tuple(row) for row in db.session.execute(joined.order_by(Decision.id))]


def taken() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.max(Offering.taken))) or 0


def leaving() -> list[tuple[str, str]]:
    """(key, person) of each letter that the sender would hand over now, reminders apart."""
    found: list[tuple[str, str]] = []
    off = set(db.session.scalars(sa.select(Bundle.reference).where(Bundle.state == "called_off")))
    while True:
        with writing():
            claimed = claim(100)
            found += [(each.key, each.subject) for each in claimed or [] if each.bundle not in off]
        if claimed is not None and not claimed:
            break
    db.session.rollback()
    return found


def nothing_shows(reference: str) -> None:
    """No offer, no decision that anybody is told of, and no letter that leaves."""
    batch = of(reference)
    assert batch.state in ("draft", "proposed", "approving")
    assert db.session.scalars(sa.select(Offer.id)).all() == []
    assert not db.session.scalars(sa.select(Release.id)).all()
    for number in range(1, 10):
        assert queries.mine(known(f"c{number}@exemple.ma")) == []
    assert set(db.session.scalars(sa.select(Application.outcome))) == {"none"}
    assert leaving() == []


def all_is_told(intake: Intake, reference: str) -> None:
    """Everybody was written to once, and the offers stand."""
    assert of(reference).state == "approved"
    assert Counter(db.session.scalars(sa.select(Offer.state))) == {"sent": 3}
    assert taken() == 3
    assert len(db.session.scalars(sa.select(Release.published_at)).all()) == 1
    rows_say = sa.select(Application.outcome).join(Decision, Decision.application_id == Application.id)
    assert all(db.session.scalars(rows_say.with_only_columns(Application.outcome == Decision.outcome)))
    told = leaving()
    assert Counter(key for key, _ in told) == {"offer_made": 3, "waiting_listed": 6, "refused": 2}
    assert len({person for _, person in told}) == 11
