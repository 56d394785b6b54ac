"""The pages of a panel: its days, the day in order on a phone, and the address for a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.printed.calendars import ICALENDAR, CalendarDate, calendar_file
from cohortmgr.reviews.interviews.actions import attendance, feeds
from cohortmgr.reviews.interviews.actions.letters import place_of, title_of
from cohortmgr.reviews.interviews.models import InterviewDay
from cohortmgr.reviews.interviews.queries import access, days, panels
from cohortmgr.reviews.interviews.queries.access import AccessNeeds
from cohortmgr.reviews.interviews.rules import NEED_NAMES, BookingState

bp = Blueprint("panels_staff", __name__)
# So far back a calendar keeps what was.
_KEPT = timedelta(days=14)


@bp.get("/staff/interviews")
@guards.staff
def index() -> ResponseReturnValue:
    """Show the days to come whose panel the viewer is on, and the address for their calendar."""
    return _index()


def _index(address: str = "") -> ResponseReturnValue:
    viewer = guards.viewer()
    rows = panels.own_days(viewer)
    titles = {row.day.id: _title(row.day) for row in rows}
    hears = bool(viewer.paths("reviews.score"))
    return render_template(
        "reviews/interviews/staff_panels.html", rows=rows, titles=titles, address=address, hears=hears
    )


def _title(day: InterviewDay) -> str:
    phase = days.phase_named(days.intake_of(day), day.phase)
    return localized(title_of(phase)) if phase else day.phase


@bp.get("/staff/interviews/<reference>")
@guards.staff
def day(reference: str) -> ResponseReturnValue:
    """Show who comes on a day, in order, with what its panel needs to know."""
    return _day(reference)


def _day(reference: str, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    viewer = guards.viewer()
    heard = panels.day_for(viewer, reference)
    rows = days.people_on(heard)
    needs = _needs(heard, rows)
    heard = panels.day_for(viewer, reference)
    intake = days.intake_of(heard)
    return render_template(
        "reviews/interviews/staff_day.html",
        day=heard,
        intake=intake,
        title=_title(heard),
        place=place_of(heard),
        rows=days.people_on(heard),
        slots=days.slots_of(heard),
        panel=days.panels_of([heard.id]).get(heard.id, ()),
        readings=panels.own_readings(viewer, heard, [row[0].application_id for row in rows]),
        needs=needs,
        need_names=NEED_NAMES,
        today=clock.today(),
        may_mark=panels.may_mark(viewer, heard),
        may_manage=allows(viewer, "reviews.assign", intake.path),
        problems=problems,
    )


def _needs(heard: InterviewDay, rows: Sequence[Any]) -> dict[int, AccessNeeds]:
    """What people need, to a member of the panel alone. That they read it is noted once a day, and again if somebody
    said something since."""
    viewer = guards.viewer()
    member = panels.member_of(viewer, heard)
    files = [row[0].application_id for row in rows]
    if member is None:
        return {}
    needs = {number: each for number, each in access.needs_of(files).items() if each}
    since = max((each.said_at for each in needs.values() if each.said_at), default=None)
    read = member.needs_read_at
    if since is None:
        return needs
    if read is None or read < since or clock.local(read).date() < clock.today():
        with writing():
            again = panels.member_of(viewer, panels.day_for(viewer, heard.reference))
            if again is not None:
                attendance.note_needs_read(viewer, again, len(needs))
    return needs


@bp.post("/staff/interviews/<reference>/mark")
@guards.staff
def mark(reference: str) -> ResponseReturnValue:
    """Mark somebody as arrived or as not come, or take that back."""
    heard = panels.day_for(guards.viewer(), reference)
    if not panels.may_mark(guards.viewer(), heard):  # first, so that strangers learn nothing
        raise NotFound(reference)
    asked = request.form.get("to", "")
    if asked not in (BookingState.ARRIVED, BookingState.NO_SHOW, BookingState.BOOKED):
        return redirect(url_for(".day", reference=reference))
    booking = request.form.get("booking", "")
    try:
        with writing():
            attendance.mark(guards.viewer(), reference, booking, BookingState(asked))
    except Refused as refusal:
        db.session.rollback()
        return _day(reference, refusal.problems)
    return redirect(url_for(".day", reference=reference) + f"#{booking}")


@bp.post("/staff/interviews/feed")
@guards.staff
def feed() -> ResponseReturnValue:
    """Make an address for the viewer's calendar, and show it once; the one before it opens nothing any longer."""
    with writing():
        token = feeds.make_feed(guards.viewer())
    return _index(current_app.config["BASE_URL"] + url_for("panels_public.calendar", token=token))


@bp.post("/staff/interviews/feed/revoke")
@guards.staff
def revoke() -> ResponseReturnValue:
    """Revoke the address for the viewer's calendar."""
    with writing():
        feeds.revoke_feed(guards.viewer())
    flash(_("L’adresse n’ouvre plus rien."), "done")
    return redirect(url_for(".index"))


def way_to_panels(viewer: Viewer) -> Iterator[tuple[str, str]]:
    """Yield the way to the viewer's panels, if they are on one of a day to come."""
    if panels.hears_anybody(viewer):
        yield _("Mes jurys"), url_for("panels_staff.index")


public_bp = Blueprint("panels_public", __name__)


@public_bp.get("/interviews/<token>.ics")
@guards.public
def calendar(token: str) -> ResponseReturnValue:
    """Send the days of the panel member whose address it is: slots by number, without names."""
    viewer = feeds.reader_of(token)
    since = clock.today() - _KEPT
    dates = [
        CalendarDate(
            f"{row.reference}-panel",
            f"{_title(row.InterviewDay)} · {row.number}",
            row.starts_at,
            address=current_app.config["BASE_URL"]
            + url_for("panels_staff.day", reference=row.InterviewDay.reference),
            ends=row.ends_at,
            place=place_of(row.InterviewDay),
        )
        for row in panels.calendar_rows(viewer, since)
    ]
    return Response(calendar_file(_("Entretiens"), dates, clock.now()), content_type=ICALENDAR)
