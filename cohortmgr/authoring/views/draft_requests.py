"""Reads and saves a page of a programme's draft: whole, and never over what somebody else saved meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused, Stale
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts.queries import Writing, get_writing
from cohortmgr.programmes.drafts.question_fields import PostedValues, QuestionTable, Typed


def version() -> int:
    """The version of the draft on which the page was opened; -1, which no draft has, when the page says none."""
    posted = posted_version()
    return -1 if posted is None else posted


def given() -> PostedValues:
    """The fields that the page sent, each with its list of values."""
    return request.form.to_dict(flat=False)


def saved(key: str, act: Callable[[dict[str, Any]], None], number: int | None = None) -> bool:
    """Put a page's content into the draft. Returns False if somebody else saved the same thing meanwhile."""
    try:
        with writing():
            revisions.change(guards.viewer(), key, act, number)
    except Stale:
        db.session.rollback()
        return False
    return True


def by() -> int:
    """The direction of the button that was pressed: -1 for up, 1 for down."""
    return -1 if request.form.get("by") == "-1" else 1


def one_page(
    key: str,
    shown: Callable[[QuestionTable], QuestionTable],
    read: Callable[[PostedValues, QuestionTable], Typed],
    put: Callable[[QuestionTable, QuestionTable], None],
    page: Callable[[Writing, Typed, int, int], ResponseReturnValue],
    done: str,
) -> ResponseReturnValue:
    """Show and save a part of the draft that has one page of its own.

    `shown` takes that part from the document, `read` takes it from what was typed, `put` writes it into the
    document, and `page` draws it, with the version of the draft and the HTTP status."""
    found = get_writing(guards.viewer(), key)
    if request.method == "GET":
        return page(found, Typed(shown(found.document)), found.version, 200)
    typed = read(given(), found.document)
    if typed.act or typed.problems:
        return page(found, typed, version(), 422 if typed.problems else 200)
    if not saved(key, lambda document: put(document, typed.table), version()):
        found = get_writing(guards.viewer(), key)
        return page(found, typed, found.version, 409)
    flash(done, "done")
    return redirect(request.path)


def back_to(
    key: str, place: str | None = None, page: str = "definitions_staff.form", **more: Any
) -> ResponseReturnValue:
    return redirect(url_for(page, key=key, _anchor=place, **more))


def structural(
    key: str, act: Callable[[dict[str, Any]], str | None], page: str = "definitions_staff.form", **more: Any
) -> ResponseReturnValue:
    """Do one act on a list and lead back to the place where it happened, `more` being of its address. If the draft was
    changed meanwhile, or the act is refused, the list is shown as it is now."""
    try:
        with writing():
            place = revisions.change(guards.viewer(), key, act, version())
    except Stale:
        flash(
            _("Quelqu’un a changé ce formulaire entre-temps. Le voici tel qu’il est : recommencez."), "wait"
        )
        return back_to(key, None, page, **more)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "stop")
        return back_to(key, None, page, **more)
    return back_to(key, place, page, **more)


def just_begun() -> bool:
    """Whether this page was opened just after its thing was added; what is missing is not told yet."""
    return bool(request.args.get("begun"))


def prepared(form: HouseForm, make: Callable[[], str], template: str) -> ResponseReturnValue:
    """Show a form from which a programme in preparation is made; a POST that `make` accepts, which returns the
    programme's key, leads to its steps."""
    if request.method == "POST":
        try:
            key = make()
            flash(
                _("Le programme est en préparation : son équipe seule le voit. Relisez chaque partie."),
                "done",
            )
            return redirect(url_for("beginnings_staff.steps", key=key))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template(template, form=form), (422 if form.errors else 200)
