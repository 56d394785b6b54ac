"""The search over everything: people and their files, companies, colleagues, and the pages themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.i18n import say
from cohortmgr.base.registries.waiting import Hit, workspace_of
from cohortmgr.base.text import fold
from cohortmgr.base.web.reading import reading
from cohortmgr.portals.views.frame import StaffFrame, staff_frame

bp = Blueprint("search", __name__, url_prefix="/staff/search")
# So many hits of a kind stand below the box while one types, and on the page; and so long a text is read.
QUICK, SHOWN = 6, 25
LONGEST = 100


@bp.get("")
@guards.staff
@reading
def index() -> ResponseReturnValue:
    """Show what a text finds, as a page, or as the list alone that stands below the box while one types.

    Only what the viewer may see is found; the number of statements does not depend on the text."""
    text, quick = request.args.get("q", "")[:LONGEST].strip(), "quick" in request.args
    groups = list(_found(text, QUICK if quick else SHOWN)) if text else []
    page = "portals/search_hits.html" if quick else "portals/staff_search.html"
    return render_template(page, text=text, groups=groups, most=SHOWN)


def _found(text: str, most: int) -> Iterator[tuple[str, Sequence[Hit]]]:
    viewer, frame = guards.viewer(), staff_frame()
    for heading, hits in workspace_of(current_app).found(viewer, text, most, viewer.paths):
        yield say(heading), hits
    pages = [] if frame is None else _pages(frame, text)[:most]
    if pages:
        yield _("Pages"), pages


def _pages(frame: StaffFrame, text: str) -> list[Hit]:
    """The places at the side and the intakes of the switch whose names have a word that begins with each of the text's.
    The rooms are those of the intake where one is, or was."""
    words = fold(text).split()
    places = [Hit(place.label, place.url) for place in frame.general]
    title = frame.intake.title if frame.intake else ""
    places += [Hit(place.label, place.url, title) for place in frame.rooms]
    places += [Hit(choice.title, choice.url, choice.programme) for choice in frame.choices]
    return [hit for hit in places if _begins(f"{hit.label} {hit.detail}", words)]


def _begins(name: str, words: Sequence[str]) -> bool:
    known = fold(name).split()
    return bool(words) and all(any(part.startswith(word) for part in known) for word in words)
