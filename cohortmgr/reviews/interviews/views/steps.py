"""What a file's own page says of an interview or a test, once there are slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.i18n import localized, moment, say
from cohortmgr.reviews.interviews.actions.letters import title_of
from cohortmgr.reviews.interviews.queries import own
from cohortmgr.reviews.interviews.queries.own import OwnAppointment
from cohortmgr.reviews.interviews.rules import BOOKING_STATES, BookingState


def steps(viewer: Viewer, application: Application) -> Iterable[Mapping[str, Any]]:
    """Yield a step for each phase in which somebody has a slot or may choose one; nothing before there are slots."""
    for each in own.told_to(application):
        yield _step(each)


def _step(each: OwnAppointment) -> Mapping[str, Any]:
    step = {
        "title": localized(title_of(each.phase)),
        "url": url_for("interviews_candidate.appointment", reference=each.application.reference),
    }
    booked = each.booked
    if booked is not None:
        came = booked.booking.state == BookingState.ARRIVED
        return {
            **step,
            "when": moment(booked.slot.starts_at),
            "state": "done" if came else "next",
            "action": _("Voir"),
        }
    if each.last is not None and not each.may_change:
        name = BOOKING_STATES.names[BookingState(each.last.booking.state)]
        return {**step, "when": moment(each.last.slot.starts_at), "text": say(name)}
    return {
        **step,
        "state": "now",
        "kind": "wait",
        "due": _("C’est à vous : choisissez un créneau."),
        "action": _("Choisir un créneau"),
    }
