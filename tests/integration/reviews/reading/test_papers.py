"""The pages of papers beside the rubric: who sees a picture, when, and what is said where there is none."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.documents import tasks as documents
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import prepare_document
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.actions import load_definition
from cohortmgr.programmes.definition.rules import HiddenPart, PaperView
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone
from tests.integration.applications.documents.photos import photo

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
# What the next pages asked for: nothing was said of the one that somebody's file is called.
NAME = "Une N1 relevés.jpg"
pytestmark = pytest.mark.usefixtures("system_context")


def loaded(**changed: object) -> None:
    known = read_known("mdia")
    phases = (replace(known.rubric.phases[0], **changed), *known.rubric.phases[1:])  # type: ignore[arg-type]
    with writing():
        load_definition(SYSTEM, replace(known, rubric=replace(known.rubric, phases=phases)))


@pytest.fixture
def given(app: Flask) -> Iterator[tuple[Intake, list[Viewer]]]:
    intake = sent(3)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    yield intake, people


def review_of(reader: Viewer) -> Review:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Review).where(Review.reviewer_id == reader.person_id).order_by(Review.id)
    ).first()  # type: ignore[return-value]


def attached(review: Review, *contents: bytes, examined: bool = True) -> Document:
    """A transcript of the review's file, as its person sends it."""
    intake = db.session.get_one(Intake, review.intake_id)
    question = definition_of(intake).form.question("transcripts")
    parts = [prepare_document(question, NAME, each).part for each in contents]
    with writing() as session:
        file = session.get_one(Application, review.application_id)
        paper = papers.join(SYSTEM, file, None, "transcripts", parts)
    while examined and documents.examine_next():
        continue
    db.session.rollback()
    return db.session.get_one(Document, paper.id)


def page_of(review: Review, paper: Document, number: int = 1) -> str:
    return f"/staff/reviews/{review.reference}/documents/{paper.reference}/pages/{number}"


def noted() -> int:
    db.session.rollback()
    chosen = sa.select(sa.func.count()).where(Event.action == "applications.read_document")
    return int(db.session.scalar(chosen) or 0)


def cockpit(client: FlaskClient, review: Review) -> str:
    return html.unescape(client.get(f"/staff/reviews/{review.reference}").text)


def test_its_reader_sees_each_page_in_two_widths_and_nobody_else_does(
    app: Flask, given: tuple[Intake, list[Viewer]]
) -> None:
    intake, (reader, *others) = given
    review = review_of(reader)
    paper = attached(review, photo(size=(1500, 2000)), photo("blue", (1500, 2000)))
    client = browser(app, reader)
    page = cockpit(client, review)
    assert page.count("data-zooms") == 2 and "Page 2 sur 2" in page and page.count('loading="lazy"') == 2
    assert f'width="{paper.narrow_pages[0]["width"]}"' in page and "720w" in page
    for number in (1, 2):
        for asked, key in (("", paper.pages), ("?narrow=1", [each["key"] for each in paper.narrow_pages])):
            answer = client.get(page_of(review, paper, number) + asked)
            assert answer.status_code == 200 and answer.data == storage.load(key[number - 1])
            assert "no-store" in answer.headers["Cache-Control"]
            assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    for number in (0, 3):
        assert client.get(page_of(review, paper, number)).status_code == 404
    barred = next(each for each in others if review.application_id not in {row[0] for row in _files(each)})
    for stranger in (barred, someone(intake, Role.FINANCE)):
        assert browser(app, stranger).get(page_of(review, paper)).status_code == 404
    other = next(
        row for row in db.session.scalars(sa.select(Review)) if row.application_id != review.application_id
    )
    assert client.get(page_of(other, paper)).status_code == 404, "of another file's reading"


def _files(reader: Viewer) -> list[tuple[int]]:
    chosen = sa.select(Review.application_id).where(Review.reviewer_id == reader.person_id)
    return [(each,) for each in db.session.scalars(chosen)]


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [(PaperView.SHOWN, 200, 200), (PaperView.AFTER_SCORING, 404, 200), (PaperView.HIDDEN, 404, 404)],
)
def test_pages_show_when_the_rubric_says_so(
    app: Flask, given: tuple[Intake, list[Viewer]], view: PaperView, before: int, after: int
) -> None:
    _intake, (reader, *_others) = given
    loaded(papers=view)
    review = review_of(reader)
    paper, client = attached(review, photo()), browser(app, reader)
    assert client.get(page_of(review, paper)).status_code == before
    assert ("data-zooms" in cockpit(client, review)) == (before == 200)
    with writing():
        reading.draft(reader, review.reference, MARKS, "")
    assert client.get(page_of(review, paper)).status_code == after
    assert ("data-zooms" in cockpit(client, review)) == (after == 200)


