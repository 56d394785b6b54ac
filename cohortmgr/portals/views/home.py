"""The home page of each audience, the page of an intake, the language switch, and the health check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.queries import known_people
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import Consent
from cohortmgr.applications.guardians import queries as guardian_queries
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import LANGUAGES, remember
from cohortmgr.base.registries.waiting import workspace_of
from cohortmgr.base.web.ailments import ailment_now
from cohortmgr.base.web.reading import replica_ailment
from cohortmgr.base.web.responses import local_target, was_pressed_here
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.messages.letters.queries import letters as messages
from cohortmgr.organisations import queries as organisations
from cohortmgr.placements.queries import placements
from cohortmgr.portals.duties import COMPANY_WORK, work_of
from cohortmgr.portals.turns import OFFER, SHOW, FileSituation, turn_of
from cohortmgr.portals.views.agenda import waiting_for
from cohortmgr.portals.views.frame import opens_something
from cohortmgr.portals.views.overview import stages_of
from cohortmgr.portals.views.steps import owed_of, standing_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.drafts import queries as drafts
from cohortmgr.programmes.models import Intake
from cohortmgr.reports import queries as reports
from cohortmgr.reports.display import HIDDEN, hidden_note
from cohortmgr.reports.masking import mask_counts
from cohortmgr.reviews.interviews.queries import own as interviews
from cohortmgr.reviews.interviews.queries.own import ExpectedPerson
from cohortmgr.selection import queries as selection
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.stipends.queries import runs as stipends

bp = Blueprint("portals", __name__)


@bp.get("/health")
@guards.public
def health() -> ResponseReturnValue:
    """Answer "ok", or with 503 what ails: "locked", "full", "away" or "files". It waits for no lock. Of a replica
    that is not read it says why, and that is no ailment: the database itself is read.

    It is for load balancers and the demonstration's supervisor."""
    ailing, replica = ailment_now(), replica_ailment()
    told = {"status": "ok" if ailing is None else ailing.value} | ({"replica": replica} if replica else {})
    return jsonify(told), 200 if ailing is None else 503


@bp.get("/language/<code>")
@guards.public
def language(code: str) -> ResponseReturnValue:
    """Remember a language for a year and go back; whoever is signed in is written to in it too."""
    if code not in LANGUAGES:
        abort(404)
    viewer = guards.viewer()
    if viewer.person_id is not None and viewer.language != code and was_pressed_here():
        with writing():
            people.speak(viewer, code)
    response = make_response(redirect(local_target(request.args.get("next")) or "/"))
    remember(response, code)
    return response


@bp.get("/my")
@guards.candidate
def my_home() -> ResponseReturnValue:
    """Show each of the person's files and whose turn it is; then training, placement and stipends."""
    viewer = guards.viewer()
    told = {each.application.id: each for each in selection.mine(viewer)}
    owed, mine = owed_of(told.values()), applications.mine(viewer)
    expected = interviews.expected_of([(row[0], row[1]) for row in mine if row[0].id not in told])
    files = [
        _my_file(
            application,
            intake,
            extended,
            told.get(application.id),
            owed.get(application.id, 0),
            reopened if reopened and corrections.may_be_answered(viewer, application) else None,
            expected.get(application.id),
        )
        for application, intake, extended, reopened in mine
    ]
    enrolments = placements.mine(viewer)
    lines = stipends.mine(viewer) if enrolments else []
    return render_template(
        "portals/candidate_home.html",
        files=files,
        unproved=not files and known_people.unproved(viewer) is not None,
        elsewhere=not files and known_people.found_elsewhere(viewer) is not None,
        apart=None if files else known_people.written_apart(viewer),
        answers_for=not files and any(map(guardian_queries.answers_by, known_people.contacts_shown(viewer))),
        enrolments=enrolments,
        placing={row.reference for row in enrolments if programmes.definition_of(row).placement is not None},
        lines=lines,
        unread=messages.unread(viewer),
    )


