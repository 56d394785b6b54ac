"""What adults write freely about a child's file: no page of the child says it, and the guardian reads it in theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import LINK_LIFETIME, Role, Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.desk.actions import bulk, notes
from cohortmgr.applications.desk.actions.bulk import Act, Wanted
from cohortmgr.applications.eligibility import actions as overrides
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions.consents import LINK
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import TryLater
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from cohortmgr.messages.campaigns.tasks import send
from cohortmgr.messages.helpdesk.actions import answer_many, handling, questions
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest, NewThreadEntry
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.rules import EntryKind, Topic
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from tests.crawling import crawl
from tests.factories import choices
from tests.factories.mailings import proposed
from tests.integration.applications.guardians import children

pytestmark = pytest.mark.usefixtures("system_context")
MARK = "Zellige"
ASKED = "Quel relevé faut-il joindre ?"
ITEMS = {"motivation": "incomplete"}


@dataclass(frozen=True)
class Scene:
    """A child with an account and a file that was sent, who asked something; the staff; the guardian's link."""

    child: Viewer
    manager: Viewer
    administrator: Viewer
    intake: Intake
    file: str
    question: str
    token: str

    @property
    def until(self) -> datetime:
        """A day for corrections."""
        return clock.now() + timedelta(days=3)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with clock.at(choices.AT):
        intake = choices.sent(1)
        manager = choices.someone(intake, Role.SELECTION_MANAGER)
        administrator = choices.someone(intake, Role.PROGRAMME_ADMINISTRATOR)
        row = db.session.scalars(sa.select(Application)).one()
        with writing() as session:
            row.consent = "given"
            person = session.get_one(Person, row.person_id)
            person.email = row.email
            guardian = Person(reference=new_reference(), given_name="Amina", family_name="", language="fr")
            guardian.created_at = clock.now()
            set_person(guardian, {"phone": children.MOTHER})
            session.add(guardian)
            session.flush()
            session.add(
                Guardianship(
                    institution_id=row.institution_id, child_id=row.person_id, guardian_id=guardian.id,
                    capacity="mother", until=date(2032, 1, 1), created_at=clock.now(),
                )
            )  # fmt: skip
            token = links.create(LINK, guardian.reference, LINK_LIFETIME)
        child = choices.known("c1@exemple.ma")
        with writing():
            asked = questions.ask_on_file(
                child, row.reference, NewHelpRequest(Topic.DOCUMENTS, ASKED, "fr", "one")
            )
            question = asked.reference
        yield Scene(child, manager, administrator, intake, row.reference, question, token)


def answered_in_a_lot(scene: Scene) -> None:
    texts = {"fr": MARK, "ar": MARK, "en": MARK}
    answer_many.answer_many(scene.manager, desk_queries.HelpRequestFilters(), [scene.question], texts, 1, "1")


def mended_in_a_lot(scene: Scene) -> None:
    wanted = Wanted(text=MARK, until=scene.until, items=ITEMS, confirmation="1", count=1)
    bulk.carry_out(scene.manager, scene.intake.reference, Act.CORRECT, ApplicationFilters(), wanted)


def noted_in_a_lot(scene: Scene) -> None:
    wanted = Wanted(text=MARK, count=1)
    bulk.carry_out(scene.manager, scene.intake.reference, Act.NOTE, ApplicationFilters(), wanted)


def replied_by_the_guardian(scene: Scene) -> None:
    """A mail that quotes what it answers to, from the guardian's own address."""
    question = db.session.scalars(sa.select(HelpRequest)).one()
    more = {"shown": "Merci.", "sender": "amina@exemple.ma"}
    questions.say_once(
        scene.manager, question, NewThreadEntry(EntryKind.MAIL, f"Merci.\n> {MARK}", "mail:1", more=more)
    )


def announced(scene: Scene) -> None:
    texts = {each: CampaignText(f"{MARK} {each}", f"{MARK} {{link}}", MARK) for each in ("fr", "ar", "en")}
    reference = proposed(scene.manager, scene.intake.reference, CampaignDraft("Portes ouvertes", texts))
    with writing():
        campaigns.approve(scene.administrator, reference, "1")
    with suppress(TryLater):
        send({"campaign": reference}, lambda done, total: None)


