"""The frame of staff's pages: in which intake one is, its rooms, and no figure that is not the viewer's to see."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.registries.waiting import MOST_COUNTED, workspace_of
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.models import Review
from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.choices import browser, decided, known, readers, sent, someone
from tests.factories.year import lived
from tests.watch import SeparateClient, test_context

Statements = Callable[[], AbstractContextManager[list[str]]]
system = pytest.mark.usefixtures("system_context")
SIDE = re.compile(
    r'<a href="([^"]+)"(?: aria-current="(\w+)")?>(?:<svg.*?</svg>)?<span class="side-name">([^<]+)</span>'
    r'\s*(?:<span class="side-count">([^<]*)</span>)?\s*(<span class="side-dot">)?',
    re.S,
)


def side(page: str) -> dict[str, str]:
    """Label to the figure beside it; a dot is written as one."""
    nav = page.split('id="navigation"')[1].split("</nav>")[0]
    return {label: "•" if dot else count for _url, _mark, label, count, dot in SIDE.findall(nav)}


def opened(app: Flask, viewer: Viewer, path: str) -> dict[str, str]:
    answer = browser(app, viewer).get(path)
    assert answer.status_code == 200, path
    return side(answer.text)


@system
def test_each_role_sees_the_rooms_it_may_open_and_their_figures(app: Flask) -> None:
    intake, _batch = decided(4, 2)
    home = f"/staff/intakes/{intake.reference}"
    manager = opened(app, known("selection_manager@inpt.ma"), home)
    assert manager["Candidatures"] == "4" and manager["Sélection"] == "2" and manager["Lectures"] == ""
    assert [*manager].index("Candidatures") < [*manager].index("Lectures") < [*manager].index("Sélection")
    observer = opened(app, someone(intake, Role.OBSERVER), home)
    assert {*observer} == {"Aujourd’hui", "Vue d’ensemble", "Rapports"} and not any(observer.values())
    reader = opened(app, known("r0@inpt.ma"), "/staff/reviews")
    assert {*reader} == {"Aujourd’hui", "Mes lectures"}


@system
def test_readings_that_wait_are_counted_as_far_as_a_figure_is_told(app: Flask) -> None:
    intake = sent(3)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake)
    home = f"/staff/intakes/{intake.reference}"
    assert opened(app, manager, home)["Lectures"] == ""
    with writing() as session:
        files = session.scalars(sa.select(Application.id).order_by(Application.id)).all()
        session.add_all(
            Review(
                institution_id=intake.institution_id,
                application_id=file,
                intake_id=intake.id,
                reviewer_id=person.person_id,
                assigned_at=clock.now(),
            )
            for file in files
            for person in people
        )
    assert opened(app, manager, home)["Lectures"] == "9"


@system
def test_an_enroller_counts_their_own_rows_alone(app: Flask) -> None:
    intake = sent(1)
    enroller, other = someone(intake, Role.GROUP_ENROLLER), someone(intake, Role.GROUP_ENROLLER, "other")
    manager = someone(intake, Role.SELECTION_MANAGER)
    for viewer, number in ((enroller, 2), (other, MOST_COUNTED)):
        _rows(intake, viewer, number)
    home = f"/staff/intakes/{intake.reference}"
    assert opened(app, enroller, home)["Lignes à réparer"] == "2"
    assert opened(app, other, home)["Lignes à réparer"] == "99"
    assert opened(app, manager, home)["Lignes à réparer"] == "99+"
    today = html.unescape(browser(app, enroller).get("/staff").text)
    assert "Lignes à réparer (2)" in today and f"/staff/intakes/{intake.reference}/tray" in today
    assert "Lignes à réparer (99+)" in html.unescape(browser(app, manager).get("/staff").text)


def _rows(intake: Intake, viewer: Viewer, number: int) -> None:
    common: dict[str, Any] = {"institution_id": intake.institution_id, "intake_id": intake.id}
    with writing() as session:
        run = ImportRun(**common, by=viewer.reference, at=clock.now(), filename="f.csv")
        session.add(run)
        session.flush()
        session.add_all(
            TrayRow(
                **common,
                run_id=run.id,
                fingerprint=new_reference(),
                line=line,
                sealed=b"x",
                created_at=clock.now(),
            )
            for line in range(number)
        )


@system
def test_who_works_elsewhere_finds_neither_the_intake_nor_a_figure_of_it(app: Flask) -> None:
    intake = sent(2)
    with writing():
        account = accounts.new_account(SYSTEM, "voisine@inpt.ma", "no hash", {"given_name": "Une"})
        sister = "ma.inpt.voisin."
        accounts.grant(
            SYSTEM,
            account,
            Role.PROGRAMME_ADMINISTRATOR,
            "programme",
            "sister",
            sister,
            [intake.institution_id],
        )
    desk = browser(app, known("voisine@inpt.ma"))
    for path in ("/staff", f"/staff/search?at={intake.reference}&q=candidatures"):
        page = desk.get(path).text
        assert "Candidatures" not in side(page) and f"/intakes/{intake.reference}" not in page
        assert intake.title["fr"] not in page


@system
def test_one_statement_draws_the_frame(app: Flask, statements: Statements) -> None:
    intake = sent(2)
    desk = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    for page in ("", "/applications", "/reviews", "/ranking", "/reports", "/tray"):
        with statements() as seen:
            assert desk.get(f"/staff/intakes/{intake.reference}{page}").status_code == 200
        assert sum("is_here" in each for each in seen) == 1, page
    with statements() as seen:
        assert desk.get("/staff/questions").status_code == 200
    assert sum("is_here" in each for each in seen) == 1


@system
def test_a_programme_without_readings_pay_and_companies_has_no_such_rooms_and_stages(app: Flask) -> None:
    intake = sent(1)
    desk = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    with_pay = desk.get(f"/staff/intakes/{intake.reference}").text
    definition = read_known("ai-master-junior")
    assert definition.stipend is None and definition.placement is None
    with writing():
        programmes.load_definition(SYSTEM, definition)
    junior = db.session.scalars(sa.select(Intake).where(Intake.path.like("%ai-master-junior%"))).first()
    assert junior is not None
    without = browser(app, someone(junior, Role.PROGRAMME_ADMINISTRATOR, "junior")).get(
        f"/staff/intakes/{junior.reference}"
    )
    names = re.compile(r'<span class="rail-name">(?:<a [^>]*>)?([^<]+)<')
    assert names.findall(with_pay) == [
        "Candidatures", "Lectures", "Sélection", "Inscriptions", "En entreprise", "Bourses", "Insertion",
    ]  # fmt: skip
    assert names.findall(without.text) == [
        "Candidatures", "Inscriptions", "Insertion",
    ]  # fmt: skip


@system
def test_the_overview_says_where_each_stage_stands_to_who_may_know(app: Flask) -> None:
    intake, _batch = decided(5, 2, approve=False)
    home = f"/staff/intakes/{intake.reference}"
    figures = re.compile(r'<b class="rail-figure">([^<]*)</b>')
    with clock.at(clock.instant(date(2025, 7, 21), 10)):
        administrator = html.unescape(browser(app, known("programme_administrator@inpt.ma")).get(home).text)
        finance = html.unescape(browser(app, someone(intake, Role.FINANCE)).get(home).text)
    shown = [each.replace("\u202f", "") for each in figures.findall(administrator)]
    assert shown == ["5", "10", "0 / 2", "0", "0", "0 / 18", "—"]
    assert "un lot attend un accord" in administrator and "Relire et approuver" in administrator
    assert (
        "Rentrée" in administrator
        and "Clôture" not in administrator.split("Ce qui vient")[1].split("</ul>")[0]
    )
    assert figures.findall(finance) == ["5", "0 / 18", "—"]
    assert finance.count("suivie par d’autres") == 4
    assert "un lot attend" not in finance and "Relire et approuver" not in finance
    rail = finance[finance.index('<ol class="rail"') :].partition("</ol>")[0]
    assert rail.count('class="unseen"') == 4, "what one may not know is not to come"


def test_every_page_about_something_of_an_intake_stands_in_it(database: Database) -> None:
    """Each GET address of the role × route table that has a way is opened by who may."""
    with test_context(database.system_app):
        year = lived()
        tokens = sessions(year)
    references = places(database, year)
    database.app.test_client_class = SeparateClient
    client = database.app.test_client(use_cookies=False)
    ways, seen = workspace_of(database.app).ways, set()
    for method, path, cells in rows():
        parts = path.split("/")
        if (
            method != "GET"
            or parts[1] != "staff"
            or len(parts) < 4
            or parts[2] not in ways
            or parts[2] in seen
        ):
            continue
        by_letter = dict(zip(COLUMNS, cells, strict=True))
        letter = next((each for each in "pmcf" if by_letter[each] == "2"), None)
        if letter is None:
            continue
        answer = client.get(path.format(**references), headers=cookie(database, tokens[letter]))
        if answer.mimetype != "text/html" or 'id="navigation"' not in answer.text:
            continue
        seen.add(parts[2])
        marked = re.findall(
            r'aria-current="(?:page|true)">(?:<svg.*?</svg>)?<span class="side-name">', answer.text
        )
        assert 'class="side-title"' in answer.text, path
        assert marked, path
    assert seen >= {
        "intakes", "applications", "documents", "exports", "lots", "duplicates", "imports", "tray", "reviews",
        "batches", "offers", "cohorts", "enrolments", "placements", "stipends", "stipend-lines", "reports", "campaigns",
    }  # fmt: skip


@system
def test_an_enroller_finds_the_guardians_answers_at_the_side(app: Flask) -> None:
    """Not only while something waits there; and not where no guardian is asked."""
    with writing():
        programmes.load_definition(SYSTEM, read_known("ai-master-junior"))
    children, adults = intake_of("ai-master-junior"), sent(1)
    for intake, is_there in ((children, True), (adults, False)):
        enroller = someone(intake, Role.GROUP_ENROLLER, f"e{intake.id}")
        rooms = opened(app, enroller, f"/staff/intakes/{intake.reference}")
        assert ("Accords des tuteurs légaux" in rooms) is is_there
    desk = browser(app, someone(children, Role.GROUP_ENROLLER, "again"))
    page = f"/staff/intakes/{children.reference}/enrolled"
    assert desk.get(page).status_code == 200 and f'href="{page}" aria-current="page"' in desk.get(page).text
