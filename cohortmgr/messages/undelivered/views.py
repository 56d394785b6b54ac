"""Pages for messages that did not arrive: what happened to each, and what staff can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.accounts.slips import TypedQuestion, is_new, question_on, settled
from cohortmgr.applications.guardians.queries import contact_of, masked
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.paging import page_of
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.reading import reading
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.messages.undelivered.names import DELIVERY_TROUBLE_NAMES
from cohortmgr.outbox.notices import declared

bp = Blueprint("troubles_staff", __name__, url_prefix="/staff/troubles")
SHOWN = 25
UNPROCESSABLE = 422


def lost(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield how many messages did not arrive and wait for the viewer, for their agenda."""
    if number := undelivered.count(viewer):
        what = ngettext("%(num)s message n’est pas arrivé", "%(num)s messages ne sont pas arrivés", number)
        yield PendingAct(what, _("Trouver un autre moyen"), url_for("troubles_staff.index"))


@bp.get("")
@guards.staff
@reading
def index() -> ResponseReturnValue:
    """List the troubles that are not resolved, oldest first."""
    return _page()


def _page(
    reference: str = "", problems: Sequence[Problem] = (), aside: TypedQuestion | None = None
) -> ResponseReturnValue:
    viewer = guards.viewer()
    require_anywhere(viewer, undelivered.MANAGE)
    page = render_template(
        "messages/undelivered/staff_troubles.html",
        page=page_of(undelivered.visible(viewer), place_asked(), SHOWN),
        names=DELIVERY_TROUBLE_NAMES,
        keys={key: notice.title for key, notice in declared.items()},
        failed=reference,
        problems=problems,
        typed=settled(request.form),
        aside=aside,
        contact_of=contact_of,
        masked=masked,
    )
    return page, UNPROCESSABLE if problems else 200


def _done(act: Callable[[], object], reference: str, said: str) -> ResponseReturnValue:
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, refusal.problems)
    flash(said, "done")
    return redirect(url_for(".index"))


@bp.post("/<reference>/correct")
@guards.staff
def correct(reference: str) -> ResponseReturnValue:
    """Write a new address, and send the message again."""
    viewer, sent = guards.viewer(), settled(request.form)
    email, aside = sent.get("email", ""), question_on(sent, "email")
    if aside is not None and is_new(sent, "email"):
        return _page(reference, aside=aside)
    act = lambda: undelivered.correct(viewer, reference, email)  # noqa: E731
    return _done(act, reference, _("L’adresse est corrigée ; le message repart."))


@bp.post("/<reference>/told")
@guards.staff
def told(reference: str) -> ResponseReturnValue:
    """Note that the person was told by telephone."""
    viewer, note = guards.viewer(), request.form.get("note", "")
    return _done(lambda: undelivered.note_told(viewer, reference, note), reference, _("L’appel est noté."))


@bp.post("/<reference>/dismiss")
@guards.staff
def dismiss(reference: str) -> ResponseReturnValue:
    """Close the trouble, because nothing is to be done."""
    viewer = guards.viewer()
    return _done(lambda: undelivered.dismiss(viewer, reference), reference, _("C’est classé."))