Act_ = Callable[[Scene], object]
# What staff may write, and whether a letter says it: then the guardian reads it, and otherwise staff alone.
ACTS: dict[str, tuple[Act_, bool]] = {
    "an answer": (lambda s: handling.answer(s.manager, s.question, MARK, "a"), True),
    "a question back": (lambda s: handling.answer(s.manager, s.question, MARK, "b", True), True),
    "an answer to many": (answered_in_a_lot, True),
    "a call": (lambda s: handling.note_call(s.manager, s.question, MARK, MARK, "c"), False),
    "a note at the desk": (lambda s: handling.note(s.manager, s.question, MARK, "d"), False),
    "a mail that quotes": (replied_by_the_guardian, False),
    "a correction": (lambda s: corrections.ask(s.manager, s.file, ITEMS, MARK, s.until), True),
    "a correction to many": (mended_in_a_lot, True),
    "a note": (lambda s: notes.write(s.manager, s.file, MARK, pinned=True), False),
    "a note to many": (noted_in_a_lot, False),
    "an override": (lambda s: overrides.override(s.manager, s.file, False, MARK), False),
    "an announcement": (announced, True),
}  # fmt: skip


def all_left() -> None:
    """Every message was handed over."""
    with writing() as session:
        session.execute(sa.update(Message).values(state="sent", sent_at=Message.due, tries=1))


@pytest.mark.parametrize("name", ACTS)
def test_the_child_s_pages_never_say_it_and_the_guardian_s_do(app: Flask, scene: Scene, name: str) -> None:
    act, is_told = ACTS[name]
    if act is announced:
        act(scene)
    else:
        with writing():
            act(scene)
    all_left()
    own = choices.browser(app, scene.child)
    starts = ("/my", "/my/messages", "/my/questions", f"/my/questions/{scene.question}")
    file = f"/my/applications/{scene.file}"
    pages = crawl(own, *starts, file, f"{file}/correction", within=("/my", "/help"))
    assert len(pages) > 8 and any(ASKED in text for text in pages.values()), (
        "the child reads their own question"
    )
    assert [place for place, text in pages.items() if MARK in text] == []
    if name in ("an answer", "an answer to many"):
        assert "Votre tuteur légal a reçu ce message" in pages[f"/my/questions/{scene.question}"]
    if "correction" in name:
        told = pages[file]
        assert "Votre tuteur légal l’a reçu" in told and "Corriger" in told
    visit = children.enter(app, scene.token)
    read = visit.get(f"/guardian/{scene.token}/messages")
    assert read.status_code == 200 and (MARK in read.text) is is_told
    to = set(db.session.scalars(sa.select(Message.person_id).where(Message.key != "sign_in_code")))
    assert to == {None}, "no letter is the child's"


def test_the_messages_open_in_a_visit_alone_and_are_nobody_else_s(app: Flask, scene: Scene) -> None:
    with writing():
        handling.answer(scene.manager, scene.question, MARK, "a")
    all_left()
    address = f"/guardian/{scene.token}/messages"
    stranger = choices.browser(app, scene.child)
    assert stranger.get(address).location == f"/guardian/{scene.token}"
    assert stranger.get("/guardian/nothing/messages").status_code in (404, 410)
    with writing() as session:
        father = Person(reference=new_reference(), given_name="Omar", family_name="", language="fr")
        father.created_at = clock.now()
        set_person(father, {"phone": children.FATHER})
        session.add(father)
        session.flush()
        mother = session.scalars(sa.select(Guardianship)).one()
        session.add(
            Guardianship(
                institution_id=mother.institution_id, child_id=mother.child_id, guardian_id=father.id,
                capacity="father", until=mother.until, created_at=clock.now(), ended_at=clock.now(),
            )
        )  # fmt: skip
        token = links.create(LINK, father.reference, LINK_LIFETIME)
    page = children.enter(app, token).get(f"/guardian/{token}/messages")
    assert page.status_code == 200 and MARK not in page.text


def test_staff_are_told_who_reads_what_they_write(app: Flask, scene: Scene) -> None:
    staff = choices.browser(app, scene.manager)
    told = "son tuteur légal la reçoit"
    assert told in staff.get(f"/staff/questions/{scene.question}").text
    with writing() as session:
        session.execute(sa.update(Guardianship).values(until=clock.today()))
    assert told not in staff.get(f"/staff/questions/{scene.question}").text


def test_whoever_is_of_age_reads_their_own_answers(app: Flask, scene: Scene) -> None:
    with writing() as session:
        session.execute(sa.update(Guardianship).values(until=clock.today()))
    with writing():
        handling.answer(scene.manager, scene.question, MARK, "a")
    page = choices.browser(app, scene.child).get(f"/my/questions/{scene.question}").text
    assert MARK in page
