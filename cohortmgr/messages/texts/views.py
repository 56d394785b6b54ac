"""Pages for the texts of messages: the list, writing one, trying it out, and its older versions."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, StringField, TextAreaField

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require_anywhere
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import LANGUAGES, decimal, say, speaking
from cohortmgr.base.typed import whole
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.messages.letters.names import CHANNELS, LANGUAGE_NAMES
from cohortmgr.messages.texts import actions as wordings
from cohortmgr.messages.texts.queries import preview as texts_preview
from cohortmgr.messages.texts.queries import texts
from cohortmgr.messages.texts.queries.preview import TextDraft, TextIdentity
from cohortmgr.messages.texts.rules import MANY_SEGMENTS, proofread, tidied
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.texts.display.dress import page_of
from cohortmgr.outbox.texts.display.house_texts import house_text, needed
from cohortmgr.outbox.texts.display.rendering import SMS
from cohortmgr.outbox.texts.segments import Measure, measured
from cohortmgr.outbox.texts.wording import LONGEST_BODY

bp = Blueprint("texts_staff", __name__, url_prefix="/staff/texts")
# A tried text is shown in a frame of our own page.
# Nothing in it may run or load: no script, form, picture or URL.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


class TextForm(HouseForm):
    """The form for writing a text. The rules check it, field by field."""

    subject = StringField(_l("Objet"))
    body = TextAreaField(_l("Texte"))
    number = HiddenField()

    def draft(self) -> TextDraft:
        """Return what was typed, as a draft."""
        number = whole(self.number.data)
        return TextDraft(self.subject.data or "", self.body.data or "", -1 if number is None else number)


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List every message by channel and language, and which texts differ from the house's own."""
    viewer = guards.viewer()
    require_anywhere(viewer, texts.WRITE)
    host = texts.host_for(viewer, request.args.get("institution"))
    return render_template(
        "messages/texts/staff_texts.html",
        hosts=texts.hosts(viewer),
        host=host,
        notices=[notice for notice in declared.values() if texts.is_editable(notice)],
        edited=texts.edited(host.id),
        channels=[(channel, CHANNELS[channel]) for channel in texts.CHANNELS],
        languages=LANGUAGES,
        language_names=LANGUAGE_NAMES,
    )


@bp.route("/<key>/<channel>/<language>", methods=["GET", "POST"])
@guards.staff
@guards.survives
def text(key: str, channel: str, language: str) -> ResponseReturnValue:
    """Write a text. A problem is shown beside its field, and nothing that was typed is lost."""
    viewer, place = guards.viewer(), _place(key, channel, language)
    held = texts_preview.held_text(place)
    form = TextForm(data={"subject": held.subject, "body": held.body, "number": held.number})
    if form.validate_on_submit():
        try:
            with writing():
                written = wordings.write_text(viewer, place, form.draft())
            flash(_("Le texte est enregistré ; il vaut pour les prochains messages."), "done")
            if written:
                _warn(place, form.draft())
            return redirect(_address(place))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
            # A person who was told that the text changed meanwhile is
            # expected to read it before trying again.
            form.number.data = str(texts.last_version(*place.name))
    return _editor(place, form)


@bp.post("/<key>/<channel>/<language>/back")
@guards.staff
def back(key: str, channel: str, language: str) -> ResponseReturnValue:
    """Store an older version, or the house's own text, as a new version; a second click does nothing."""
    viewer, place = guards.viewer(), _place(key, channel, language)
    number = posted_version()
    if number is None:
        raise NotFound(key)
    with writing():
        wordings.lay_back_text(viewer, place, number)
    flash(_("Ce texte vaut de nouveau, pour les prochains messages."), "done")
    return redirect(_address(place))


