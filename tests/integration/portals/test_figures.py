"""Whoever may see figures alone sees them masked on home pages too, as in reports."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from tests.factories.lives import lived_intake, signed_in


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.CENTRE_MANAGER])
def test_small_counts_are_hidden_from_observers_on_both_home_pages(
    role: Role, system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake()
    with writing() as session:  # all but three are eligible, and two have not been sent
        ids = session.scalars(sa.select(Application.id).order_by(Application.id)).all()
        chosen = sa.update(Application).where(Application.intake_id == intake.id)
        session.execute(chosen.values(state="submitted", eligible=True))
        session.execute(chosen.where(Application.id.in_(ids[:3])).values(eligible=False))
        session.execute(chosen.where(Application.id.in_(ids[3:5])).values(state="draft"))
    total = len(ids) - 2
    page = signed_in(client, role, intake)
    home, own = page.get("/staff").text, page.get(f"/staff/intakes/{intake.reference}").text
    shown = re.findall(r"<dd>([^<]*)</dd>", own)
    if role is Role.OBSERVER:
        assert shown == [str(total), "•", "•", "•"]
        assert "éligibles : •" in home and "en cours : •" in home
        assert "Chiffre masqué" in home and "Chiffre masqué" in own
    else:
        assert shown == [str(total), str(total - 3), "3", "2"]
        assert "•" not in home and "Chiffre masqué" not in own
    db.session.rollback()


@pytest.mark.parametrize(
    ("role", "opens"), [(Role.SYSTEM_ADMINISTRATOR, False), (Role.SELECTION_MANAGER, True)]
)
def test_an_intake_is_a_link_where_it_opens_something(
    role: Role, opens: bool, system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake(1)
    home = signed_in(client, role, intake).get("/staff").text
    assert intake.title["fr"] in home
    assert (f'href="/staff/intakes/{intake.reference}"' in home) is opens
