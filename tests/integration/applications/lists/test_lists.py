"""Who sees which application, and the staff's list and file."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import ANONYMOUS, Role
from cohortmgr.applications.documents import queries as documents
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, paging
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound
from cohortmgr.base.text import fold
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, browser, fill, sign_up


def many(count: int) -> None:
    """Sent applications with names that sort."""
    row = intake_of("mdia", "2027")
    moment = clock.now()
    with writing() as session:
        for i in range(count):
            person = Person(created_at=moment, given_name="Ali", family_name=f"Nom{i:03d}")
            session.add(person)
            session.flush()
            name = f"Ali Nom{i:03d}"
            session.add(
                Application(
                    institution_id=row.institution_id, person_id=person.id, intake_id=row.id,
                    version_id=row.definition_version_id, number=f"MDIA-{i:06d}", state="submitted", source="import",
                    name=name, sort_name=fold(f"Nom{i:03d} Ali"), search_text=fold(f"{name} علي MDIA-{i:06d}"),
                    eligible=i % 10 != 0, region="MA-04", average_thousandths=10_000 + i, sent_at=moment,
                    created_at=moment, updated_at=moment,
                )
            )  # fmt: skip


def beside(page: str, rel: str) -> str:
    """The address of the page before (`prev`) or behind (`next`)."""
    found = re.search(rf'<a [^>]*rel="{rel}" href="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_another_candidate_finds_nothing(intake: str, sent: str, app: Flask) -> None:
    document = db.session.scalars(sa.select(Document.reference)).one()
    other = browser(app)
    sign_up(other, "autre@exemple.ma")
    for path in ("", "/form", "/check", "/withdraw"):
        assert other.get(f"/my/applications/{sent}{path}").status_code == 404
    for path in ("/form", "/check", "/withdraw", "/documents"):
        assert other.post(f"/my/applications/{sent}{path}").status_code == 404
    assert other.get(f"/my/documents/{document}").status_code == 404
    assert other.get(f"/staff/documents/{document}").status_code == 404
    assert other.get(f"/staff/applications/{sent}").status_code == 404
    assert other.get(f"/staff/applications/{sent}/file").status_code == 404
    assert other.get(f"/staff/intakes/{intake}/applications").status_code == 404
    with pytest.raises(NotFound):
        documents.document(ANONYMOUS, document)


def test_one_s_own_document_comes_as_a_download(sent: str, client: FlaskClient) -> None:
    document = db.session.scalars(sa.select(Document.reference)).one()
    assert client.get(f"/my/documents/{document}").status_code == 404  # nobody has examined it
    steps.examine()
    answer = client.get(f"/my/documents/{document}")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_staff_of_another_programme_find_nothing(intake: str, sent: str, app: Flask) -> None:
    stranger = browser(app)
    steps.staff(stranger, Role.SELECTION_MANAGER, "ma.inpt.autre.")
    assert stranger.get(f"/staff/applications/{sent}").status_code == 404
    assert stranger.post(f"/staff/applications/{sent}/unseal").status_code == 404
    assert stranger.get(f"/staff/intakes/{intake}/applications").status_code == 404


def test_a_reviewer_reads_no_list(intake: str, sent: str, app: Flask) -> None:
    reviewer = browser(app)
    steps.staff(reviewer, Role.REVIEWER)
    assert reviewer.get(f"/staff/intakes/{intake}/applications").status_code == 404


def test_sealed_answers_open_on_demand_and_the_reading_is_noted(sent: str, app: Flask) -> None:
    desk = browser(app)
    steps.staff(desk)
    closed = desk.get(f"/staff/applications/{sent}/file").text
    assert "El Idrissi" in closed and "AB123456" not in closed and "Réponse protégée" in closed
    opened = desk.post(f"/staff/applications/{sent}/unseal")
    assert "AB123456" in opened.text and opened.headers["Cache-Control"] == "no-store"
    assert "Réponses protégées lues" in desk.get(f"/staff/applications/{sent}").text
    document = db.session.scalars(sa.select(Document.reference)).one()
    assert desk.get(f"/staff/documents/{document}").status_code == 404
    steps.examine()
    assert desk.get(f"/staff/documents/{document}").data.startswith(b"%PDF-")
    db.session.rollback()
    noted = set(db.session.scalars(sa.select(Event.action).where(Event.object_reference == sent)))
    assert noted == {"applications.submit", "applications.unseal", "applications.read_document"}


def test_staff_see_that_a_draft_is_there_and_not_what_it_says(
    intake: str, client: FlaskClient, app: Flask
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    desk = browser(app)
    steps.staff(desk)
    page = desk.get(f"/staff/applications/{reference}/file").text
    assert "Pas encore envoyée" in page and "FST Fès" not in page and "releve.pdf" not in page


@pytest.mark.parametrize(
    "text",
    ["idrissi", "ÉL IDRISSI zoe", "الادريسي", "الإِدْرِيسِيّ", "zoe@exemple.ma", "AB 123456", "ab123456", "r123456789",
     "06 12 34 56 78", "+212 612-345678", "٠٦١٢٣٤٥٦٧٨", "its reference"],
)  # fmt: skip
def test_a_file_is_found_by_what_people_say(intake: str, sent: str, app: Flask, text: str) -> None:
    many(3)
    desk = browser(app)
    steps.staff(desk)
    search = {"search": sent.lower() if text == "its reference" else text}
    page = desk.get(f"/staff/intakes/{intake}/applications", query_string=search).text
    assert sent in page and "Nom001" not in page


def test_filters_sort_and_size_live_in_the_address(intake: str, app: Flask) -> None:
    many(60)
    desk = browser(app)
    steps.staff(desk)
    path = f"/staff/intakes/{intake}/applications"
    first = desk.get(path).text
    assert "Nom049" in first and "Nom050" not in first and "page 1" in first
    assert "Nom059" in desk.get(f"{path}?end=1").text
    second = desk.get(beside(first, "next")).text
    assert "Nom050" in second and "page 2 sur 2" in second
    assert "Nom049" in desk.get(beside(second, "prev")).text
    assert "Cochés sur cette page" in first
    whole = desk.get(f"{path}?size=600").text
    assert whole.count('<th scope="row">') == 60 and "Cochés sur cette page" not in whole
    assert desk.get(f"{path}?eligible=no").text.count('<th scope="row">') == 6
    assert desk.get(f"{path}?region=MA-01").text.count('<th scope="row">') == 0
    assert desk.get(f"{path}?source=online").text.count('<th scope="row">') == 0
    turned = desk.get(f"{path}?sort=-average&size=600").text
    assert turned.index("Nom059") < turned.index("Nom000")
    assert desk.get(f"{path}?sort=rubbish&state=rubbish&size=x&page=x").status_code == 200


def test_a_list_that_is_not_counted_to_its_end_says_so_where_all_of_it_is_acted_on(
    intake: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(110)
    desk = browser(app)
    steps.staff(desk)
    address = f"/staff/intakes/{intake}/applications?average_from=10"
    assert "liste\xa0: 110 dossiers" in desk.get(address).text
    monkeypatch.setattr(paging, "COUNTED", 55)
    first = desk.get(address).text
    assert "liste\xa0: plus de 55 dossiers" in first and "liste\xa0: 55" not in first
    last = desk.get(f"{address}&end=1").text
    back = desk.get(beside(last, "prev")).text
    assert "Ali Nom010" in back and not re.search(r"· page \d", last + back)  # nobody counted which they are


def test_next_and_previous_stay_within_the_filter(intake: str, app: Flask) -> None:
    many(12)
    desk = browser(app)
    steps.staff(desk)
    numbers = dict(db.session.execute(sa.select(Application.number, Application.reference)).all())
    page = desk.get(f"/staff/applications/{numbers['MDIA-000010']}?eligible=no").text
    assert numbers["MDIA-000000"] + "?eligible=no" in page and "2 sur 2" in page
    middle = desk.get(f"/staff/applications/{numbers['MDIA-000005']}").text
    assert numbers["MDIA-000004"] in middle and numbers["MDIA-000006"] in middle


def test_the_list_sends_as_many_statements_for_600_rows_as_for_5(
    intake: str, app: Flask, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    desk = browser(app)
    steps.staff(desk)
    found = []
    many(5)
    for more in (0, 595):
        if more:
            with writing() as session:
                session.execute(sa.delete(Application))
            many(600)
        with statements() as seen:
            page = desk.get(f"/staff/intakes/{intake}/applications?size=600").text
        found.append(len(beside_frame(seen)))
        assert page.count('<th scope="row">') == 5 + more
    assert found[0] == found[1] <= 4


def test_counts_for_home_pages(intake: str) -> None:
    many(20)
    number = intake_of("mdia", "2027").id
    assert file.counts([number])[number] == {
        "draft": 0, "held": 0, "submitted": 20, "withdrawn": 0, "superseded": 0, "eligible": 18, "ineligible": 2,
        "undecided": 0, "refused": 0, "awaited": 0,
    }  # fmt: skip
