"""Each search and each filter of a list of 20,000 files reads a few blocks, by the role behind the walls."""

from __future__ import annotations

import html
import random
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.words import words_of
from cohortmgr.applications.lists.filters import OUTCOMES
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base import crypto
from cohortmgr.base.db import see, writing
from cohortmgr.programmes.queries import intake_of
from tests.databases import Database, PostgresDatabase
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import browser
from tests.integration.applications.lists.test_many import FILES, MOST_BLOCKS, beside, explained
from tests.integration.applications.lists.test_many import reader as reader  # a fixture

pytestmark = pytest.mark.postgres_only
GIVEN = (
    "Mohamed",
    "Fatima Zahra",
    "Youssef",
    "Salma",
    "Abd El Krim",
    "Imane",
    "M'hamed",
    "Zoé",
    "Ali",
    "Nadia",
)
FAMILY = (
    "El Amrani",
    "Elidrissi",
    "Benjelloun",
    "Alaoui",
    "Ait Taleb",
    "Tazi",
    "Ouazzani",
    "Bennis",
    "Filali",
    "Kadiri",
)
GIVEN_AR = ("محمد", "فاطمة الزهراء", "يوسف", "سلمى", "عبد الكريم", "إيمان", "مريم", "علي")
FAMILY_AR = ("العمراني", "الإدريسي", "بنجلون", "العلوي", "آيت الطالب", "التازي")
WORDS = sa.text("""
    UPDATE applications SET search_text = told.words
    FROM unnest(CAST(:numbers AS text[]), CAST(:words AS text[])) AS told (number, words)
    WHERE applications.number = told.number
""")
BATCH = sa.text("""
    INSERT INTO batches (reference, version, institution_id, intake_id, offering_id, state, seats, waiting, seed, note,
        certificate, proposed_by, proposed_at)
    SELECT lpad('B', 26, '0'), 1, :institution, :intake, min(id), 'approved', 1, 1, '', '', '{}', '', now()
    FROM offerings WHERE intake_id = :intake RETURNING id
""")
# What belongs to the files: to most of them, to some, to few and to none.
BESIDE = """
    INSERT INTO identifiers (reference, person_id, kind, sealed, blind)
      SELECT lpad('I' || id, 26, '0'), id, 'cin', '', CASE WHEN id = :person THEN :cin ELSE md5(id::text) END
      FROM persons WHERE reference LIKE '%P%';
    INSERT INTO documents (reference, institution_id, person_id, application_id, question, state, parts, pages,
        filename, media_type, size, sha256, uploaded_at, tries)
      SELECT lpad('D' || id, 26, '0'), institution_id, person_id, id, 'releve', 'clean', '[]', '[]', '', '', 1, '',
        now(), 0 FROM applications WHERE id % 3 > 0;
    INSERT INTO notes (reference, institution_id, application_id, sealed, author, author_name, pinned, written_at)
      SELECT lpad('N' || id, 26, '0'), institution_id, id, '', '', '', false, now() FROM applications WHERE id % 50 = 0;
    INSERT INTO corrections (reference, version, institution_id, person_id, application_id, state, message, until,
        asked_by, asked_at)
      SELECT lpad('C' || id, 26, '0'), 1, institution_id, person_id, id,
        CASE WHEN id % 160 = 0 THEN 'asked' ELSE 'done' END, '', now(), '', now() FROM applications WHERE id % 10 = 0;
    INSERT INTO extensions (reference, institution_id, person_id, application_id, until, reason, by, at)
      SELECT lpad('E' || id, 26, '0'), institution_id, person_id, id, now(), '', '', now() FROM applications
      WHERE id % 100 = 0;
    INSERT INTO decisions (reference, institution_id, batch_id, application_id, person_id, intake_id, outcome, reasons,
        notified_at)
      SELECT lpad('Z' || a.id, 26, '0'), institution_id, :batch, a.id, person_id, intake_id,
        CASE WHEN a.id % 10 = 0 THEN 'offer' WHEN a.id % 10 = 1 THEN 'waiting' ELSE 'refused' END, '[]', now()
      FROM applications a WHERE a.id % 10 < 8;
"""
SEARCHES = {
    "a reference": f"{'A77':0>26}",
    "a number": "MDIA-000077",
    "a number without its prefix": "000077",
    "the beginning of a number": "mdia-0001",
    "an identity number": "ZZ 123456",
    "a telephone": "06 12 34 56 78",
    "an address": "ali.1234@exemple.ma",
    "a family name": "benjelloun",
    "a family name in two words": "el amrani",
    "and in one": "elamrani",
    "a full name": "mohamed el amrani",
    "a long name": "Fatima-Zahra Elidrissi",
    "an Arabic name": "العمراني",
    "an Arabic name of two words": "عبد الكريم بنجلون",
    "two beginnings": "moh tazi",
    "a beginning of two letters": "el",
    "a beginning that all have": "mdia",
    "one letter": "a",
    "a name that nobody has": "zzzyx",
    "names that nobody has together": "salma idrissi imane",
}

