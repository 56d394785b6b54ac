"""What a reader is told: by which day files are due, and each part of a file in the reader's words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import HiddenPart
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.assignment.actions import by_hand, sharing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
pytestmark = pytest.mark.usefixtures("system_context")


def test_the_queue_says_by_which_day_files_are_due_and_which_are_late(app: Flask) -> None:
    intake = sent(3)
    manager, (one, two) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference)
    assert "À remettre le" not in browser(app, one).get("/staff/reviews").text, "no day, no column"
    day = clock.today() + timedelta(days=2)
    with writing():
        by_hand.set_day(manager, intake.reference, day, one.person_reference)
    page = browser(app, one).get("/staff/reviews").text
    assert "À remettre le" in page and "En retard" not in page
    rows = own.queue(one)
    assert [row.due_on for row in rows] == [day] * 3
    with writing():
        reading.score(one, rows[0].reference, MARKS)
    with clock.at(clock.now() + timedelta(days=4)):
        page = browser(app, one).get("/staff/reviews?sort=due").text
        assert page.count('class="tag stop">En retard') == 2, "what is handed in is not late"
        assert "En retard" not in browser(app, two).get("/staff/reviews").text


def _read_by(app: Flask, intake: Intake) -> tuple[list[str], str]:
    """The headings of a file as its reader sees it, and the file."""
    manager, (one, _two) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference)
    client = browser(app, one)
    page = client.get(f"/staff/reviews/{own.queue(one)[0].reference}").text
    file = page.split("data-file")[1].split("</section>")[0]
    return re.findall(r"<h3>(.*?)</h3>", file), file


def test_headings_are_the_reader_s_words_where_a_definition_has_them(app: Flask) -> None:
    headings, file = _read_by(app, sent(1))
    assert headings[:2] == ["Études", "Projet"], headings
    assert "Votre" not in file and "Vos " not in file and "Pourquoi ce master" not in file
    assert "Motivation pour ce master" in file


def test_without_words_for_readers_a_part_bears_the_candidate_s(app: Flask) -> None:
    sent(1)
    master = read_known("mdia")
    sections = tuple(replace(each, reader_title=None) for each in master.form.sections)
    with writing():
        programmes.load_definition(SYSTEM, replace(master, form=replace(master.form, sections=sections)))
    assert _read_by(app, intake_of("mdia", "2025"))[0][:2] == ["Vos études", "Votre projet"]


def test_an_answer_that_tells_several_parts_is_hidden_with_one_of_them(app: Flask) -> None:
    sent(1)
    master = read_known("mdia")
    tells = (HiddenPart.PHOTO, HiddenPart.SCHOOL)
    sections = tuple(
        replace(
            each,
            questions=tuple(replace(q, reveals=tells) if q.key == "s1" else q for q in each.questions),
        )
        for each in master.form.sections
    )
    with writing():
        programmes.load_definition(SYSTEM, replace(master, form=replace(master.form, sections=sections)))
    assert "14,5" not in _read_by(app, intake_of("mdia", "2025"))[1]