def test_what_came_after_the_hand_in_is_not_shown_with_it(
    app: Flask, given: tuple[Intake, list[Viewer]]
) -> None:
    _intake, (reader, *_others) = given
    review = review_of(reader)
    first, client = attached(review, photo()), browser(app, reader)
    with writing():
        reading.score(reader, review.reference, MARKS)
    assert client.get(page_of(review, first)).status_code == 200, "what was read is still there"
    with clock.at(clock.now() + timedelta(minutes=5)):
        with writing() as session:
            session.get_one(Document, first.id).replaced_at = clock.now()
        second = attached(review_of(reader), photo("blue"))
    assert client.get(page_of(review, second)).status_code == 404
    assert client.get(f"/staff/reviews/{review.reference}/documents/{second.reference}").status_code == 404
    assert "data-zooms" not in cockpit(client, review_of(reader))
    with writing():
        reading.undo(reader, review.reference)
    assert client.get(page_of(review, second)).status_code == 200, "an open reading sees what there is"


def test_a_file_that_was_given_back_is_closed(app: Flask, given: tuple[Intake, list[Viewer]]) -> None:
    _intake, (reader, *_others) = given
    review = review_of(reader)
    paper, client = attached(review, photo()), browser(app, reader)
    assert client.get(page_of(review, paper)).status_code == 200
    with writing():
        reading.abstain(reader, review.reference, "Je la connais.")
    assert client.get(page_of(review, paper)).status_code == 404


def test_the_trail_notes_a_paper_once_whatever_pages_are_seen(
    app: Flask, given: tuple[Intake, list[Viewer]]
) -> None:
    _intake, (reader, *_others) = given
    review = review_of(reader)
    paper, client = attached(review, photo(), photo("blue")), browser(app, reader)
    moment = clock.now()
    with clock.at(moment):
        cockpit(client, review)
        assert noted() == 0, "a page that is fetched ahead shows no picture"
        for number in (1, 2, 1):
            client.get(page_of(review, paper, number))
        assert noted() == 1
        assert client.get(page_of(review, paper, 9)).status_code == 404 and noted() == 1
    with clock.at(moment + timedelta(minutes=16)):
        client.get(page_of(review, paper))
    assert noted() == 2


@pytest.mark.parametrize("hidden", [True, False])
def test_the_name_of_the_file_is_told_only_where_the_rubric_shows_it(
    app: Flask, given: tuple[Intake, list[Viewer]], hidden: bool
) -> None:
    _intake, (reader, *_others) = given
    loaded(hidden=(HiddenPart.FILE_NAMES,) if hidden else ())
    review = review_of(reader)
    paper, client = attached(review, photo()), browser(app, reader)
    assert (NAME.partition(".")[0] in cockpit(client, review)) != hidden
    answer = client.get(page_of(review, paper))
    assert "N1" not in str(answer.headers), "nor does a picture tell it"


def test_what_cannot_be_seen_yet_or_ever_is_said(app: Flask, given: tuple[Intake, list[Viewer]]) -> None:
    _intake, (reader, *_others) = given
    review = review_of(reader)
    paper, client = attached(review, photo(), examined=False), browser(app, reader)
    waits = cockpit(client, review)
    assert "encore vérifié" in waits and "Ouvrir le fichier" not in waits
    while documents.examine_next():
        continue
    for columns, said in (
        ({"narrow_pages": []}, "data-zooms"),
        ({"narrow_pages": [], "pages": [], "drawn": False}, "sont en préparation"),
        ({"narrow_pages": [], "pages": [], "drawn": True}, "n’ont pas pu être mises en images"),
    ):
        with writing() as session:
            row = session.get_one(Document, paper.id)
            for name, value in columns.items():
                setattr(row, name, value)
        page = cockpit(client, review)
        assert said in page and "Ouvrir le fichier" in page, said
    with writing() as session:
        row = session.get_one(Document, paper.id)
        row.state, row.reason, row.storage_key = "refused", "encrypted", None
    page = cockpit(client, review)
    assert "n’a pas pu être lu" in page and "protégé par un mot de passe" in page
    assert "Ouvrir le fichier" not in page


def test_of_a_long_paper_it_is_said_how_many_pages_stand_in_the_file(
    app: Flask, given: tuple[Intake, list[Viewer]]
) -> None:
    _intake, (reader, *_others) = given
    review = review_of(reader)
    paper, client = attached(review, photo()), browser(app, reader)
    with writing() as session:
        row = session.get_one(Document, paper.id)
        row.parts = [{**row.parts[0], "pages": 13}]
    page = cockpit(client, review)
    assert "Page 1 sur 13" in page and "12 autres pages" in page


def test_papers_in_open_readings_are_drawn_before_newer_ones(given: tuple[Intake, list[Viewer]]) -> None:
    _intake, people = given
    review = review_of(people[0])
    other = next(
        row for row in db.session.scalars(sa.select(Review)) if row.application_id != review.application_id
    )
    for reader in people:
        for row in own.queue(reader):
            if db.session.scalar(
                sa.select(Review.application_id).where(Review.reference == row.reference)
            ) == (other.application_id):
                with writing():
                    reading.score(reader, row.reference, MARKS)
    in_hand, newer = attached(review, photo()), attached(other, photo("blue"))
    with writing():
        db.session.execute(sa.update(Document).values(drawn=False))
    assert documents.draw_next()
    db.session.rollback()
    chosen = sa.select(Document.id).where(Document.drawn)
    assert list(db.session.scalars(chosen)) == [in_hand.id]
    assert documents.draw_next() and not documents.draw_next()
    db.session.rollback()
    assert set(db.session.scalars(chosen)) == {in_hand.id, newer.id}
