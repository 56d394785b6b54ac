"""What staff take back locks the file first, as its person does who sends: neither waits for the other in a circle."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.file.models import Application, Correction
from cohortmgr.base import clock
from cohortmgr.base.db import WRITING, db
from tests.integration.applications.journey.steps import DURING


@pytest.mark.committed
@pytest.mark.postgres_only
@pytest.mark.parametrize("act", ["call-off", "undo"])
def test_a_request_is_taken_back_behind_the_lock_of_its_file(
    sent: str, intake: str, desk: FlaskClient, act: str
) -> None:
    given = {"fix-s1": "incorrect", "message": "Vérifiez.", "until": "2026-12-10", "count": "1"}
    asked = desk.post(f"/staff/intakes/{intake}/lots/correct?state=all", data=given)
    assert asked.status_code == 302
    db.session.rollback()
    request = db.session.scalars(sa.select(Correction.reference)).one()
    lot = db.session.scalars(sa.select(BulkAct.reference)).one()
    db.session.rollback()
    path = f"/staff/corrections/{request}/call-off" if act == "call-off" else f"/staff/lots/{lot}/undo"

    def click() -> int:
        with clock.at(DURING):
            return desk.post(path).status_code

    writes = {WRITING: True}
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with (
        db.engine.connect().execution_options(**writes) as person,
        db.engine.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        person.execute(sa.select(Application.id).with_for_update())
        clicked = pool.submit(click)
        while not watcher.scalar(waits) and not clicked.done():
            watcher.rollback()
            time.sleep(0.01)
        try:
            assert not clicked.done()
            person.execute(sa.select(Correction.id).with_for_update(nowait=True))
        finally:
            person.rollback()
        assert clicked.result() == 302
    assert db.session.scalars(sa.select(Correction.state)).one() == "called_off"
