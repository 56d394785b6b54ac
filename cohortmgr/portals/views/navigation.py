"""The few places that each audience goes to, and the rooms of an intake that a viewer's roles open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, has_request_context, request, url_for

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import language, say


@dataclass(frozen=True)
class Place:
    """Where an audience goes: what it is called, its page, and the blueprints or single pages below it."""

    label: str
    endpoint: str
    below: tuple[str, ...] = ()


_WRITTEN = ("messages_staff", "campaigns_staff", "texts_staff", "troubles_staff")
LOG = Place(N_("Messages"), "messages_staff.log", _WRITTEN)
TEXTS = Place(N_("Messages"), "texts_staff.index", _WRITTEN)
# An intake and its cohort are reached from today's page: their rooms stand below it.
_INTAKE = (
    "portals.intake",
    "applications_staff",
    "applications_desk",
    "applications_lots",
    "applications_duplicates",
    "late_starts",
    "documents_staff",
    "imports_staff",
    "groups_staff",
    "paper_staff",
    "reviews_staff.overview",
    "selection_staff",
    "reports_staff",
    "cohorts_staff",
    "placements_staff",
    "stipends_staff",
)
_READING = ("reviews_staff.review", "reviews_staff.abstain")
STAFF: tuple[tuple[str | None, Place], ...] = (
    (None, Place(N_("Aujourd’hui"), "portals.staff_home", _INTAKE)),
    ("reviews.score", Place(N_("Mes lectures"), "reviews_staff.queue", _READING)),
    ("messages.desk", Place(N_("Questions"), "desk_staff.index", ("desk_staff", "saved_answers"))),
    ("applications.manage", LOG),
    ("messages.write", TEXTS),
    (
        "programmes.manage",
        Place(
            N_("Programmes"),
            "definitions_staff.index",
            ("definitions_staff", "publishing_staff", "rules_staff", "terms_staff"),
        ),
    ),
    ("audit.read", Place(N_("Journal"), "accounts_staff.trail")),
)
"""The permission that opens a place, None for everybody; whoever has the log finds the texts there."""

PLACES: Mapping[str, tuple[Place, ...]] = {
    "company": (
        Place(N_("Accueil"), "portals.company_home", ("placements_company.candidates",)),
        Place(N_("Mes apprentis"), "placements_company.apprentices", ("placements_company.apprentice",)),
        Place(N_("Messages"), "messages_candidate.inbox"),
    ),
    "candidate": (
        Place(
            N_("Mon dossier"),
            "portals.my_home",
            (
                *(
                    "applications_candidate",
                    "documents_candidate",
                    "journey_candidate",
                    "corrections_candidate",
                ),
                *("joining_candidate", "guardians_candidate", "selection_candidate", "placements_candidate"),
                "stipends_candidate",
            ),
        ),
        Place(N_("Messages"), "messages_candidate.inbox"),
        Place(N_("Programmes"), "programmes.home"),
    ),
}
OWN = (
    Place(N_("Mes messages"), "messages_candidate.inbox"),
    Place(N_("Mes questions"), "help.mine"),
    Place(N_("Mes préférences"), "preferences.mine"),
    Place(N_("Accès et appareils"), "access.mine"),
)


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
        "applications_lists.list",
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


def navigation() -> list[tuple[str, str, str | None]]:
    """(label, address, "page" if that is the page, "true" if it is one below) for the present viewer."""
    if not has_request_context():
        return []
    viewer = guards.viewer()
    places = _staff(viewer) if viewer.audience == "staff" else PLACES.get(viewer.audience, ())
    endpoint = request.endpoint
    below = {endpoint, request.blueprint}
    return [
        (
            label,
            address,
            "page" if endpoint == place.endpoint else "true" if below & {*place.below} else None,
        )
        for label, address, place in _told(places)
    ]


def _staff(viewer: Viewer) -> tuple[Place, ...]:
    opened = [place for permission, place in STAFF if permission is None or viewer.paths(permission)]
    return tuple(place for place in opened if place is not TEXTS or LOG not in opened)


def account_links() -> list[tuple[str, str]]:
    """(label, address) of what is everybody's own, whatever their roles."""
    return [(label, address) for label, address, _place in _told(OWN)]


def _told(places: tuple[Place, ...]) -> list[tuple[str, str, Place]]:
    return _written(places, language(), request.script_root)


@lru_cache(maxsize=256)
def _written(places: tuple[Place, ...], _spoken: str, _root: str) -> list[tuple[str, str, Place]]:
    """Labels and addresses, which differ by the page's language and by what the site stands below."""
    return [(say(place.label), url_for(place.endpoint), place) for place in places]


def init_navigation(app: Flask) -> None:
    """Give the layouts their places."""
    app.jinja_env.globals["navigation"] = navigation
    app.jinja_env.globals["account_links"] = account_links
