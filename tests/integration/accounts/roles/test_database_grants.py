"""The database judges who may give a role by the rules of the application: whoever is refused here is refused there."""

from __future__ import annotations

from itertools import product

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import PROGRAMME, Role, may_grant
from cohortmgr.base.db import db
from tests.databases import Database, PostgresDatabase
from tests.integration.base.rows import insert, value_for

pytestmark = pytest.mark.postgres_only

PATHS = {
    1: ("ministry", "ma."),
    2: ("institution", "ma.inpt."),
    3: ("institute", "ma.inpt.un."),
    4: ("company", "co."),
}
HELD = [
    *product(
        (Role.PROGRAMME_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR, Role.TRAINER),
        ("", "ma.", "ma.inpt."),
        (True, False),
    ),
    (Role.PROGRAMME_ADMINISTRATOR, "ma.inpt.mdia.", False),
]
WANTED = (Role.CANDIDATE, Role.TRAINER, Role.TUTOR, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR)
PLACES = ("", "ma.", "ma.inpt.", "ma.inpt.un.", "ma.inpt.mdia.", "co.", "ma.inp")
OPENED = ([], [2], [3], [1, 2, 3])


@pytest.mark.parametrize(("held", "path", "alone"), HELD)
def test_the_database_and_the_rules_say_the_same(
    database: Database, system_context: None, held: Role, path: str, alone: bool
) -> None:
    assert isinstance(database, PostgresDatabase)
    tables = Account.metadata.tables
    for number, (kind, place) in PATHS.items():
        insert(database, tables["organisations"], number, kind=kind, path=place)
    for name in ("persons", "accounts"):
        insert(database, tables[name], 11, person_id=11, email="elle@exemple.ma")
    scope = PROGRAMME if path.endswith("mdia.") else "organisation"
    frozen = value_for(tables["grants"], tables["grants"].c.institutions, 0, 0)
    frozen.obj = [2] if path else []
    given = {"role": held.value, "path": path, "alone": alone, "scope_kind": scope, "institutions": frozen}
    insert(database, tables["grants"], 11, account_id=11, **given)
    viewer = viewers.viewer_of_email("elle@exemple.ma")
    assert viewer is not None
    asked = sa.text("SELECT app_may_grant(11, :role, :path, to_jsonb(CAST(:opened AS bigint[])), :alone)")
    differ = []
    for role, place, opened, apart in product(WANTED, PLACES, OPENED, (True, False)):
        said = db.session.scalar(asked, {"role": role.value, "path": place, "opened": opened, "alone": apart})
        ruled = (
            role is not Role.CANDIDATE and place != "ma.inp" and may_grant(viewer, role, place, opened, apart)
        )
        if said is not ruled:
            differ.append((role, place, opened, apart, said))
    assert differ == []
