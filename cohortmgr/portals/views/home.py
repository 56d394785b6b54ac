"""The home page of each audience, the page of an intake, the language switch, and the health check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

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
from cohortmgr.base.i18n import LANGUAGES, colon, day, localized, month, remember
from cohortmgr.base.navigation import RoomCard
from cohortmgr.base.web.ailments import ailment_now
from cohortmgr.base.web.reading import replica_ailment
from cohortmgr.base.web.responses import local_target, was_pressed_here
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.messages.campaigns import queries as campaign_queries
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.letters.queries import letters as messages
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.placements.queries import placements
from cohortmgr.portals.turns import OFFER, SHOW, FileSituation, turn_of
from cohortmgr.portals.views.navigation import cards_open_to
from cohortmgr.portals.views.steps import owed_of, standing_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reports import queries as reports
from cohortmgr.reports.display import HIDDEN, hidden_note
from cohortmgr.reports.masking import mask_counts
from cohortmgr.reviews.queries import readings as reviews
from cohortmgr.selection import queries as selection
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.stipends.models import StipendRun
from cohortmgr.stipends.queries import runs as stipends
from cohortmgr.stipends.queries import today as payments
from cohortmgr.stipends.rules import RunState

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
    owed = owed_of(told.values())
    files = [
        _my_file(
            application,
            intake,
            extended,
            told.get(application.id),
            owed.get(application.id, 0),
            reopened if reopened and corrections.may_be_answered(viewer, application) else None,
        )
        for application, intake, extended, reopened in applications.mine(viewer)
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
    return render_template(
        "portals/staff_home.html",
        waiting=[*_waiting(viewer), *_to_decide(viewer, intakes, counted)],
        intakes=intakes,
        counts=counts,
        opening={intake.id for intake in intakes if _opens_something(viewer, intake)},
        note=_hidden_note(counts.values()),
        hidden=HIDDEN,
        now=clock.now(),
    )


def _opens_something(viewer: Viewer, intake: Intake) -> bool:
    """Whether an intake's page has anything for the viewer, now or once its cohort is open."""
    cards = cards_open_to(viewer, "intake", intake.path) or cards_open_to(viewer, "cohort", intake.path)
    return bool(cards) or allows(viewer, "cohorts.manage", intake.path)


def _shown(viewer: Viewer, intake: Intake, counts: Mapping[str, int]) -> Mapping[str, int | None]:
    """Return the counts of an intake as this viewer may see them: masked, as reports are, for figures alone."""
    return mask_counts(counts) if reports.sees_figures_alone(viewer, intake.path) else counts


def _hidden_note(shown: Iterable[Mapping[str, int | None]]) -> str | None:
    return hidden_note() if any(None in counts.values() for counts in shown) else None


def _waiting(viewer: Viewer) -> list[dict[str, Any]]:
    """Return what this viewer could do now, each with its address."""
    found: list[dict[str, Any]] = []
    if viewer.paths("reviews.score") and (count := reviews.open_count(viewer)):
        label = ngettext("%(num)s dossier à lire", "%(num)s dossiers à lire", count)
        found.append(
            {"label": label, "url": url_for("reviews_staff.queue"), "kind": "wait", "status": _("À vous")}
        )
    if viewer.paths("selection.approve"):
        for batch in selection.waiting_for_approval(viewer):
            label = _(
                "Un lot de décisions attend votre accord : %(intake)s", intake=localized(batch.intake_title)
            )
            url = url_for("selection_staff.batch", reference=batch.reference)
            found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    found += _pay(viewer)
    if viewer.paths("messages.approve"):
        for campaign in campaign_queries.waiting_for_approval(viewer):
            label = _("Un envoi groupé attend votre accord : %(title)s", title=campaign.title)
            url = url_for("campaigns_staff.show", reference=campaign.reference)
            found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    return [*_asked_and_lost(viewer), *found]


def _to_decide(
    viewer: Viewer, intakes: Iterable[Intake], counted: Mapping[int, Mapping[str, int]]
) -> list[dict[str, Any]]:
    """Return the intakes whose sent files wait until a person says whether they meet the conditions: their people were
    told that somebody looks at it."""
    found: list[dict[str, Any]] = []
    for intake in intakes:
        count = counted[intake.id]["undecided"]
        if count and allows(viewer, applications.MANAGE, intake.path):
            label = ngettext(
                "%(num)s dossier attend qu’on dise s’il remplit les conditions",
                "%(num)s dossiers attendent qu’on dise s’ils remplissent les conditions",
                count,
            )
            url = url_for("applications_lists.list", reference=intake.reference, eligible="open")
            label = f"{label}{colon()}{localized(intake.title)}"
            found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    return found


