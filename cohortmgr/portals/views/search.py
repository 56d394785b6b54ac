"""The search over everything: people and their files, companies, colleagues, and the pages themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.i18n import in_each_language, say
from cohortmgr.base.registries.waiting import Hit, workspace_of
from cohortmgr.base.text import fold
from cohortmgr.base.web.reading import reading
from cohortmgr.portals.views.frame import SidePlace, StaffFrame, staff_frame

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
    """The places at the side, in whatever language and by whatever name one knows them, and the intakes of the switch:
    those whose name has a word that begins with each of the text's. The rooms are those of the intake where one is, or
    was."""
    words = _words(text)
    hits = [Hit(place.label, place.url) for place in frame.general if _begins(_names(place.name), words)]
    title = frame.intake.title if frame.intake else ""
    for place in frame.rooms:
        hits += _of_room(place, title, words)
    for choice in frame.choices:
        if _begins((f"{choice.title} {choice.programme}",), words):
            hits.append(Hit(choice.title, choice.url, choice.programme))
    return hits


def _of_room(place: SidePlace, intake: str, words: Sequence[str]) -> Iterator[Hit]:
    """A room by its own name, or by the first of its others that fits; and each of its pages by theirs."""
    own = [Hit(place.label, place.url, intake)] if _begins(_names(place.name), words, intake) else []
    detail = f"{place.label} · {intake}"
    for known in place.known_as:
        if _begins(_names(known.label), words, f"{place.label} {intake}"):
            hit = Hit(say(known.label), place.url, detail)
            if known.endpoint:
                yield Hit(hit.label, url_for(known.endpoint, reference=place.reference), detail)
            elif not own:
                own = [hit]
    yield from own


@lru_cache(maxsize=512)
def _names(msgid: str) -> tuple[str, ...]:
    """A name in every language: a colleague says "ranking" of what the page calls "Classement"."""
    return tuple(in_each_language(msgid).values())


def _begins(names: Sequence[str], words: Sequence[str], besides: str = "") -> bool:
    """Whether one of the names has, with what else tells it from others, a word that begins with each of the text's; at
    least one of the words is the name's own."""
    around = _words(besides)
    return any(_fits(_words(name), words, around) for name in names)


@lru_cache(maxsize=1024)
def _words(text: str) -> Sequence[str]:
    """The words of a text, folded; one behind an apostrophe ("d’attente") is looked for without what stands before."""
    return fold(text).replace("'", " ").split()


def _fits(own: Sequence[str], words: Sequence[str], around: Sequence[str]) -> bool:
    named = [any(part.startswith(word) for part in own) for word in words]
    told = [any(part.startswith(word) for part in around) for word in words]
    return any(named) and all(name or besides for name, besides in zip(named, told, strict=True))
