"""Join the tree to the application: its commands, letterheads on pages and in messages, what a role reaches."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.hooks import hosts_below
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.organisations import commands, queries
from cohortmgr.organisations import staff_views as tree_pages
from cohortmgr.organisations.letterheads import display, staff_views, views
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.organisations.letterheads.rules import UNNAMED
from cohortmgr.organisations.telephones import dialled
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.hooks import Signature


def init_app(app: Flask) -> None:
    """Register commands, pages and the place in the bar; answer which institutions stand below a path, and who signs
    a message."""
    app.cli.add_command(commands.group)
    app.register_blueprint(views.bp)
    app.register_blueprint(staff_views.bp)
    app.register_blueprint(tree_pages.bp)
    views.init_letterheads(app)
    app.add_template_filter(dialled)
    hosts_below.fill(queries.hosts_below)
    outbox.signatures.fill(_signature)
    entry = Entry(
        N_("Qui nous sommes"),
        "letterheads_staff.index",
        90,
        letterheads.OF_HOST,
        (staff_views.bp.name,),
        icon="building",
    )
    navigation_of(app).add("staff", entry)
    tree = Entry(
        N_("Organisations"),
        "organisations_staff.index",
        85,
        letterheads.OF_HOST,
        (tree_pages.bp.name,),
        icon="share",
    )
    navigation_of(app).add("staff", tree)


def _signature(institution_id: int | None) -> Signature | None:
    """Return who signs a message of an institution; None where nobody has written who they are."""
    found = letterheads.known().of_institution(institution_id)
    return None if found is UNNAMED else display.signature_of(found)
