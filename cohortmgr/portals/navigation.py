"""The few places that each audience goes to, and the rooms of an intake that a viewer's roles open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, has_request_context, request, url_for
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.errors import N_

Place = tuple[str, str, bool]


@dataclass(frozen=True)
class Room:
    """A room of an intake: what it is called, its page, and the permission that opens it."""

    label: str
    hint: str
    endpoint: str
    permission: str


# In the order in which a file goes through them.
ROOMS = (
    Room(
        N_("Candidatures"),
        N_("Liste, filtres, chaque dossier"),
        "applications_staff.list",
        "applications.read",
    ),
    Room(
        N_("Importer un fichier"), N_("CSV ou XLSX, avec aperçu"), "imports_staff.new", "applications.import"
    ),
    Room(
        N_("Lignes à réparer"),
        N_("Ce qui n’a pas pu être chargé"),
        "imports_staff.tray",
        "applications.import",
    ),
    Room(N_("Lectures"), N_("Attribution et avancement"), "reviews_staff.overview", "reviews.read"),
    Room(
        N_("Classement et décisions"),
        N_("La ligne, les lots, l’accord"),
        "selection_staff.ranking",
        "selection.read",
    ),
    Room(
        N_("Envois groupés"),
        N_("Un texte à plusieurs personnes, relu et approuvé"),
        "campaigns_staff.index",
        "messages.write",
    ),
    Room(N_("Rapports"), N_("Chiffres, graphiques, XLSX"), "reports_staff.index", "reports.read"),
)
COHORT_ROOMS = (
    Room(N_("Promotion"), N_("Inscriptions"), "cohorts_staff.cohort", "cohorts.read"),
    Room(N_("Affectations"), N_("Vœux, notes, entreprises"), "placements_staff.board", "placements.read"),
    Room(N_("Bourses"), N_("États de paiement"), "stipends_staff.runs", "stipends.read"),
)


def rooms_open_to(viewer: Viewer, rooms: tuple[Room, ...], path: str) -> list[Room]:
    """Those of the rooms that the viewer's roles open in a scope."""
    return [room for room in rooms if allows(viewer, room.permission, path)]


def navigation() -> list[Place]:
    """(label, address, whether it is here) for the present viewer."""
    if not has_request_context():
        return []
    viewer = guards.viewer()
    endpoints = {
        "staff": _staff(viewer),
        "company": [
            (_("Accueil"), "portals.company_home"),
            (_("Mes apprentis"), "placements_company.apprentices"),
            (_("Messages"), "messages_candidate.inbox"),
        ],
        "candidate": [
            (_("Mon dossier"), "portals.my_home"),
            (_("Messages"), "messages_candidate.inbox"),
            (_("Programmes"), "programmes.home"),
        ],
    }.get(viewer.audience, [])
    return [(label, url_for(endpoint), request.endpoint == endpoint) for label, endpoint in endpoints]


def _staff(viewer: Viewer) -> list[tuple[str, str]]:
    places = [(_("Aujourd’hui"), "portals.staff_home")]
    if viewer.paths("reviews.score"):
        places.append((_("Mes lectures"), "reviews_staff.queue"))
    if viewer.paths("messages.desk"):
        places.append((_("Questions"), "desk_staff.index"))
    if viewer.paths("applications.manage"):
        places.append((_("Messages"), "messages_staff.log"))
    elif viewer.paths("messages.write"):
        places.append((_("Messages"), "texts_staff.index"))
    if viewer.paths("programmes.manage"):
        places.append((_("Programmes"), "definitions_staff.index"))
    if viewer.paths("audit.read"):
        places.append((_("Journal"), "accounts_staff.trail"))
    return places


def account_links() -> list[tuple[str, str]]:
    """(label, address) of what is everybody's own, whatever their roles."""
    return [
        (_("Mes messages"), url_for("messages_candidate.inbox")),
        (_("Mes questions"), url_for("help.mine")),
        (_("Mes préférences"), url_for("preferences.mine")),
        (_("Accès et appareils"), url_for("access.mine")),
    ]


def init_navigation(app: Flask) -> None:
    """Give the layouts their places."""
    app.jinja_env.globals["navigation"] = navigation
    app.jinja_env.globals["account_links"] = account_links
