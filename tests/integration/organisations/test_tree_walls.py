"""Who writes the tree as the web's role of PostgreSQL, whatever the pages ask: who manages the installation, and what
they add stands where its parent says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, see, table_of, writing
from cohortmgr.organisations import actions
from cohortmgr.organisations.models import Organisation
from tests.integration.base.attempts import changing, passes

pytestmark = pytest.mark.postgres_only
TREE = table_of(Organisation)
Entering = Callable[..., dict[str, int]]
PAST, TO_COME = date(2020, 1, 1), date(2999, 1, 1)


@pytest.fixture
def entering(system_app: Flask, app: Flask) -> Any:
    """A function that makes an account with a role, and lets the web act in its session."""
    contexts = []

    def enter(role: Role, path: str = "", **more: Any) -> dict[str, int]:
        with system_app.app_context(), writing():
            host = actions.ensure_host(SYSTEM, "inpt")
            numbers = {"inpt": host.id, "ma": host.parent_id or 0}
            made = people.new_account(SYSTEM, "moi@exemple.ma", "no hash", {})
            place = ("organisation", host.reference) if path else ("installation", "installation")
            people.grant(SYSTEM, made, role, *place, path, [0, host.id])
            db.session.execute(
                sa.update(RoleGrant).where(RoleGrant.account_id == made.id).values(id=RoleGrant.id, **more)
            )
            token = people.open_session(made.id)
        contexts.append(app.app_context())
        contexts[0].push()
        known = viewers.viewer_of_token(token)
        assert known is not None
        see([0, *known.listed], known.person_id)
        changing()
        return numbers

    yield enter
    db.session.rollback()
    contexts[0].pop()


def adds(parent: int, institution: int | None, **more: Any) -> bool:
    row = {
        "reference": "r1",
        "kind": "centre",
        "key": "ensias",
        "name": {},
        "path": "ma.inpt.ensias.",
        "parent_id": parent,
        "institution_id": institution,
        "version": 1,
        "former_names": [],
    }
    return passes(sa.insert(TREE).inline().values({**row, **more}))


def changes(number: int, **given: Any) -> bool:
    return passes(sa.update(TREE).where(TREE.c.id == number).values(**given))


@pytest.mark.parametrize(
    ("role", "path", "more"),
    [
        (Role.AUDITOR, "", {}),
        (Role.SYSTEM_ADMINISTRATOR, "ma.inpt.", {}),
        (Role.SYSTEM_ADMINISTRATOR, "", {"ends_on": PAST}),
        (Role.SYSTEM_ADMINISTRATOR, "", {"begins_on": TO_COME}),
    ],
)
def test_who_only_reads_the_installation_writes_nothing_in_the_tree(
    entering: Entering, role: Role, path: str, more: dict[str, Any]
) -> None:
    numbers = entering(role, path, **more)
    assert not adds(numbers["inpt"], numbers["inpt"])
    assert not changes(numbers["inpt"], name={"fr": "Autre"})


def test_who_manages_the_installation_adds_what_stands_where_its_parent_says(entering: Entering) -> None:
    numbers = entering(Role.SYSTEM_ADMINISTRATOR)
    inpt, root = numbers["inpt"], numbers["ma"]
    for wrong in (
        {"kind": "institution"},
        {"kind": "institute"},
        {"path": "ma.ensias."},
        {"path": ""},
        {"key": "Un.deux", "path": "ma.inpt.Un.deux."},
        {"parent_id": None},
        {"parent_id": root},
        {"institution_id": None},
        {"institution_id": root},
        {"kind": "company"},
    ):
        assert not adds(inpt, inpt, **wrong), wrong
    assert adds(inpt, inpt)


def test_what_the_tree_stands_on_stays_for_who_manages_the_installation(entering: Entering) -> None:
    inpt = entering(Role.SYSTEM_ADMINISTRATOR)["inpt"]
    for wrong in (
        {"id": 5001},
        {"reference": "other"},
        {"key": "other"},
        {"kind": "centre"},
        {"path": "ma."},
        {"parent_id": None},
        {"institution_id": None},
    ):
        assert not changes(inpt, **wrong), wrong
    assert adds(inpt, inpt, id=7001)
    assert not changes(7001, institution_id=7001), "a centre hosts nothing"
    assert changes(inpt, name={"fr": "Autre"}, region="MA-06")
