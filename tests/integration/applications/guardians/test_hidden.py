"""Without the guardian's word a child's file stands in no list, page, search, sheet or export, whoever looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.campaigns.rules import CampaignDraft
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from cohortmgr.reports import actions as reports
from cohortmgr.reports.tasks import compute
from cohortmgr.reviews.models import Review
from tests.crawling import crawl, words_of
from tests.factories.choices import AT, browser, decided, known, someone
from tests.factories.mailings import TEXTS, proposed

pytestmark = pytest.mark.usefixtures("system_context")
STAFF = tuple(
    role for role in Role if role not in (Role.CANDIDATE, Role.GUARDIAN, Role.COMPANY_CONTACT, Role.TUTOR)
)
# What nobody may read, in a page or in a sheet.
SECRET = re.compile(r"Zohra|Cach[ée]e|cachee@exemple\.ma|7700007[0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class Scene:
    """What there was before the guardians' word was missing."""

    intake: Intake
    hidden: tuple[str, ...]
    report: str


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Eight files read, decided, reported and in two mailings; then four of them lose the guardian's word, or never
    had it: one with an offer, one waiting, one refused, and one that is a draft."""
    with clock.at(AT):
        intake, _batch = decided(8, seats=3)
        manager = known("selection_manager@inpt.ma")
        proposed(manager, intake.reference, CampaignDraft("Portes ouvertes", TEXTS))
        with writing():
            report = reports.ask_report(manager, intake.reference).reference
        compute({"report": report}, lambda done, total: None)
        late = db.session.scalars(sa.select(Message).where(Message.person_id.is_not(None))).all()
        with writing():
            for message in late:
                undelivered.raise_trouble(message, "permanent")
        yield Scene(intake, tuple(hide(number) for number in (1, 4, 7, 8)), report)


def hide(number: int) -> str:
    """Take the word of a file's guardian away; returns the file's reference."""
    with writing():
        row = db.session.scalars(
            sa.select(Application).where(Application.number == f"MDIA-{number:06d}")
        ).one()
        person = db.session.get_one(Person, row.person_id)
        person.given_name, person.family_name = "Zohra", f"Cachée {number}"
        row.name, row.sort_name, row.search_text = (
            f"Zohra Cachée {number}",
            f"cachee zohra {number}",
            "zohra cachee",
        )
        row.email, row.number = f"cachee@exemple.ma{number}", f"MDIA-77000{number:03d}"
        row.consent = (Consent.WITHDRAWN if number != 8 else Consent.WAITING).value
        row.state = (ApplicationState.HELD if number != 8 else ApplicationState.DRAFT).value
    return row.reference


def everybody(intake: Intake) -> list[Viewer]:
    """Whoever has every role of staff in the programme, and those who have one that shows other pages."""
    whole = known("programme_administrator@inpt.ma")
    account = db.session.get_one(Account, whole.account_id)
    with writing():
        for role in STAFF:
            people.grant(
                SYSTEM, account, role, "programme", intake.path, intake.path, [intake.institution_id]
            )
    alone = [someone(intake, role) for role in (Role.GROUP_ENROLLER, Role.OBSERVER)]
    return [known(whole.email), known("r0@inpt.ma"), *alone]


def test_no_page_sheet_or_export_that_links_lead_to_says_a_hidden_name(app: Flask, scene: Scene) -> None:
    root = f"/staff/intakes/{scene.intake.reference}"
    starts = (
        "/staff", root, f"{root}/applications", f"{root}/applications?state=all&size=600",
        f"{root}/applications?search=zohr", f"{root}/applications?search=MDIA-77000",
        f"{root}/applications?columns=email&columns=phone&state=draft", f"{root}/duplicates",
        "/staff/messages", "/staff/questions", "/staff/troubles", "/staff/campaigns",
    )  # fmt: skip
    wrong, many = [], 0
    for viewer in everybody(scene.intake):
        pages = crawl(browser(app, viewer), *starts)
        many += len(pages)
        wrong += [
            f"{viewer.email} {place}: {found[0]}"
            for place, text in pages.items()
            if (found := SECRET.search(text))
        ]
    assert many > 150, "the crawl leads somewhere"
    assert not wrong, "\n".join(wrong)


def addresses(app: Flask) -> list[str]:
    """Every GET address of staff and companies, with a place for one reference."""
    found = []
    for rule in app.url_map.iter_rules():
        if (
            "GET" in (rule.methods or ())
            and str(rule).startswith(("/staff", "/company"))
            and len(rule.arguments) == 1
        ):
            found.append(re.sub(r"<(?:\w+:)?\w+>", "{}", str(rule)))
    return sorted(found)


def test_no_address_of_a_hidden_file_or_of_what_hangs_on_it_opens(app: Flask, scene: Scene) -> None:
    ids = sa.select(Application.id).where(Application.reference.in_(scene.hidden))
    hanging = db.session.scalars(sa.select(Review.reference).where(Review.application_id.in_(ids))).all()
    wrong = []
    for viewer in everybody(scene.intake):
        client = browser(app, viewer)
        for reference in (*scene.hidden, hanging[0]):
            for address in addresses(app):
                answer = client.get(address.format(reference))
                if answer.status_code == 200 and SECRET.search(words_of(answer.data)):
                    wrong.append(f"{viewer.email} {address}")
    assert not wrong, "\n".join(sorted(set(wrong)))
