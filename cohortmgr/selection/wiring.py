"""Join selection to the application: its pages, and its answers to what applications ask about decisions."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.file import hooks as files
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.importing import hooks as importing
from cohortmgr.applications.interests import hooks as interests
from cohortmgr.applications.journey.actions import changes, sending
from cohortmgr.applications.lists import hooks as list_hooks
from cohortmgr.applications.lists.queries import lent as lists
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import navigation_of
from cohortmgr.base.registries.person_page import PersonMark, PersonTab, person_page_of
from cohortmgr.base.registries.waiting import Agenda, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.base.work import add_work
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.public import hooks as public
from cohortmgr.programmes.queries import seats_taken
from cohortmgr.reviews import hooks as readings
from cohortmgr.reviews import queries as reading
from cohortmgr.selection import candidate_views, notices, queries, staff_views, tasks
from cohortmgr.selection.actions import letters, offers
from cohortmgr.selection.desk import commands as at_desk
from cohortmgr.selection.models import Batch, Offer
from cohortmgr.selection.people import queries as people
from cohortmgr.selection.people import views as person
from cohortmgr.selection.scenarios import tasks as scenarios
from cohortmgr.selection.scenarios.views import board
from cohortmgr.selection.sealing import queries as sealed
from cohortmgr.selection.sealing import staff_views as sealing_views
from cohortmgr.selection.sealing.views import agenda as sealing_agenda
from cohortmgr.selection.standings import tasks as standings
from cohortmgr.selection.standings.queries import lent, published
from cohortmgr.selection.views import agenda, moving, ranking, sheets, standing

JOBS = (standings.rank, scenarios.compute, tasks.freeze, tasks.check, tasks.tell, tasks.try_move)


def _ranks(definition: Definition) -> bool:
    # What is ranked are readings: without a rubric there is neither.
    return definition.rubric.ranks


def init_app(app: Flask) -> None:
    """Register pages, commands, notices, navigation entries, work, and the hooks that applications call."""
    app.register_blueprint(ranking.bp)
    app.register_blueprint(staff_views.bp)
    app.register_blueprint(candidate_views.bp)
    app.register_blueprint(sheets.bp)
    app.register_blueprint(sealing_views.bp)
    app.register_blueprint(moving.bp)
    app.register_blueprint(board.bp)
    app.cli.add_command(at_desk.group)
    declare("selection", *notices.NOTICES)
    changes.decided.register(queries.was_told)
    desk.told_above.register(people.story_of)
    files.seated.register(queries.holds_seat)
    sending.on_withdrawal.register(offers.release_on_withdrawal)
    consents.on_hidden.register(offers.release_on_withdrawal)
    outbox.checks[letters.OFFER_REMINDER] = letters.awaits_answer
    outbox.checks[letters.OFFER_LATE] = letters.may_still_answer
    for key in (letters.OFFER_MADE, letters.WAITING_LISTED, letters.REFUSED):
        outbox.checks[key] = letters.not_withdrawn
    programmes.on_more_seats.register(offers.call_more)
    readings.frozen.register(queries.frozen)
    readings.unsealed.fill(sealed.is_unsealed)
    public.seal_told.fill(published.seal_told)
    importing.decided_offerings.register(queries.decided_offerings)
    interests.decided.register(queries.decided_of)
    list_hooks.withheld.register(reading.barred_to)
    for column in lent.LENT:
        lists.lend(*column)
    navigation = navigation_of(app)
    navigation.lead_to("portals.my_home", candidate_views.bp.name)
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Sélection"),
            "ranking_staff.ranking",
            "selection.read",
            50,
            "check",
            below=(
                ranking.bp.name,
                staff_views.bp.name,
                sealing_views.bp.name,
                sheets.bp.name,
                moving.bp.name,
                board.bp.name,
            ),
            count=reading.counted_for(seats_taken),
            used=_ranks,
            known_as=tuple(
                map(RoomName, (N_("Classement"), N_("Décisions"), N_("Offres"), N_("Liste d’attente")))
            )
            + (
                RoomName(N_("Règles du choix"), "sealing_staff.rules"),
                RoomName(N_("Tableau du choix"), "scenarios_staff.board"),
            ),
        )
    )
    workspace.add_agendas(
        Agenda(("selection.approve",), agenda.batches, 35),
        Agenda(("selection.propose",), agenda.to_propose, 36),
        Agenda(("selection.propose",), agenda.lapsing, 27),
        Agenda(("selection.approve",), agenda.moves_to_agree, 34),
        Agenda(("selection.approve",), sealing_agenda.to_seal, 28),
        Agenda(("selection.propose",), sealing_agenda.to_propose, 28),
    )
    workspace.add_stages(IntakeStage("selection", "selection.read", standing.stage, used=_ranks))
    workspace.lead("batches", leads(Batch.intake_id, Batch.reference))
    workspace.lead("offers", leads(Offer.intake_id, Offer.reference))
    page = person_page_of(app)
    page.add_tabs(
        PersonTab(
            "readings",
            N_("Lectures et décision"),
            30,
            (person.READINGS, people.PERMISSION),
            person.draw,
            is_there=people.read_or_decided,
        )
    )
    page.add_marks(PersonMark(10, people.PERMISSION, people.offer_state, person.mark))
    page.add_traces(people.traces)
    add_work(app, *tasks.WORKS, *standings.WORKS)
