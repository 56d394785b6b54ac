"""What the law has everybody told: one's data, who publishes the site, how accessible it is.

The pages are made of definitions and letterheads alone, so that none says what is not so."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.programmes import queries
from cohortmgr.programmes.public.queries import newest_ever_public
from cohortmgr.programmes.public.rules import purposes_of, seen_by
from cohortmgr.programmes.public.views.page_cache import page

bp = Blueprint("notices", __name__)


@bp.get("/data")
@guards.public
def data() -> ResponseReturnValue:
    """Say what is done with people's data here, whom to ask, and which programmes say more."""
    programmes = {row.programme_key: row.programme_title for row in reversed(queries.public_intakes())}
    known = letterheads.known()
    return page(
        tuple((key, str(title)) for key, title in programmes.items()),
        lambda: render_template("programmes/public/public_data.html", programmes=programmes, known=known),
    )


@bp.get("/programmes/<key>/data")
@guards.public
def programme_data(key: str) -> ResponseReturnValue:
    """Say what one programme does with people's data: why, who sees what, how long, and one's rights there."""
    newest = newest_ever_public(key)
    definition = queries.definition_of(newest)
    return page(
        newest.fingerprint,
        lambda: render_template(
            "programmes/public/public_programme_data.html",
            definition=definition,
            purposes=purposes_of(definition),
            readers=seen_by(definition),
        ),
    )


@bp.get("/legal")
@guards.public
def legal() -> ResponseReturnValue:
    """Say who publishes and hosts the site, and which institutions run programmes on it."""
    known = letterheads.known()
    return page((), lambda: render_template("programmes/public/public_legal.html", known=known))


@bp.get("/accessibility")
@guards.public
def accessibility() -> ResponseReturnValue:
    """Say how far the site is accessible, how that is tried, and whom to tell of an obstacle."""
    return page((), lambda: render_template("programmes/public/public_accessibility.html"))
