"""The page on which people choose the slot of an interview or a test, move it, give it back, and say what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice

from cohortmgr.accounts import guards
from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardians import queries as guardian_queries
from cohortmgr.applications.guardians.views.visit import guardian_of, in_visit
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.i18n import colon, localized, moment, say
from cohortmgr.base.printed.calendars import ICALENDAR, CalendarDate, calendar_file
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.interviews.actions import booking, guardians, needs
from cohortmgr.reviews.interviews.actions.letters import place_of, title_of
from cohortmgr.reviews.interviews.forms import AccessNeedsForm
from cohortmgr.reviews.interviews.queries import access, own
from cohortmgr.reviews.interviews.queries.own import BookedSlot, OwnAppointment
from cohortmgr.reviews.interviews.rules import NEED_NAMES, sequence_of

bp = Blueprint("interviews_candidate", __name__)
guardian_bp = Blueprint("interviews_guardian", __name__, url_prefix="/guardian")
_WARNED = timedelta(hours=24)
_CHOOSE = N_("Choisissez un créneau.")


@bp.get("/my/interviews/<reference>")
@guards.candidate
def appointment(reference: str) -> ResponseReturnValue:
    """Show the slot that one has, and those that are free."""
    return _page(reference)


def _page(reference: str, problems: Sequence[Problem] = (), status: int = 200) -> ResponseReturnValue:
    found = own.own_appointments(guards.viewer(), reference)
    file = found[0].application
    with own.appointments(file):
        said = access.needs_of([file.id]).get(file.id)
    page = render_template(
        "reviews/interviews/candidate_slot.html",
        reference=reference,
        appointments=_shown(found),
        guarded=own.is_guarded(file),
        application=file,
        programme=definition_of(found[0].intake).title,
        needs=said,
        need_names=NEED_NAMES,
        form=_needs_form(said),
        cancelling=request.args.get("cancel", ""),
        problems=problems,
    )
    return page, status


def _needs_form(said: access.AccessNeeds | None) -> AccessNeedsForm:
    """The form of what somebody needs, as they said it last."""
    given = {"kinds": [each.value for each in said.kinds], "words": said.words} if said else {}
    form = AccessNeedsForm(formdata=None, data=given)
    form.kinds.choices = [SelectChoice(each.value, say(name)) for each, name in NEED_NAMES.items()]
    return form


def _shown(found: Sequence[OwnAppointment]) -> list[dict[str, Any]]:
    """What a page shows of each phase: its title, the slot that stands, and the free ones by their day."""
    return [
        {
            "it": each,
            "title": localized(title_of(each.phase)),
            "booked": each.booked,
            "place": place_of(each.booked.day) if each.booked else "",
            "days": _by_day(each.free),
        }
        for each in found
    ]


def _by_day(free: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The free slots by their day and place, for a page that names these once."""
    return [
        {"day": rows[0][1], "place": place_of(rows[0][1]), "slots": [row[0] for row in rows]}
        for _number, group in groupby(free, key=lambda row: row[1].id)
        for rows in [list(group)]
    ]


@bp.post("/my/interviews/<reference>/book")
@guards.candidate
def book(reference: str) -> ResponseReturnValue:
    """Take a slot, or move to it. The same press again leads to the same page."""
    slot = request.form.get("slot", "")
    if not slot:
        return _page(reference, [Problem(_CHOOSE, {}, "slot")], 422)
    try:
        with writing():
            booking.book(guards.viewer(), reference, slot)
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, refusal.problems, 409)
    flash(_("Votre créneau est réservé. Nous vous l’écrivons aussi."), "done")
    return redirect(url_for(".appointment", reference=reference))


@bp.post("/my/interviews/<reference>/give-back")
@guards.candidate
def give_back(reference: str) -> ResponseReturnValue:
    """Give one's slot back."""
    own.own_appointments(guards.viewer(), reference)  # first, so that strangers learn nothing
    phase = request.form.get("phase", "")
    if not phase:
        return redirect(url_for(".appointment", reference=reference))
    try:
        with writing():
            booking.give_back(guards.viewer(), reference, phase)
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, refusal.problems, 409)
    flash(_("Votre créneau est rendu. Vous pouvez en choisir un autre."), "done")
    return redirect(url_for(".appointment", reference=reference))


@bp.post("/my/interviews/<reference>/needs")
@guards.candidate
@guards.survives
def say_needs(reference: str) -> ResponseReturnValue:
    """Say what one needs; the panel reads it, and nobody else."""
    form = AccessNeedsForm()
    form.kinds.choices = []
    try:
        with writing():
            fits = needs.say_needs(guards.viewer(), reference, form.chosen, form.words.data or "")
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, refusal.problems, 409)
    _tell_of_needs(fits)
    return redirect(url_for(".appointment", reference=reference))


def _tell_of_needs(fits: bool) -> None:
    """Say that it is kept, and whether the slot allows for it."""
    if fits:
        flash(_("C’est noté. Seul le jury le lira."), "done")
    else:
        flash(
            _(
                "C’est noté. Votre créneau ne laisse pas plus de temps : choisissez-en un autre ci-dessous, ou "
                "appelez-nous."
            ),
            "wait",
        )


