"""What every page has of its letterhead: whose it is, what templates call it by, and the picture itself."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g
from jinja2 import pass_context
from jinja2.runtime import Context

from cohortmgr.accounts import guards
from cohortmgr.base.web.responses import kept_forever
from cohortmgr.organisations.letterheads import queries
from cohortmgr.organisations.letterheads.display import short_name
from cohortmgr.organisations.letterheads.rules import Letterhead

bp = Blueprint("letterheads", __name__)


@bp.get("/marks/<digest>.webp")
@guards.public
def mark(digest: str) -> Response:
    """Send the mark of a letterhead."""
    return kept_forever(queries.mark_of(digest), "image/webp")


@pass_context
def letterhead(context: Context) -> Letterhead:
    """Return whose page this is: the host of what it is about (its `definition`, or the institution of its `file`, its
    `intake`, its `programme` or its `line`, or that to which all `files` of a list were sent), else the one institution
    that the viewer works for, else who runs the site."""
    known = queries.shelf().last if g.get("without_database") else queries.known()
    key = _of_definition(context, "host")
    if key:
        return known.of_host(key)
    file = getattr(context.get("file"), "application", None)
    for row in (
        file,
        context.get("intake"),
        context.get("programme"),
        context.get("line"),
        _sent_to(context),
    ):
        number = getattr(row, "institution_id", None)
        if isinstance(number, int):
            return known.of_institution(number)
    viewer = context.get("viewer")
    places: tuple[int, ...] = viewer.institutions if viewer else ()
    return known.of_institution(places[0] if len(places) == 1 else None)


def _sent_to(context: Context) -> object:
    """Return the campaign of a person's files if one institution has them all: its telephone is theirs to call."""
    files = context.get("files")
    found = (
        [each.get("intake") for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    )
    numbers = {getattr(each, "institution_id", None) for each in found}
    return found[0] if len(numbers) == 1 else None


@pass_context
def programme_here(context: Context) -> str:
    """Return the key of the programme that a page is about; empty if it is about none."""
    return _of_definition(context, "key")


def _of_definition(context: Context, name: str) -> str:
    """Return a word of the programme that a page is about. Rooms above give it to their templates."""
    definition = context.get("definition")
    found = getattr(definition, name, "") if hasattr(definition, "host") else ""
    return found if isinstance(found, str) else ""


def init_letterheads(app: Flask) -> None:
    """Give the layouts `letterhead`, `programme_here` and `short_name`."""
    app.jinja_env.globals["programme_here"] = programme_here
    app.jinja_env.globals["letterhead"] = letterhead
    app.jinja_env.globals["short_name"] = short_name
