"""The pages on which administrators write letterheads, each with a preview of what people see."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require_anywhere
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.organisations.letterheads import actions, queries
from cohortmgr.organisations.letterheads.display import signature_of
from cohortmgr.organisations.letterheads.forms import LetterheadForm, MarkForm, PictureForm, values_of
from cohortmgr.organisations.letterheads.queries import LetterheadPlace
from cohortmgr.organisations.letterheads.rules import INSTALLATION, UNNAMED, Letterhead

bp = Blueprint("letterheads_staff", __name__, url_prefix="/staff/letterheads")
UNPROCESSABLE = 422
_MOVED = N_("Quelqu’un a changé cet en-tête entre-temps : relisez-le, puis enregistrez de nouveau.")


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List the letterheads that the viewer may write; a programme's administrator is told who writes the host's."""
    viewer = guards.viewer()
    require_anywhere(viewer, queries.OF_HOST)
    return render_template(
        "organisations/letterheads/staff_letterheads.html", places=queries.places_for(viewer)
    )


@bp.route("/<reference>", methods=["GET", "POST"])
@guards.staff
def edit(reference: str) -> ResponseReturnValue:
    """Write the texts and numbers of one letterhead."""
    viewer = guards.viewer()
    place = queries.get_for(viewer, reference)
    form = LetterheadForm(data=values_of(_letterhead_at(place)))
    if request.method != "POST":
        return _page(place, form, MarkForm())
    draft = form.draft()
    if form.validate_on_submit():
        return _done(
            lambda: actions.save(viewer, reference, draft, posted_version()), place, form, MarkForm()
        )
    return _page(place, form, MarkForm(formdata=None)), UNPROCESSABLE


@bp.post("/<reference>/mark")
@guards.staff
def mark(reference: str) -> ResponseReturnValue:
    """Put up another mark; without a file, take the present one down."""
    viewer = guards.viewer()
    place = queries.get_for(viewer, reference)
    form, typed = MarkForm(), LetterheadForm(formdata=None, data=values_of(_letterhead_at(place)))
    sent = request.files.get(actions.MARK)
    data = sent.read() if sent and sent.filename else b""

    def act() -> object:
        return actions.put_mark(viewer, reference, picture, posted_version())

    try:
        picture = actions.prepare_mark(data) if data else None
    except Refused as refusal:
        show_problems(form, refusal)
        return _page(place, typed, form), UNPROCESSABLE
    return _done(act, place, typed, form)


@bp.post("/installation/picture")
@guards.staff
def home_picture() -> ResponseReturnValue:
    """Put up another picture of the home page; without a file, take the present one down."""
    viewer = guards.viewer()
    place = queries.get_for(viewer, INSTALLATION)
    form, typed = PictureForm(), LetterheadForm(formdata=None, data=values_of(_letterhead_at(place)))
    sent = request.files.get(actions.PICTURE)
    data = sent.read() if sent and sent.filename else b""
    try:
        made = actions.prepare_picture(data) if data else None
        with writing():
            actions.put_picture(viewer, made, posted_version())
    except Refused as refusal:
        db.session.rollback()
        show_problems(form, refusal)
        return _page(place, typed, MarkForm(formdata=None), form), UNPROCESSABLE
    except Stale:
        return _moved(place, typed, MarkForm(formdata=None))
    return _kept(place)


def _done(
    act: Callable[[], object], place: LetterheadPlace, form: LetterheadForm, marks: MarkForm
) -> ResponseReturnValue:
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        show_problems(
            marks if any(each.where == actions.MARK for each in refusal.problems) else form, refusal
        )
        return _page(place, form, marks), UNPROCESSABLE
    except Stale:
        return _moved(place, form, marks)
    return _kept(place)


def _moved(place: LetterheadPlace, form: LetterheadForm, marks: MarkForm) -> ResponseReturnValue:
    """The page as it was typed, to be read once more beside what somebody else wrote meanwhile."""
    db.session.rollback()
    show_problems(form, Refused(_MOVED))
    return _page(queries.get_for(guards.viewer(), place.reference), form, marks), HTTPStatus.CONFLICT


def _kept(place: LetterheadPlace) -> ResponseReturnValue:
    flash(_("C’est gardé. Les pages et les messages le montrent dans les dix secondes."), "done")
    return redirect(url_for(".edit", reference=place.reference))


def _letterhead_at(place: LetterheadPlace) -> Letterhead:
    """What stands at a place; for one that is not written, the organisation's name alone."""
    if place.row is not None:
        row = place.row
        known = (row.texts, row.telephone, row.email, row.cndp, row.mark_digest)
        return Letterhead(*known, picture=row.picture_digest)
    return Letterhead({"name": place.organisation.name}) if place.organisation else Letterhead({})


def _page(
    place: LetterheadPlace, form: LetterheadForm, marks: MarkForm, pictures: PictureForm | None = None
) -> str:
    written = _letterhead_at(place)
    shown = written if place.row else UNNAMED
    return render_template(
        "organisations/letterheads/staff_letterhead.html",
        place=place,
        form=form,
        marks=marks,
        pictures=pictures or PictureForm(formdata=None),
        shown=shown,
        signature=signature_of(shown) if place.row else None,
        version=place.row.version if place.row else 0,
        languages=LANGUAGE_NAMES,
    )
