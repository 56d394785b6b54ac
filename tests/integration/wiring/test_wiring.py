"""What the rooms join: the order of hooks where it matters, a work for each queue, a place for each entry of a bar."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.rules import PERMISSIONS
from cohortmgr.app import ROOMS
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.views.steps import steps as guardian_steps
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.base.registries.navigation import navigation_of
from cohortmgr.base.registries.waiting import workspace_of
from cohortmgr.base.work import works_of
from cohortmgr.jobs.actions.broker import QUEUES
from cohortmgr.messages.helpdesk.actions.consent_withdrawn import tell_staff
from cohortmgr.outbox import hooks as outbox
from cohortmgr.portals.views.steps import steps
from cohortmgr.programmes.definition.checks.whole import RESERVED
from cohortmgr.selection.actions.offers import release_on_withdrawal


def test_staff_are_told_in_which_company_a_child_was_before_the_seat_is_released() -> None:
    acts = list(consents.on_hidden)
    assert acts.index(tell_staff) < acts.index(release_on_withdrawal)


def test_the_answer_stands_before_the_guardian_s_turn_on_a_file_s_page() -> None:
    acts = list(steps_above)
    assert acts.index(steps) < acts.index(guardian_steps)


def test_each_slot_of_the_outbox_is_filled() -> None:
    assert outbox.router and outbox.stored


def test_every_queue_is_drained_when_woken_and_each_minute(app: Flask) -> None:
    drains = {work.name: work for work in works_of(app) if work.name.startswith("drain.")}
    assert set(drains) == {f"drain.{queue}" for queue in QUEUES}
    assert all(
        work.queue == work.name.removeprefix("drain.") and work.every == 60 for work in drains.values()
    )


def test_every_place_leads_to_a_page(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = pages | set(app.blueprints)
    navigation = navigation_of(app)
    for audience in ("staff", "company", "candidate", "own"):
        entries = navigation.bar(audience)
        assert entries, audience
        assert {entry.endpoint for entry in entries} <= pages
        assert {each for entry in entries for each in entry.below} <= known
        assert {entry.unless for entry in entries if entry.unless} <= pages


def test_every_room_of_an_intake_leads_to_a_page_and_every_way_from_one(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = {rule.endpoint for rule in app.url_map.iter_rules()} | set(app.blueprints)
    workspace = workspace_of(app)
    assert {room.endpoint for room in workspace.rooms} <= pages
    assert {each for room in workspace.rooms for each in room.below} <= known
    assert {room.permission for room in workspace.rooms} <= PERMISSIONS.keys()
    addresses = [rule.rule.split("/") for rule in app.url_map.iter_rules()]
    led = {parts[2] for parts in addresses if parts[1] == "staff" and len(parts) > 3 and parts[3][:1] == "<"}
    assert workspace.ways.keys() <= led


def test_each_room_s_pages_are_in_one_room_alone(app: Flask) -> None:
    below = [each for room in workspace_of(app).rooms for each in (room.endpoint, *room.below)]
    assert sorted(below) == sorted(set(below))


def test_making_a_second_application_joins_nothing_twice(app: Flask) -> None:
    before = [
        len(list(hook)) for hook in (steps_above, consents.on_hidden, outbox.headers, outbox.on_returned)
    ]
    for room in ROOMS:
        assert room.init_app.__doc__, room
    from cohortmgr.app import create_app

    create_app(app.extensions["cohortmgr-settings"])
    after = [
        len(list(hook)) for hook in (steps_above, consents.on_hidden, outbox.headers, outbox.on_returned)
    ]
    assert before == after


def test_no_programme_is_called_as_a_page_that_stands_where_its_own_would(app: Flask) -> None:
    paths = [str(rule).split("/") for rule in app.url_map.iter_rules()]
    beside = {
        other[place]
        for path in paths
        for place, part in enumerate(path)
        if part == "<key>" and path[place - 1] in ("programmes", "help")
        for other in paths
        if other[:place] == path[:place] and len(other) > place and "<" not in other[place]
    }
    assert beside <= RESERVED and beside >= {"new", "received"}
