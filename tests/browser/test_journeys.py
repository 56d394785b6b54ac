"""What people come to do, in Chromium: in French and Arabic, on a phone and at a desk, with and without scripts."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, FilePayload, Page, expect

from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.reports.models import Report
from cohortmgr.reports.tasks import compute
from cohortmgr.reviews.interviews.models import InterviewDay
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.selection.models import Batch, Offer
from tests.browser.conftest import Lived
from tests.browser.visits import Visitor, follow, visiting
from tests.databases import Database
from tests.factories.conflicts import expected
from tests.factories.year import FILE, PASSWORD, PHOTO, read
from tests.integration.accounts.entering import last_code
from tests.watch import test_context

ANSWERS = {
    "family_name": "BENNIS",
    "given_name": "Hajar",
    "family_name_ar": "بنيس",
    "given_name_ar": "هاجر",
    "birth_date-day": "14",
    "birth_date-month": "3",
    "birth_date-year": "2005",
    "cin": "AB123456",
    "massar": "G131234567",
    "email": "hajar.bennis@exemple.ma",
    "phone": "0661223344",
    "city": "Salé",
    "university": "Université Mohammed V",
    "graduation_year": "2026",
    **{f"s{number}": "13,5" for number in range(1, 7)},
    "motivation": "Apprendre le traitement des données auprès de ceux qui s’en servent.",
}
CHOICES = {"licence": "informatique", "french": "C1", "english": "B2"}
WIDTHS = (360, 1280)
LANGUAGES = ("fr", "ar")


def fill(page: Page) -> None:
    """Every answer of the form."""
    for key, text in ANSWERS.items():
        page.fill(f"[name={key}]", text)
    for key, value in CHOICES.items():
        page.select_option(f"select[name={key}]", value)
    page.check("input[name=sex][value=f]")
    for key in ("consent_truth", "consent_data"):
        page.check(f"input[name={key}]")
    paper = FilePayload(name="relevés.pdf", mimeType="application/pdf", buffer=PHOTO)
    page.set_input_files("input[name=transcripts]", files=[paper])


def apply(visitor: Visitor, place: Lived) -> None:
    """From the first page to an account with an empty form."""
    page = visitor.page
    visitor.open("/programmes/mdia")
    follow(page.locator("main a[href*='/apply']").first)
    assert urlsplit(page.url).path == "/sign-in"
    follow(page.locator("main a[href*='/sign-up']"))
    page.fill("input[name=email]", "hajar.bennis@exemple.ma")
    page.fill("input[name=password]", "une phrase de quelques mots")
    visitor.send()
    page.fill("input[name=code]", last_code(place.database.system_app))
    visitor.send()
    assert urlsplit(page.url).path.endswith("/apply"), page.url
    visitor.send("main form button.quiet[type=submit]")  # everything on one page
    assert urlsplit(page.url).path.endswith("/form"), page.url


def sent(place: Lived) -> list[Application]:
    """What was sent with the address of this journey."""
    with test_context(place.database.system_app):
        chosen = sa.select(Application).where(
            Application.email == ANSWERS["email"], Application.state == "submitted"
        )
        return list(db.session.scalars(chosen))


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("ar", 360), ("ar", 1280)])
def test_a_candidate_applies(chromium: Browser, place: Lived, language: str, width: int) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = visitor.page
        apply(visitor, place)
        fill(page)
        page.fill("[name=cin]", "pas un numéro")
        visitor.send("main form[enctype] > .btn-row button[type=submit]:not(.quiet):not(.bare)")
        summary = page.locator("[data-error-summary]")
        expect(summary).to_be_focused()
        visitor.look()
        summary.locator("a").first.click()
        expect(page.locator("[name=cin]")).to_be_focused()
        assert page.input_value("[name=given_name]") == ANSWERS["given_name"]
        page.fill("[name=cin]", ANSWERS["cin"])
        visitor.send("main form[enctype] > .btn-row button[type=submit]:not(.quiet):not(.bare)")
        assert urlsplit(page.url).path.endswith("/check"), page.locator("[data-error-summary]").inner_text()
        visitor.look()
        page.locator("main form button[type=submit]").dblclick()
        page.wait_for_url(re.compile(r"/my/applications/\w{26}$"))
        expect(page.locator(".receipt .ref")).to_have_text(re.compile(r"^MDIA-\w+$"))
        visitor.look()
        page.goto(f"{page.url}/check")  # a later click on an old page leads to the receipt
        expect(page.locator(".receipt")).to_be_visible()
    assert len(sent(place)) == 1


def test_a_candidate_applies_without_scripts(chromium: Browser, place: Lived) -> None:
    with visiting(chromium, place.address, place.year, width=360, scripts=False) as visitor:
        apply(visitor, place)
        fill(visitor.page)
        visitor.send("main form[enctype] > .btn-row button[type=submit]:not(.quiet):not(.bare)")
        visitor.send("main form button[type=submit]")
        expect(visitor.page.locator(".receipt")).to_be_visible()
    assert len(sent(place)) == 1


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_staff_filter_the_list_and_read_on(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        page = visitor.page
        visitor.sign_in("selection_manager")
        follow(page.locator(f"main a[href$='/staff/intakes/{place.year.references['intake']}']").first)
        follow(page.locator("main a[href$='/applications']").first)
        name = page.locator("main table tbody a").first.inner_text().split()[-1]
        page.locator("main form input[type=search], main form input[name=q]").first.fill(name)
        visitor.send("main form[method=get] button[type=submit]")
        assert page.locator("main table tbody tr").count() < 12
        page.go_back()
        follow(page.locator("main table tbody a").first)
        first = page.url
        follow(page.locator("a[rel=next]"))
        assert page.url != first
        visitor.look()
        follow(page.locator("a[rel=prev]"))
        assert urlsplit(page.url).path == urlsplit(first).path


def test_staff_import_a_file(chromium: Browser, place: Lived, tmp_path: Path) -> None:
    file = tmp_path / "candidatures.csv"
    with FILE.open(encoding="utf-8-sig", newline="") as given, file.open("w", encoding="utf-8") as written:
        rows = csv.reader(given)
        # Not the first, of which one lies in the tray of the year's importer; and none whom the year knows, since
        # another journey may have given them another number.
        header, strangers = next(rows), (row for row in islice(rows, 20, None) if row[13] != "Informatique")
        csv.writer(written).writerows([header, *islice(strangers, 8)])
    imported = sa.select(sa.func.count()).select_from(Application).where(Application.source == "import")
    with test_context(place.database.system_app):
        before = db.session.scalar(imported) or 0
    with visiting(chromium, place.address, place.year) as visitor:
        page = visitor.page
        visitor.sign_in("group_enroller")
        visitor.open("/staff/intakes/{open_intake}/imports")
        page.set_input_files("input[name=file]", file)
        visitor.send("main form[enctype] button[type=submit]")
        assert "/staff/imports/" in page.url
        visitor.look()
        visitor.send("form[action*='/staff/imports/'] button[type=submit]:not(.quiet):not(.bare)")
        visitor.look()
        expect(page.locator("main")).to_contain_text("8")
    with test_context(place.database.system_app):
        assert db.session.scalar(imported) == before + 8


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reviewer_scores_by_keys(chromium: Browser, database: Database, live: str, language: str) -> None:
    with test_context(database.system_app):
        year = read(PASSWORD)  # nothing is proposed yet, so that readings may still change
        reader = year.viewer("reviewer").person_id
        with writing() as session:
            mine = (
                sa.select(Review.reference).where(Review.reviewer_id == reader).order_by(Review.id).limit(1)
            )
            review = str(session.scalar(mine))
            reading.reopen(year.viewer("selection_manager"), review, "À revoir.")
    with visiting(chromium, live, year, language) as visitor:
        page = visitor.page
        visitor.sign_in("reviewer")
        page.goto(f"/staff/reviews/{review}")
        page.locator("[data-keys]").focus()
        criteria = page.locator("[data-rubric] fieldset").count()
        for _each in range(criteria):
            page.keyboard.press("3")
        assert page.locator("[data-rubric] input[type=radio]:checked").count() == criteria
        visitor.look()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert urlsplit(page.url).path == "/staff/reviews"


def approve(visitor: Visitor) -> None:
    """The number of people is asked for; a wrong one does not open the button."""
    page = visitor.page
    button = page.locator("form[action$='/approve'] button[type=submit]")
    field = page.locator("form[action$='/approve'] input[name=confirmation]")
    page.wait_for_load_state()  # the scripts are there
    field.fill("999")
    expect(button).to_be_disabled()
    number = re.search(r"\d+", page.locator("form[action$='/approve']").inner_text())
    assert number is not None
    field.fill(number[0])
    visitor.send("form[action$='/approve'] button[type=submit]")
    visitor.look()


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_one_proposes_and_another_approves(
    chromium: Browser, database: Database, live: str, language: str, width: int
) -> None:
    with test_context(database.system_app):
        year = read(PASSWORD)
    with clock.at(clock.instant(date(2025, 7, 29), 10)):  # in its season: later no seat is offered any more
        with visiting(chromium, live, year, language, width) as visitor:
            visitor.sign_in("selection_manager")
            visitor.page.goto(f"/staff/intakes/{year.references['intake']}/ranking")
            visitor.send("main form[method=post] button[type=submit]:not(.quiet):not(.bare)")
            batch = urlsplit(visitor.page.url).path
            assert batch.startswith("/staff/batches/")
            expect(visitor.page.locator("form[action$='/approve']")).to_have_count(0)
        with visiting(chromium, live, year, language, width) as visitor:
            visitor.sign_in("programme_administrator")
            follow(visitor.page.locator(f"main a[href$='{batch}']").first)
            approve(visitor)
    with test_context(database.system_app):
        assert db.session.scalars(sa.select(Batch.state)).all() == ["approved"]
        assert set(db.session.scalars(sa.select(Offer.state))) == {"sent"}


def test_finance_computes_another_approves_and_the_apprentice_sees_the_sum(
    chromium: Browser, place: Lived
) -> None:
    with visiting(chromium, place.address, place.year) as visitor:
        visitor.sign_in("finance")
        visitor.open("/staff/stipends/{waiting_run}")
        visitor.send("form[action$='/compute'] button[type=submit]")
        visitor.look()
    with visiting(chromium, place.address, place.year) as visitor:
        visitor.sign_in("programme_administrator")
        visitor.open("/staff/stipends/{waiting_run}")
        approve(visitor)
    with visiting(chromium, place.address, place.year, "ar", 360) as visitor:
        visitor.sign_in("candidate")
        links = visitor.page.locator("main a[href*='/my/stipends/']")
        expect(links).to_have_count(2)
        follow(links.first)
        expect(visitor.page.locator("main")).to_contain_text(re.compile(r"4[.\s  ]?000"))
        visitor.look()


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("ar", 1280)])
def test_a_candidate_accepts_an_offer(chromium: Browser, place: Lived, language: str, width: int) -> None:
    with test_context(place.database.system_app), writing():
        for offer in db.session.scalars(sa.select(Offer)):
            offer.deadline = clock.now() + timedelta(days=3)
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.sign_in("stranger")
        follow(visitor.page.locator("main a[href*='/my/offers/']").first)
        visitor.look()
        with visitor.page.expect_navigation():
            visitor.page.locator("button[name=answer][value=accept]").dblclick()
        expect(visitor.page.locator("button[name=answer]")).to_have_count(0)
        visitor.look()
    with test_context(place.database.system_app):
        chosen = sa.select(Offer.state).where(Offer.reference == place.year.references["open_offer"])
        assert db.session.scalar(chosen) == "accepted"


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("ar", 360)])
def test_a_company_sees_its_own_apprentices(
    chromium: Browser, place: Lived, language: str, width: int
) -> None:
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.sign_in("company")
        follow(visitor.page.locator("main a[href*='/company/apprentices/']").first)
        assert urlsplit(visitor.page.url).path.endswith(place.year.references["placement"])
    with visiting(chromium, place.address, place.year, language, width) as visitor:
        visitor.sign_in("other_company")
        answer = visitor.page.goto(f"/company/apprentices/{place.year.references['placement']}")
        assert answer is not None and answer.status == 404
        visitor.look()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_asked_for_followed_and_taken_away(
    chromium: Browser, place: Lived, language: str
) -> None:
    with visiting(chromium, place.address, place.year, language) as visitor:
        page = visitor.page
        visitor.sign_in("programme_administrator")
        visitor.open("/staff/intakes/{intake}/reports")
        visitor.send("main form button[type=submit]")
        visitor.look()
        with test_context(place.database.system_app):
            waiting = db.session.scalars(sa.select(Report).order_by(Report.id.desc())).first()
            assert waiting is not None and waiting.figures is None
            compute({"report": waiting.reference}, lambda done, total: None)
        expect(page.locator("main table").first).to_be_attached(timeout=15_000)
        assert page.locator("main figure, main svg").count() > 0
        visitor.look()
        with page.expect_download() as taken:
            page.locator("main a[href$='/xlsx']").click()
        assert taken.value.suggested_filename.endswith(".xlsx")


def test_a_candidate_books_and_moves_in_arabic_and_the_panel_marks_on_a_phone(
    place: Lived, chromium: Browser
) -> None:
    with test_context(place.database.system_app):
        told = expected(place.year)
        with writing() as session:
            draft = sa.select(Application).where(Application.reference == place.year.references["draft"])
            file = session.scalars(draft).one()
            file.state, file.eligible, file.sent_at = "submitted", True, clock.now()
    address = f"/my/interviews/{place.year.references['draft']}"
    with visiting(chromium, place.address, place.year, "ar", 360) as candidate:
        candidate.sign_in("candidate")
        candidate.open(address)
        candidate.look()
        page = candidate.page
        page.locator("details:has(form[action$='/book']) > summary").first.click()
        other = page.locator("form[action$='/book'] input[type=radio]").first
        other.check()
        candidate.send("form[action$='/book'] button[type=submit]")
        expect(page.locator(".slot-when")).to_contain_text("09:30")
        candidate.look()
        follow(page.locator("a[href*='cancel=']"))
        candidate.look()
        candidate.send("form[action$='/give-back'] button.danger")
        expect(page.locator(".slot-when")).to_have_count(0)
        candidate.send("form[action$='/book'] button[type=submit]")  # none chosen: the page says so
        expect(page.locator(".error-summary")).to_be_visible()
        page.locator("form[action$='/book'] input[type=radio]").first.check()
        candidate.send("form[action$='/book'] button[type=submit]")
        expect(page.locator(".slot-when")).to_contain_text("09:00")
    with test_context(place.database.system_app), writing() as session:
        session.execute(sa.update(InterviewDay).values(day=clock.today()))
    with visiting(chromium, place.address, place.year, "fr", 360) as reader:
        reader.sign_in("reviewer")
        reader.open(f"/staff/interviews/{told['heard_day']}")
        reader.look()
        reader.send("button[value=arrived]")
        expect(reader.page.locator(".day-list .tag")).to_have_text("Présence notée")
        reader.look()
        reader.send("button[value=booked]")
        expect(reader.page.locator("button[value=no_show]")).to_be_visible()