def _my_file(
    application: Application,
    intake: Intake,
    extended: datetime | None,
    told: OwnDecision | None,
    owed: int,
    correct_by: datetime | None,
    expected: ExpectedPerson | None,
) -> dict[str, Any]:
    offer = told.offer if told else None
    standing = (
        standing_of(told, owed)
        if told
        else FileSituation(
            application.state,
            max(intake.closes_at, extended or intake.closes_at),
            intake.decision_by,
            refused=application.consent == Consent.WITHDRAWN,
            expected_at=expected.at if expected else None,
            to_choose=expected is not None and expected.at is None,
        )
    )
    turn = turn_of(replace(standing, correct_by=correct_by), clock.local(clock.now()))
    reference = application.reference
    if turn.endpoint == OFFER and told:
        reference = offer.reference if offer else told.decision.reference
    return {
        "turn": turn,
        "url": url_for(turn.endpoint, reference=reference),
        "receipt": url_for(SHOW, reference=application.reference),
        "application": application,
        "intake": intake,
        "programme": programmes.definition_of(intake).title,
    }


@bp.get("/staff")
@guards.staff
def staff_home() -> ResponseReturnValue:
    """Show today's page: what waits for this viewer, then the intakes within the viewer's scopes."""
    viewer = guards.viewer()
    intakes = programmes.intakes_below(sorted({grant.scope for grant in viewer.grants}))
    counted = applications.counts([intake.id for intake in intakes])
    counts = {intake.id: _shown(viewer, intake, counted[intake.id]) for intake in intakes}
    beginning = _beginning(viewer, intakes)
    return render_template(
        "portals/staff_home.html",
        waiting=waiting_for(viewer),
        work=work_of(grant.role for grant in viewer.grants),
        beginning=beginning,
        hostless=beginning and not organisations.institutions_below(""),
        may_begin=not intakes and bool(drafts.hosts_of(viewer)),
        intakes=intakes,
        programmes=programmes.titles_of(intakes),
        counts=counts,
        opening={intake.id for intake in intakes if opens_something(viewer, intake.path)},
        note=_hidden_note(counts.values()),
        hidden=HIDDEN,
        now=clock.now(),
    )


def _beginning(viewer: Viewer, intakes: Sequence[Intake]) -> bool:
    """Whether the installation has no programme yet, and the viewer is who begins it."""
    return not intakes and bool(viewer.paths("installation.manage"))


def _shown(viewer: Viewer, intake: Intake, counts: Mapping[str, int]) -> Mapping[str, int | None]:
    """Return the counts of an intake as this viewer may see them: masked, as reports are, for figures alone."""
    return mask_counts(counts) if reports.sees_figures_alone(viewer, intake.path) else counts


def _hidden_note(shown: Iterable[Mapping[str, int | None]]) -> str | None:
    return hidden_note() if any(None in counts.values() for counts in shown) else None


@bp.get("/staff/intakes/<reference>")
@guards.staff
def intake(reference: str) -> ResponseReturnValue:
    """Show where one intake stands, and what of it waits for the viewer."""
    viewer = guards.viewer()
    found = programmes.get_intake(reference)
    if not any(grant.scope.holds(found.path) for grant in viewer.grants):
        raise NotFound(reference)
    counts = _shown(viewer, found, applications.counts([found.id])[found.id])
    return render_template(
        "portals/staff_intake.html",
        intake=found,
        programme=programmes.definition_of(found).title,
        stages=stages_of(viewer, found),
        waiting=waiting_for(viewer, found.id),
        coming=workspace_of(current_app).coming(viewer, found, clock.today()),
        opens=opens_something(viewer, found.path),
        work=work_of(grant.role for grant in viewer.grants if grant.scope.holds(found.path)),
        counts=counts,
        reads=allows(viewer, "applications.read", found.path),
        note=_hidden_note([counts]),
        hidden=HIDDEN,
        opening=cohorts.may_open(viewer, found),
        now=clock.now(),
    )


@bp.get("/company")
@guards.company
def company_home() -> ResponseReturnValue:
    """Show what waits for the company, then its own apprentices."""
    viewer = guards.viewer()
    return render_template(
        "portals/company_home.html",
        work=work_of((grant.role for grant in viewer.grants), COMPANY_WORK),
        positions=placements.company_positions(viewer),
        apprentices=placements.apprentices(viewer),
    )
