"""One text to many people: the whole life, the second person, and nobody written to twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

import cohortmgr.messages.campaigns.tasks as campaigning
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused, Stale
from cohortmgr.jobs.actions.queue import TryLater, handlers
from cohortmgr.jobs.models import Job
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.models import Campaign, CampaignRecipient
from cohortmgr.messages.campaigns.queries import recipients, sending
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.delivery.actions.claiming import claim
from cohortmgr.outbox.models import Bundle
from cohortmgr.outbox.queries import opened
from tests.factories.choices import someone
from tests.integration.messages.campaigns.mailed import (
    TEXTS,
    all_left,
    approved,
    became,
    begun,
    draft,
    proposed,
    run,
    state,
    written,
)

pytestmark = pytest.mark.usefixtures("system_context")
Counted = Callable[[], AbstractContextManager[list[str]]]


def test_the_whole_life(app: Flask) -> None:
    _intake, _manager, _administrator, reference = approved()
    assert state(reference) == "approved" and not written()
    assert run(reference), "messages wait to leave"
    messages = written()
    assert state(reference) == "sending" and len(messages) == 6
    assert {message.language for message in messages} == {"fr", "ar", "en"}
    assert len({message.bundle for message in messages}) == 1
    said = [content["variables"] for content in opened(messages) if content]
    french = next(said[i] for i, message in enumerate(messages) if message.language == "fr")
    assert french["subject"].startswith("Portes ouvertes, Une N") and "/my" in french["body"]
    assert french["short"] == "Portes ouvertes"
    all_left()
    assert not run(reference)
    assert state(reference) == "done"
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert (sending.tally(campaign).sent, sending.tally(campaign).percentage) == (6, 100)
    acts = set(db.session.scalars(sa.select(Event.action).where(Event.object_kind == "campaign")))
    assert acts == {"campaigns.create", "campaigns.propose", "campaigns.approve"}


def test_whoever_wrote_or_proposed_it_does_not_approve_it() -> None:
    intake, _manager, administrator, reference = proposed()
    other = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "autre")
    with writing():
        campaigns.change(administrator, reference, draft(title="Autre"))
        campaigns.propose(other, reference, "6")
    for person in (administrator, other):
        with pytest.raises(Refused), writing():
            campaigns.approve(person, reference, "6")
    assert state(reference) == "proposed"
    third = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "tierce")
    with writing():
        campaigns.approve(third, reference, "6")
    assert state(reference) == "approved"


def test_a_manager_prepares_and_does_not_approve() -> None:
    intake, _manager, _administrator, reference = proposed()
    other = someone(intake, Role.SELECTION_MANAGER, "autre")
    with pytest.raises(NotPermitted), writing():
        campaigns.approve(other, reference, "6")


def test_the_list_is_fixed_at_the_proposal_and_a_change_unfixes_it() -> None:
    intake, manager, administrator, reference = proposed()
    with writing():
        db.session.execute(sa.update(Application).values(state="withdrawn"))
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert (campaign.total, recipients.counts(campaign).total) == (6, 6)
    with writing():
        campaigns.approve(administrator, reference, "6")
        campaigns.change(manager, reference, draft(filters=ApplicationFilters(state="all")))
    assert state(reference) == "draft"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CampaignRecipient)) == 0
    assert not run(reference) and not written(), "the hour of what was changed finds nothing to send"
    with writing():
        campaigns.propose(manager, reference, "6")
    with pytest.raises(Refused), writing():
        campaigns.approve(administrator, reference, "5")


def test_the_handler_run_twice_or_killed_in_the_middle_writes_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _intake, _manager, _administrator, reference = approved(7)
    monkeypatch.setattr(campaigning, "CHUNK", 2)

    class Killed(BaseException):
        pass

    def killed(done: int, total: int) -> None:
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        handlers[campaigns.SEND]({"campaign": reference}, killed)
    db.session.rollback()
    assert len(written()) == 4
    steps: list[tuple[int, int]] = []
    with pytest.raises(TryLater):
        handlers[campaigns.SEND]({"campaign": reference}, lambda done, total: steps.append((done, total)))
    assert steps == [(6, 7), (7, 7)]
    with writing():  # as if how far it was had been lost
        db.session.execute(sa.update(Campaign).values(reached=0))
    assert run(reference)
    messages = written()
    assert len(messages) == len({message.person_id for message in messages}) == 7


def test_a_failure_within_a_chunk_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _intake, _manager, _administrator, reference = approved(5)
    monkeypatch.setattr(campaigning, "CHUNK", 2)
    whole, calls = campaigning.send_all, iter([0, 1])

    def breaking(letters: list[Letter]) -> int:
        number = whole(letters)
        if next(calls):
            raise RuntimeError("the disk is full")
        return number

    monkeypatch.setattr(campaigning, "send_all", breaking)
    with pytest.raises(RuntimeError):
        handlers[campaigns.SEND]({"campaign": reference}, lambda done, total: None)
    db.session.rollback()
    assert len(written()) == 2
    monkeypatch.setattr(campaigning, "send_all", send_all)
    assert run(reference)
    assert len(written()) == 5


def test_nothing_leaves_before_its_hour_and_until_then_it_is_called_off() -> None:
    hour = clock.now() + timedelta(hours=3)
    _intake, manager, _administrator, reference = approved(due=hour)
    job = db.session.scalars(sa.select(Job).where(Job.kind == campaigns.SEND)).one()
    assert job.due == hour
    assert not run(reference) and state(reference) == "approved" and not written()
    with writing():
        campaigns.cancel(manager, reference, "6")
    with clock.at(hour + timedelta(minutes=1)):
        assert not run(reference)
    assert state(reference) == "cancelled" and not written()


def test_a_pause_among_the_writing_stops_it_and_going_on_writes_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaigning, "CHUNK", 2)
    _intake, manager, _administrator, reference = approved()
    with writing():
        campaigning._begin(reference)
        assert campaigning._write_some(reference) == (2, 6)
    with writing():
        campaigns.pause(manager, reference)
    assert not run(reference) and len(written()) == 2
    with writing():
        campaigns.resume(manager, reference)
    assert run(reference) and len(written()) == 6


def test_a_pause_holds_the_bundle_and_going_on_writes_none_twice() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    with writing():
        campaigns.pause(manager, reference)
    assert db.session.scalars(sa.select(Bundle.state)).one() == "held"
    with writing():
        assert not [message for message in claim(50) or () if message.key == "campaign"]
    assert not run(reference), "a job that finds it paused is over"
    with writing():
        campaigns.resume(manager, reference)
        campaigns.resume(manager, reference)
    assert state(reference) == "sending" and run(reference)
    assert len(written()) == 6
    jobs = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == campaigns.SEND))
    assert jobs == 2, "the one of the approval and one that goes on"
    with writing():
        assert len([message for message in claim(50) or () if message.key == "campaign"]) == 6


def test_called_off_while_it_leaves_what_is_left_never_does() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    became(0, state="sent", sent_at=clock.now())
    with pytest.raises(Refused), writing():
        campaigns.cancel(manager, reference, "5")
    with writing():
        campaigns.cancel(manager, reference, "6")
        campaigns.cancel(manager, reference, "6")
    assert db.session.scalars(sa.select(Bundle.state)).one() == "called_off"
    assert not run(reference) and state(reference) == "cancelled"
    tally = sending.tally(db.session.scalars(sa.select(Campaign)).one())
    assert (tally.sent, tally.waiting) == (1, 5)
    with pytest.raises(Refused), writing():
        campaigns.resume(manager, reference)


def test_only_what_failed_is_sent_again() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    became(0, state="set_aside", failure="temporary", tries=8)
    became(1, state="set_aside", failure="unanswered")
    became(2, state="returned", failure="permanent")
    became(3, state="returned", failure="permanent")
    all_left()
    assert not run(reference) and state(reference) == "done"
    moved = sa.update(Application).where(Application.person_id == written()[3].person_id)
    with writing() as session:
        session.execute(moved.values(email="neuve@exemple.ma"))
    with pytest.raises(Refused), writing():
        campaigns.resend(manager, reference, "4")
    with writing():
        campaigns.resend(manager, reference, "2")
    with writing():
        campaigns.resend(manager, reference, "2")
    jobs = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == campaigns.RESEND))
    assert (jobs, state(reference)) == (1, "sending")
    for _again in range(2):
        assert not run(reference, campaigns.RESEND)
    assert run(reference), "they are on their way"
    messages = written()
    assert [message.state for message in messages] == [
        "waiting", "set_aside", "returned", "returned", "sent", "sent", "waiting",
    ]  # fmt: skip
    moved = opened([messages[-1]])[0]
    assert moved is not None and moved["address"] == "neuve@exemple.ma"
    assert messages[0].tries == 0
    all_left()
    assert not run(reference)
    tally = sending.tally(db.session.scalars(sa.select(Campaign)).one())
    assert (tally.sent, tally.returned, tally.set_aside, tally.waiting) == (4, 1, 1, 0)


def test_a_language_that_nobody_wrote_stops_the_proposal() -> None:
    _intake, manager, _administrator, reference = begun(3, texts={"fr": TEXTS["fr"]})
    with pytest.raises(Refused) as refusal, writing():
        campaigns.propose(manager, reference, "3")
    assert {problem.where for problem in refusal.value.problems} == {"subject_ar", "subject_en"}


def test_two_who_edit_at_once_do_not_overwrite_each_other() -> None:
    _intake, manager, _administrator, reference = begun(1)
    with writing():
        campaigns.change(manager, reference, draft(title="Un autre"), 1)
    with pytest.raises(Stale), writing():
        campaigns.change(manager, reference, draft(title="Encore un autre"), 1)
