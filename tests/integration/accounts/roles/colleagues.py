"""People with roles in mdia 2025, and what tests of roles ask again and again."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.rules import RoleScope
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.audit.queries import values_of
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from tests.factories.choices import known, sent, someone


def staffed() -> tuple[Intake, Viewer, Viewer]:
    """(intake, its administrator, a reviewer)."""
    intake = sent(1)
    return (
        intake,
        someone(intake, Role.PROGRAMME_ADMINISTRATOR, "admin"),
        someone(intake, Role.REVIEWER, "lina"),
    )


def outside(intake: Intake, role: Role, name: str, path: str = "ma.ailleurs.") -> Viewer:
    """Somebody with a role in another institution."""
    with writing():
        account = people.new_account(SYSTEM, f"{name}@inpt.ma", "no hash", {"given_name": name})
        people.grant(SYSTEM, account, role, "organisation", path, path, [intake.institution_id + 900])
    return known(f"{name}@inpt.ma")


def grant_of(viewer: Viewer, role: Role, path: str | None = None) -> str:
    """The reference of somebody's role."""
    held = sa.select(RoleGrant.reference).where(
        RoleGrant.account_id == viewer.account_id, RoleGrant.role == role
    )
    return db.session.scalars(held if path is None else held.where(RoleGrant.path == path)).one()


def place(viewer: Viewer, end: str) -> RoleScope:
    """The place of the viewer's whose path ends so."""
    return next(scope for scope in hooks.scopes_for(viewer) if scope.path.endswith(end))


def acts(*names: str) -> list[tuple[str, dict[str, object] | None]]:
    """(act, values) of the trail's events with these names, oldest first."""
    db.session.rollback()
    events = db.session.scalars(sa.select(Event).where(Event.action.in_(names)).order_by(Event.id))
    return [(event.action, values_of(event)) for event in events]
