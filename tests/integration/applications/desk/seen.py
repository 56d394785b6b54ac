"""What tests of staff's desk look at: rows, acts of the trail, and how many files a list shows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.audit.models import Event
from cohortmgr.base.db import db


def all_of(model: type[Any]) -> list[Any]:
    db.session.rollback()
    return list(
        db.session.scalars(sa.select(model).order_by(model.id).execution_options(populate_existing=True))
    )


def acts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Event.action).order_by(Event.id)))


def shown(desk: FlaskClient, intake: str, **filters: str) -> int:
    page = desk.get(f"/staff/intakes/{intake}/applications", query_string={"size": "600", **filters})
    assert page.status_code == 200
    return page.text.count('<th scope="row">')
