"""The pages of the trail, for auditors."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Role, Viewer, require_anywhere
from cohortmgr.audit import queries as audit
from cohortmgr.audit.names import ACTS, OBJECTS
from cohortmgr.base.paging import page_of
from cohortmgr.base.web.asked import page_asked

bp = Blueprint("accounts_staff", __name__, url_prefix="/staff")


@bp.get("/audit")
@guards.staff
def trail() -> ResponseReturnValue:
    """List the acts of the viewer's institutions, newest first;
    system administrators see the installation's too."""
    viewer = guards.viewer()
    require_anywhere(viewer, "audit.read")
    query = audit.visible(_institutions(viewer), Role.SYSTEM_ADMINISTRATOR in viewer.roles)
    page = page_of(query, page_asked(), 50)
    return render_template("accounts/staff_trail.html", page=page, broken=None, acts=ACTS, objects=OBJECTS)


@bp.post("/audit/verify")
@guards.staff
def verify() -> ResponseReturnValue:
    """Recompute the viewer's chains from their first links, and show where they are broken."""
    viewer = guards.viewer()
    require_anywhere(viewer, "audit.read")
    installation = Role.SYSTEM_ADMINISTRATOR in viewer.roles
    chains = audit.chains_for(_institutions(viewer), installation)
    broken = [problem for chain in chains for problem in audit.broken_links(chain)]
    page = page_of(audit.visible(_institutions(viewer), installation), 1, 50)
    return render_template("accounts/staff_trail.html", page=page, broken=broken, acts=ACTS, objects=OBJECTS)


def _institutions(viewer: Viewer) -> list[int]:
    held = [grant for grant in viewer.grants if grant.role == Role.AUDITOR]
    return sorted({number for grant in held for number in grant.institutions})
