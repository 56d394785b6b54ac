"""The public pages: all intakes, a programme, one intake."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base import clock
from cohortmgr.base.i18n import colon, localized, speaking
from cohortmgr.base.printed.calendars import ICALENDAR, CalendarDate, calendar_file
from cohortmgr.base.web.responses import kept_forever
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.organisations.letterheads.rules import UNNAMED
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import Window, window_of
from cohortmgr.programmes.pictures import queries as pictures
from cohortmgr.programmes.public.display import phases_told
from cohortmgr.programmes.public.hooks import seal_told
from cohortmgr.programmes.public.listing import FEW, KIND_NAMES, Asked, by_host, facets, listed, narrowed
from cohortmgr.programmes.public.queries import editions_of
from cohortmgr.programmes.public.views.page_cache import page

bp = Blueprint("programmes", __name__)
# How long before the close a calendar reminds of it.
WARNED = timedelta(days=2)
# What the address of the home page may ask for, in the order of Asked.
ASKED = ("region", "audience", "level", "paid")


@bp.get("/")
@guards.public
def home() -> ResponseReturnValue:
    """Show the intakes by what people can do with them: apply, wait, or see when they closed; those that are open by
    host and kind, and of these what the address asks for."""
    intakes = queries.public_intakes()
    return page(_shown(intakes), lambda: _home_page(intakes))


def _home_page(intakes: Sequence[sa.Row[Any]]) -> str:
    definitions = {row.reference: queries.definition_of(row) for row in intakes}
    groups: dict[str, list[sa.Row[Any]]] = {window.value: [] for window in Window}
    for row in intakes:
        groups[_window(row)].append(row)
    opened = [listed(row.reference, row.host_name, definitions[row.reference]) for row in groups["open"]]
    asked = Asked(*(request.args.get(name, "") for name in ASKED))
    found, site = narrowed(opened, asked), letterheads.known().installation
    return render_template(
        "programmes/public/public_home.html",
        groups=groups,
        rows={row.reference: row for row in intakes},
        hosts=by_host(found),
        found=len(found),
        facets=facets(opened),
        asked=asked,
        kinds=KIND_NAMES,
        few=len(opened) <= FEW,
        own_letterhead=letterheads.known().own,
        site=site,
        unwritten=site is UNNAMED,
        stipends={reference: each.stipend for reference, each in definitions.items()},
    )


@bp.get("/programmes/<key>")
@guards.public
def programme(key: str) -> ResponseReturnValue:
    """Show a programme, with the intake that matters most first: an open one, else the next, else the last."""
    return page(_shown(editions_of(key)), lambda: _programme_drawn(key))


@bp.get("/programmes/<key>/famille")
@guards.public
def family(key: str) -> ResponseReturnValue:
    """Show the programme on one page in plain Arabic, whatever the visitor's language: for the family, to
    print or send on."""
    template = "programmes/public/public_family.html"
    with speaking("ar"):
        return page(_shown(editions_of(key)), lambda: _programme_drawn(key, template))


@bp.get("/pictures/<digest>.webp")
@guards.public
def picture(digest: str) -> Response:
    """Send the picture of a programme. Its address names its content, so that browsers may keep it."""
    return kept_forever(pictures.picture_of(guards.viewer(), digest), "image/webp")


@bp.get("/intakes/<reference>")
@guards.public
def intake(reference: str) -> ResponseReturnValue:
    """Show a programme, with that intake first."""
    found = queries.public_intake(reference)
    return _page(found, [found])


@bp.get("/intakes/<reference>/dates.ics")
@guards.public
def dates(reference: str) -> ResponseReturnValue:
    """Send the dates of an intake that are still to come, for a visitor's own calendar."""
    found = queries.public_intake(reference)
    title = localized(queries.definition_of(found).title)
    shown = calendar_file(title, _to_come(found, title), clock.now())
    headers = {"Content-Disposition": f'attachment; filename="{found.reference}.ics"'}
    return Response(shown, content_type=ICALENDAR, headers=headers)


def _to_come(row: sa.Row[Any], title: str) -> list[CalendarDate]:
    calendar = queries.definition_of(row).calendar_of(row.key)
    address = current_app.config["BASE_URL"] + url_for(".intake", reference=row.reference)
    told: list[tuple[str, str, date | datetime | None, timedelta | None]] = [
        ("opens", _("Ouverture des candidatures"), row.opens_at, None),
        ("closes", _("Dernier moment pour envoyer sa candidature"), row.closes_at, WARNED),
        ("decision", _("Réponse au plus tard"), row.decision_by, None),
        ("starts", _("Rentrée"), row.starts_on, None),
        ("company", _("Première période en entreprise"), calendar.company_from, None),
    ]
    now, today = clock.now(), clock.today()
    return [
        CalendarDate(f"{row.reference}-{key}", f"{title}{colon()}{what}", when, None, address, warns)
        for key, what, when, warns in told
        if when is not None and (when > now if isinstance(when, datetime) else when >= today)
    ]


def _first(intakes: Sequence[sa.Row[Any]]) -> sa.Row[Any]:
    order = (Window.OPEN, Window.FULL, Window.UPCOMING, Window.CLOSED)
    return min(intakes, key=lambda each: order.index(Window(_window(each))))


def _window(row: sa.Row[Any]) -> str:
    return window_of(row.opens_at, row.closes_at, clock.now(), row.free).value


def _shown(intakes: Sequence[sa.Row[Any]]) -> Hashable:
    """The values that differ when a page must be drawn again."""
    return tuple(
        (
            row.reference,
            row.version,
            row.programme_version,
            row.fingerprint,
            row.seats,
            _window(row),
            row.host_version,
        )
        for row in intakes
    )


def _programme_drawn(key: str, template: str = "programmes/public/public_programme.html") -> str:
    """Draw a programme, with the intake that matters most first."""
    intakes = queries.public_intakes_of(key)
    return _programme_page(_first(intakes), intakes, template)


def _page(chosen: sa.Row[Any], intakes: Sequence[sa.Row[Any]]) -> ResponseReturnValue:
    return page(_shown(intakes), lambda: _programme_page(chosen, intakes))


def _programme_page(
    chosen: sa.Row[Any],
    intakes: Sequence[sa.Row[Any]],
    template: str = "programmes/public/public_programme.html",
) -> str:
    definition = queries.definition_of(chosen)
    return render_template(
        template,
        definition=definition,
        intake=chosen,
        window=_window(chosen),
        calendar=definition.calendar_of(chosen.key),
        stipend=definition.stipend_of(chosen.key),
        marks=letterheads.known().marks,
        phases=phases_told(definition.rubric),
        seal=seal_told(chosen.reference) if seal_told else None,
        named=definition.intake(chosen.key).named,
        others=[each for each in intakes if each.reference != chosen.reference],
    )