# How many files the first page shows, where there are fewer than fifty.
FOUND = {
    **dict.fromkeys(
        (
            "a reference",
            "a number",
            "a number without its prefix",
            "an identity number",
            "a telephone",
            "an address",
        ),
        1,
    ),
    **dict.fromkeys(("a name that nobody has", "names that nobody has together"), 0),
}
FILTERS = (
    "documents=yes", "documents=no", "note=yes", "note=no", "correction=asked", "correction=done", "correction=none",
    "extended=yes", *(f"outcome={each}" for each in OUTCOMES), "eligible=yes", "eligible=no", "region=MA-05",
    "diploma=informatique", "average_from=14&average_to=16", "source=import", "source=paper", "state=draft",
    "state=all", "offering=none", "sent_from=2026-01-01&sent_to=2030-01-01", "sent_to=2020-01-01",

)  # fmt: skip
EMPTY = ("source=paper", "state=draft", "offering=none", "sent_to=2020-01-01")


@pytest.fixture
def searched(reader: FlaskClient, app: Flask, database: Database) -> FlaskClient:
    """The reader of many files, which have names and addresses, and of which some have papers, notes and decisions."""
    chance = random.Random(1)
    numbers = [f"MDIA-{number:06d}" for number in range(1, FILES + 1)]
    words = []
    for index, number in enumerate(numbers):
        names = [chance.choice(each) for each in (GIVEN, FAMILY, GIVEN_AR, FAMILY_AR)]
        words.append(words_of(names, number, f"ali.{index}@exemple.ma"))
    row = intake_of("mdia", "2027")
    with writing() as session:
        session.execute(WORDS, {"numbers": numbers, "words": words})
        batch = session.scalar(BATCH, {"institution": row.institution_id, "intake": row.id})
        person = session.scalar(sa.text("SELECT person_id FROM applications WHERE number = 'MDIA-000077'"))
        given = {"person": person, "cin": crypto.blind_index("cin", "ZZ123456"), "batch": batch}
        for statement in filter(str.strip, BESIDE.split(";")):
            session.execute(sa.text(statement), given)
        phone = {"blind": crypto.blind_index("phone", "+212612345678"), "person": person}
        session.execute(sa.text("UPDATE persons SET phone_blind = :blind WHERE id = :person"), phone)
    assert isinstance(database, PostgresDatabase)
    database.admin.execute("VACUUM (ANALYZE)")
    return reader


def light(read: list[tuple[int, str]], what: str) -> None:
    heavy = [(blocks, text) for blocks, text in read if blocks >= MOST_BLOCKS]
    assert read and not heavy, (what, heavy)


def test_each_search_reads_a_few_blocks(intake: str, searched: FlaskClient, app: Flask) -> None:
    """Its first page, the next and the last; a file within it; and the search in all intakes."""
    path = f"/staff/intakes/{intake}/applications"
    viewer = steps.staff(browser(app), Role.SELECTION_MANAGER, "ma.inpt.")
    for name, text in SEARCHES.items():
        with explained(app) as read:
            page = searched.get(path, query_string={"search": text}).text
            if 'rel="next"' in page:
                searched.get(beside(page, "next"))
                searched.get(path, query_string={"search": text, "end": "1"})
            file = re.search(r'href="(/staff/applications/[0-9A-Z]{26}\?[^"]*)"', page)
            if file and name in ("a family name", "a full name", "a beginning that all have"):
                assert searched.get(html.unescape(file[1])).status_code == 200
        assert page.count('<th scope="row">') == FOUND.get(name, 50), name
        light(read, name)
        with app.app_context(), explained(app) as read:
            see(viewer.listed, viewer.person_id)
            rows = searching.everywhere(viewer, text).rows
        assert len(rows) == FOUND.get(name, searching.SHOWN), name
        light(read, name)


def test_each_filter_reads_a_few_blocks(intake: str, searched: FlaskClient, app: Flask) -> None:
    path = f"/staff/intakes/{intake}/applications"
    for name in FILTERS:
        with explained(app) as read:
            page = searched.get(f"{path}?{name}").text
        assert page.count('<th scope="row">') == (0 if name in EMPTY else 50), name
        light(read, name)
