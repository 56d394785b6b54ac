"""The navigation bar above every page, as the viewer's roles allow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from flask import Flask, current_app, has_request_context, request, url_for

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import ANONYMOUS, Viewer
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import language, say
from cohortmgr.base.registries.navigation import Entry, navigation_of

_HOMES = (
    ("staff", Entry(N_("Espace de l’équipe"), "portals.staff_home", 1)),
    ("company", Entry(N_("Espace de l’entreprise"), "portals.company_home", 2)),
)
_MINE = Entry(N_("Mon dossier"), "portals.my_home", 3)


def navigation() -> list[tuple[str, str, str | None]]:
    """Return the present viewer's bar as (label, address, mark)."""
    if not has_request_context():
        return []
    viewer = guards.viewer()
    return [
        (label, address, mark_of(entry))
        for label, address, entry in entries_open_to(viewer, _audience_here(viewer))
    ]


def mark_of(entry: Entry) -> str | None:
    """Return "page" on the entry's own page, "true" on a page below it, else None."""
    if request.endpoint == entry.endpoint:
        return "page"
    return "true" if {request.endpoint, request.blueprint} & {*entry.below} else None


def entries_open_to(viewer: Viewer, audience: str) -> list[tuple[str, str, Entry]]:
    """Return (label, address, entry) of an audience's bar as the viewer's roles open it."""
    return _told(_open_to(viewer, audience))


def _audience_here(viewer: Viewer) -> str:
    """Whose bar stands above the page: that of the page's audience, for who has two hats; else of the viewer's home."""
    page = guards.page_audience()
    return page if page in viewer.works_for else viewer.audience


def _open_to(viewer: Viewer, audience: str) -> tuple[Entry, ...]:
    """Return the entries of the viewer's bar, without those that are a second way to a page that is in it already."""
    opened = [entry for entry in _bar(audience) if entry.permission is None or viewer.paths(entry.permission)]
    pages = {entry.endpoint for entry in opened}
    return tuple(entry for entry in opened if entry.unless not in pages)


def account_links() -> list[tuple[str, str]]:
    """Return (label, address) of the links that everybody has, whatever their roles; and, for who works here, of
    each of their homes: a reviewer may have a file of their own, and a company's contact may read files."""
    viewer = guards.viewer() if has_request_context() else ANONYMOUS
    homes = [entry for audience, entry in _HOMES if audience in viewer.works_for] if viewer.works_for else []
    mine = [*homes, _MINE] if homes else []
    return [(label, address) for label, address, _entry in (*_told(mine), *_told(_bar("own")))]


def _bar(audience: str) -> tuple[Entry, ...]:
    """Return an audience's bar, sorted once for each application: rooms register only while it is made."""
    bars: dict[str, tuple[Entry, ...]] = current_app.extensions.setdefault("cohortmgr-bars", {})
    if audience not in bars:
        bars[audience] = navigation_of(current_app).bar(audience)
    return bars[audience]


def _told(entries: Sequence[Entry]) -> list[tuple[str, str, Entry]]:
    return _entries_in(tuple(entries), language(), request.script_root)


@lru_cache(maxsize=256)
def _entries_in(entries: tuple[Entry, ...], _spoken: str, _root: str) -> list[tuple[str, str, Entry]]:
    """Return labels and addresses, cached by the page's language and the site's root, on which they depend."""
    return [(say(entry.label), url_for(entry.endpoint), entry) for entry in entries]


def init_navigation(app: Flask) -> None:
    """Give the layouts `navigation` and `account_links`."""
    app.jinja_env.globals["navigation"] = navigation
    app.jinja_env.globals["account_links"] = account_links