def _pay(viewer: Viewer) -> list[dict[str, Any]]:
    """Return the months to approve, then for who prepares them what the bank returned, and where each month stands."""
    approving = payments.to_approve(viewer) if viewer.paths("stipends.approve") else ()
    found = [
        _pay_item(
            _("Un état de paiement attend votre accord (%(month)s) : %(cohort)s", **_of(run, cohort)), run
        )
        for run, cohort in approving
    ]
    if not viewer.paths("stipends.prepare"):
        return found
    mine = {run.id for run, _cohort in approving}
    for awaited in payments.to_follow(viewer):
        if awaited.run.id not in mine:
            found += _run_followed(awaited)
    for each in payments.to_prepare(viewer):
        label = _("Mois à préparer : %(month)s, %(cohort)s", **_of(each, each.cohort))
        url = url_for("stipends_staff.runs", reference=each.cohort.reference)
        found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    return found


def _run_followed(awaited: payments.RunAwaited) -> list[dict[str, Any]]:
    run, names, found = awaited.run, _of(awaited.run, awaited.cohort), []
    if awaited.returned:
        label = ngettext(
            "%(num)s versement revenu de la banque : %(month)s, %(cohort)s",
            "%(num)s versements revenus de la banque : %(month)s, %(cohort)s",
            awaited.returned,
            **names,
        )
        found.append({**_pay_item(label, run), "kind": "stop"})
    if awaited.silent:
        label = ngettext(
            "%(num)s versement sans réponse de la banque : %(month)s, %(cohort)s",
            "%(num)s versements sans réponse de la banque : %(month)s, %(cohort)s",
            awaited.silent,
            **names,
        )
        found.append({**_pay_item(label, run), "kind": "info", "status": _("En attente")})
    elif run.state == RunState.COMPUTED:
        label = _("État de paiement en attente d’une deuxième personne : %(month)s, %(cohort)s", **names)
        found.append({**_pay_item(label, run), "kind": "info", "status": _("En attente")})
    elif run.state == RunState.DRAFT:
        found.append(_pay_item(_("État de paiement à calculer : %(month)s, %(cohort)s", **names), run))
    elif run.state == RunState.APPROVED:
        label = _("État de paiement à remettre à la banque : %(month)s, %(cohort)s", **names)
        found.append(_pay_item(label, run))
    return found


def _of(dated: StipendRun | payments.MonthAwaited, cohort: Cohort) -> dict[str, str]:
    return {"month": month(dated.month), "cohort": localized(cohort.name)}


def _pay_item(label: str, run: StipendRun) -> dict[str, Any]:
    url = url_for("stipends_staff.run", reference=run.reference)
    return {"label": label, "url": url, "kind": "wait", "status": _("À vous")}


def _asked_and_lost(viewer: Viewer) -> list[dict[str, Any]]:
    """Return the questions that wait, the late ones first, and the messages that did not arrive."""
    found: list[dict[str, Any]] = []
    if viewer.paths(desk_queries.DESK):
        counted = desk_queries.counts(viewer)
        if counted.late:
            label = ngettext(
                "%(num)s question en retard, à répondre depuis le %(day)s",
                "%(num)s questions en retard, la plus ancienne depuis le %(day)s",
                counted.late,
                day=day(counted.oldest),
            )
            url = url_for("desk_staff.index", late=1)
            found.append({"label": label, "url": url, "kind": "stop", "status": _("En retard")})
        if counted.open > counted.late:
            waits = counted.open - counted.late
            label = ngettext("%(num)s question à répondre", "%(num)s questions à répondre", waits)
            url = url_for("desk_staff.index", state="open")
            found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    if lost := undelivered.count(viewer):
        label = ngettext("%(num)s message n’est pas arrivé", "%(num)s messages ne sont pas arrivés", lost)
        url = url_for("troubles_staff.index")
        found.append({"label": label, "url": url, "kind": "wait", "status": _("À vous")})
    return found


@bp.get("/staff/intakes/<reference>")
@guards.staff
def intake(reference: str) -> ResponseReturnValue:
    """Show the rooms of one intake that the viewer's roles open."""
    viewer = guards.viewer()
    found = programmes.get_intake(reference)
    if not any(grant.scope.holds(found.path) for grant in viewer.grants):
        raise NotFound(reference)
    cohort = cohorts.of_intake(found.id)
    rooms = [_room(room, found.reference) for room in cards_open_to(viewer, "intake", found.path)]
    below = (
        [_room(room, cohort.reference) for room in cards_open_to(viewer, "cohort", found.path)]
        if cohort
        else []
    )
    counts = _shown(viewer, found, applications.counts([found.id])[found.id])
    opening = cohort is None and allows(viewer, "cohorts.manage", found.path)
    return render_template(
        "portals/staff_intake.html",
        intake=found,
        rooms=rooms,
        cohort_rooms=below,
        counts=counts,
        note=_hidden_note([counts]),
        hidden=HIDDEN,
        opening=opening,
        now=clock.now(),
    )


def _room(room: RoomCard, reference: str) -> dict[str, str]:
    return {"label": _(room.label), "hint": _(room.hint), "url": url_for(room.endpoint, reference=reference)}


@bp.get("/company")
@guards.company
def company_home() -> ResponseReturnValue:
    """Show what waits for the company, then its own apprentices."""
    viewer = guards.viewer()
    return render_template(
        "portals/company_home.html",
        positions=placements.company_positions(viewer),
        apprentices=placements.apprentices(viewer),
    )
