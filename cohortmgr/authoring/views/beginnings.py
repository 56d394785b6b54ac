"""Staff's pages on which a programme begins from nothing and is prepared step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.authoring.forms import BeginForm
from cohortmgr.authoring.views.draft_requests import prepared
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.i18n import LANGUAGES, language, localized, number, speaking, told
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.programmes.definition.beginning import begin_definition, unwritten
from cohortmgr.programmes.definition.questions import FormSection
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition, window_of
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts.queries import Writing, get_writing, hosts_of
from cohortmgr.programmes.public.display import phases_told

bp = Blueprint("beginnings_staff", __name__, url_prefix="/staff/programmes")

# Whose first questions a new programme asks: who somebody is, and how to reach them.
_PATTERN, _SECTIONS = "jobintech", 2
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True)
class PreviewedIntake:
    """A campaign of a draft as the public page reads one."""

    definition: IntakeDefinition
    reference: str = "preview"
    programme_picture: str | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.definition, name)


def _first_sections() -> tuple[FormSection, ...]:
    return read_known(_PATTERN).form.sections[:_SECTIONS]


@bp.route("/begin", methods=["GET", "POST"])
@guards.staff
def begin() -> ResponseReturnValue:
    """Ask for what no programme is without; a POST makes it, in preparation, and leads to its steps."""
    form, hosts = BeginForm(), {row.key: localized(row.name) for row in hosts_of(guards.viewer())}
    if not hosts:
        raise NotFound("host")
    form.host.choices = list(hosts.items())
    return prepared(form, lambda: _begun(form, hosts), "authoring/staff_programme_begin.html")


def _begun(form: BeginForm, hosts: dict[str, str]) -> str:
    key, name, summary, first = form.begun()
    host = form.host.data or ""
    if host not in hosts:
        raise Refused(Problem(N_("Choisissez l’établissement."), {}, "host"))
    made = begin_definition(key, host, name, summary, first, _first_sections())
    with writing():
        revisions.begin_new(guards.viewer(), made)
    return key


@bp.get("/<key>/steps")
@guards.staff
def steps(key: str) -> ResponseReturnValue:
    """Show what a programme still lacks, part by part, and its public page as it would be today."""
    found = get_writing(guards.viewer(), key)
    spoken = request.args.get("preview", "")
    return render_template(
        "authoring/staff_steps.html",
        writing=found,
        tasks=_tasks(found),
        spoken=spoken if spoken in LANGUAGES else language(),
        languages=LANGUAGES,
    )


def _tasks(found: Writing) -> list[dict[str, str]]:
    """The parts of a programme in the order in which they are written, each with where it stands."""
    definition, key = found.definition, found.programme.key
    lacking = len(list(unwritten(definition)))
    parts = (
        ("publishing_staff.texts", _("Textes de la page publique"), lacking, _texts_said(lacking)),
        ("settings_staff.intakes", _("Campagnes"), 0, _seats_said(definition)),
        ("terms_staff.dates", _("Dates"), 0, _periods_said(definition)),
        ("definitions_staff.form", _("Formulaire"), 0, _questions_said(definition)),
        ("rules_staff.rules", _("Conditions"), 0, _rules_said(definition)),
        ("terms_staff.guardians", _("Mineurs"), 0, _yes_said(definition.guardians is not None)),
        ("settings_staff.partners", _("Entreprises"), 0, _partners_said(definition)),
        ("settings_staff.stipend", _("Bourse"), 0, _yes_said(definition.stipend is not None)),
        ("terms_staff.profile", _("Page d’accueil"), 0, _yes_said(definition.profile is not None)),
        ("pictures_staff.picture", _("Image"), 0, _picture_said(found.programme.picture_digest is not None)),
    )
    return [
        {
            "label": label,
            "url": url_for(endpoint, key=key),
            "hint": said,
            "kind": "wait" if left else "neutral",
            "status": _("À écrire") if left else "",
        }
        for endpoint, label, left, said in parts
    ]


def _texts_said(lacking: int) -> str:
    if not lacking:
        return _("Tous sont écrits.")
    return ngettext("%(num)s texte reste à écrire.", "%(num)s textes restent à écrire.", lacking)


def _seats_said(definition: Definition) -> str:
    seats = sum(intake.seats for intake in definition.intakes)
    return ngettext("%(num)s place.", "%(num)s places.", seats)


def _periods_said(definition: Definition) -> str:
    count = len(definition.calendar.periods)
    return ngettext("%(num)s période au calendrier.", "%(num)s périodes au calendrier.", count)


def _questions_said(definition: Definition) -> str:
    return ngettext("%(num)s question.", "%(num)s questions.", len(definition.form.questions))


def _rules_said(definition: Definition) -> str:
    return ngettext("%(num)s condition.", "%(num)s conditions.", len(definition.eligibility))


def _partners_said(definition: Definition) -> str:
    return told(_("Entreprises partenaires"), number(len(definition.partners)))


def _yes_said(has: bool) -> str:
    return _("Décrit.") if has else _("Rien n’est prévu.")


def _picture_said(has: bool) -> str:
    return _("Elle est en place.") if has else _("Aucune image.")


@bp.get("/<key>/preview")
@guards.staff
def preview(key: str) -> ResponseReturnValue:
    """Show the public page as the draft would make it, in one of the languages. It leads nowhere and runs nothing."""
    found = get_writing(guards.viewer(), key)
    spoken = request.args.get("language", "")
    with speaking(spoken if spoken in LANGUAGES else language()):
        return _framed(_public_page(found))


def _public_page(found: Writing) -> str:
    definition = found.definition
    newest = max(definition.intakes, key=lambda each: each.opens_at, default=None)
    if newest is None:
        raise NotFound(found.programme.key)
    return render_template(
        "authoring/staff_public_page.html",
        definition=definition,
        intake=PreviewedIntake(newest, programme_picture=found.programme.picture_digest),
        window=window_of(newest.opens_at, newest.closes_at, clock.now()).value,
        calendar=definition.calendar_of(newest.key),
        stipend=definition.stipend_of(newest.key),
        phases=phases_told(definition.rubric),
        marks=letterheads.known().marks,
        others=[],
        seal=None,
    )


def _framed(page: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response