@bp.post("/<key>/<channel>/<language>/preview")
@guards.staff
@guards.survives
def preview(key: str, channel: str, language: str) -> ResponseReturnValue:
    """Render what was typed, filled with a message that was sent or with the
    examples, as a page for a frame."""
    place = _place(key, channel, language)
    subject, body = TextForm().draft().read(place)
    with speaking(place.language):
        wanted = needed(place.notice, place.channel)
    wrong = proofread(place.notice, wanted, None if place.channel == SMS else subject, body)
    if wrong:
        return _framed(_said(wrong))
    try:
        return _framed(_tried(place, subject, body, _values(place, request.form.get("sample", ""))))
    except Refused as refusal:
        db.session.rollback()
        return _framed(_said(list(refusal.problems)))


def _place(key: str, channel: str, language: str) -> TextIdentity:
    return wordings.place_for(guards.viewer(), request.values.get("institution"), key, channel, language)


def _address(identity: TextIdentity) -> str:
    host = request.values.get("institution") or None
    key = identity.notice.key
    return url_for(".text", key=key, channel=identity.channel, language=identity.language, institution=host)


def _values(identity: TextIdentity, sample: str) -> dict[str, Any]:
    if not sample:
        return texts_preview.examples(identity.notice)
    with writing():
        return wordings.read_sample(guards.viewer(), identity, sample)


def _tried(identity: TextIdentity, subject: str, body: str, values: dict[str, Any]) -> str:
    rendered = texts_preview.tried(identity, subject, body, values)
    if identity.channel != SMS:
        return rendered.html or ""
    size = _size(measured(rendered.text))
    with speaking(identity.language):
        return page_of(size, rendered.text, say(identity.notice.title))


def _size(measure: Measure) -> str:
    """Return size and cost, as `2 segments, 0,70 MAD`, in the viewer's language."""
    each = current_app.extensions["cohortmgr-settings"].sms_cost
    segments = ngettext("%(num)s segment", "%(num)s segments", measure.segments)
    return _("%(segments)s, %(cost)s MAD", segments=segments, cost=decimal(measure.cost(each) / 1000))


def _said(problems: list[Problem]) -> str:
    lines = "\n".join(f"- {say(problem)}" for problem in problems)
    return page_of(_("Il y a quelque chose à corriger"), lines)


def _framed(page: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


def _warn(identity: TextIdentity, draft: TextDraft) -> None:
    """Warn about the cost of a long short message, which is stored all the same."""
    found = texts_preview.check(identity, *draft.read(identity))
    if found and found[0].segments > MANY_SEGMENTS:
        size = _size(found[0])
        flash(_("Ce message court est long : %(size)s pour chaque personne.", size=size), "wait")


def _editor(identity: TextIdentity, form: TextForm) -> ResponseReturnValue:
    viewer = guards.viewer()
    with speaking(identity.language):
        own_subject, own_body = house_text(identity.notice, identity.channel)
        wanted = needed(identity.notice, identity.channel)
        shown = texts_preview.shown_examples(identity.notice)
    measure = None
    if identity.channel == SMS:
        found = max(map(measured, _filled(identity, form)), key=lambda each: (each.segments, each.units))
        measure = (_size(found), found.forcing)
    return render_template(
        "messages/texts/staff_text.html",
        place=identity,
        notice=identity.notice,
        form=form,
        institution=request.values.get("institution", ""),
        needed=wanted,
        examples=shown,
        own={"subject": own_subject, "body": own_body},
        history=texts.history(*identity.name),
        samples=texts_preview.samples(viewer, identity),
        size=measure,
        channel_name=CHANNELS[identity.channel],
        language_name=LANGUAGE_NAMES[identity.language],
    ), (422 if form.errors or form.form_errors else 200)


def _filled(identity: TextIdentity, form: TextForm) -> list[str]:
    """Return the short message filled with the examples, on the days of a year; as it was typed if it cannot be
    filled, and no more of one that is too long: filled so often, it would hold the process for ten seconds."""
    body = tidied(form.body.data or "")
    if len(body) > LONGEST_BODY:
        return [body[:LONGEST_BODY]]
    try:
        return texts_preview.over_the_year(identity, body)
    except (Refused, KeyError):
        return [body]