@bp.get("/my/interviews/<reference>/slot.ics")
@guards.candidate
def calendar(reference: str) -> ResponseReturnValue:
    """Send one's slot, by its own reference, for one's calendar."""
    it, booked = own.appointment_for(guards.viewer(), reference)
    return _calendar_of(it, booked, url_for(".appointment", reference=it.application.reference))


def _calendar_of(it: OwnAppointment, booked: BookedSlot, page: str) -> ResponseReturnValue:
    programme = localized(definition_of(it.intake).title)
    entry = CalendarDate(
        booked.booking.reference,
        f"{programme}{colon()}{localized(title_of(it.phase))}",
        booked.slot.starts_at,
        address=current_app.config["BASE_URL"] + page,
        warns=_WARNED,
        ends=booked.ends_at,
        place=place_of(booked.day),
        sequence=sequence_of(booked.booking.version, booked.day.version),
        note=_("Heure de Casablanca : %(moment)s.", moment=moment(booked.slot.starts_at)),
    )
    headers = {"Content-Disposition": f'attachment; filename="{booked.booking.reference}.ics"'}
    file = calendar_file(programme, [entry], clock.now())
    return Response(file, content_type=ICALENDAR, headers=headers)


@guardian_bp.get("/<token>/interviews")
@guards.public
@in_visit
def of_children(token: str, person: Person) -> ResponseReturnValue:
    """Show a guardian the slots of their children, and those that are free."""
    return _guardian_page(token, person)


def _guardian_page(
    token: str, person: Person, problems: Sequence[Problem] = (), status: int = 200
) -> ResponseReturnValue:
    found = own.of_children(person)
    with guardian_queries.acting_for(guardian_queries.guardianships(person)):
        said = access.needs_of([each[0].application.id for _name, each in found])
    children = [
        {
            "name": name,
            "reference": each[0].application.reference,
            "programme": definition_of(each[0].intake).title,
            "appointments": _shown(each),
            "form": _needs_form(said.get(each[0].application.id)),
        }
        for name, each in found
    ]
    page = render_template(
        "reviews/interviews/guardian_slots.html",
        token=token,
        children=children,
        cancelling=request.args.get("cancel", ""),
        problems=problems,
    )
    return page, status


@guardian_bp.get("/<token>/interviews/slot.ics")
@guards.public
@in_visit
def calendar_of_child(token: str, person: Person) -> ResponseReturnValue:
    """Send the slot of a child, by its own reference, for a guardian's calendar. It names no child, and leads to the
    home page: whoever shares a calendar would share the link of the visit."""
    it, booked = own.of_child(person, request.args.get("slot", ""))
    return _calendar_of(it, booked, "/")


@guardian_bp.post("/<token>/interviews/book")
@guards.public
@in_visit
def book_for_child(token: str, person: Person) -> ResponseReturnValue:
    """Take a slot for a child, or move to it."""
    child, slot = request.form.get("child", ""), request.form.get("slot", "")
    if not slot:
        return _guardian_page(token, person, [Problem(_CHOOSE)], 422)

    def act() -> object:
        return guardians.book_for_child(guards.viewer(), guardian_of(token), child, slot)

    return _done_for_child(token, act, _("Le créneau est réservé. Nous vous l’écrivons aussi."))


def _done_for_child(token: str, act: Callable[[], object], said: str) -> ResponseReturnValue:
    """Do what a guardian asks for a child and say so, or why it cannot be done."""
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        return _guardian_page(token, guardian_of(token), refusal.problems, 409)
    flash(said, "done")
    return redirect(url_for(".of_children", token=token))


@guardian_bp.post("/<token>/interviews/give-back")
@guards.public
@in_visit
def give_back_for_child(token: str, person: Person) -> ResponseReturnValue:
    """Give a child's slot back."""
    child, phase = request.form.get("child", ""), request.form.get("phase", "")

    def act() -> object:
        return guardians.give_back_for_child(guards.viewer(), guardian_of(token), child, phase)

    return _done_for_child(token, act, _("Le créneau est rendu. Vous pouvez en choisir un autre."))


@guardian_bp.post("/<token>/interviews/needs")
@guards.public
@in_visit
def say_child_needs(token: str, person: Person) -> ResponseReturnValue:
    """Say what a child needs; the panel reads it, and nobody else."""
    form, child = AccessNeedsForm(), request.form.get("child", "")
    with writing():
        fits = guardians.say_child_needs(
            guards.viewer(), guardian_of(token), child, form.chosen, form.words.data or ""
        )
    _tell_of_needs(fits)
    return redirect(url_for(".of_children", token=token))


def way_of_guardian(token: str, person: Person) -> Iterator[tuple[str, str]]:
    """Yield the way to the page of slots, to a guardian with a child who has one or may choose one."""
    if own.of_children(person):
        yield _("Choisir ou changer un créneau"), url_for("interviews_guardian.of_children", token=token)
