"""Behind the walls of PostgreSQL a page of a list reads a few blocks, whether there are 600 files or 20,000."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from cohortmgr.applications.lists.filters import SORTS
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.queries import intake_of
from tests.databases import Database, PostgresDatabase
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import browser

FILES = 20_000
MOST_BLOCKS = 2_000
pytestmark = pytest.mark.postgres_only
_PERSONS = sa.text("""
    INSERT INTO persons (reference, created_at, given_name, family_name, given_name_ar, family_name_ar, language,
                         search_name, version)
    SELECT lpad('P' || n, 26, '0'), now(), 'Ali', 'Nom' || n, '', '', 'fr', 'nom', 1
    FROM generate_series(1, :files) n
""")
_FILES = sa.text("""
    INSERT INTO applications (reference, version, institution_id, person_id, intake_id, version_id, number, state,
        consent, source, language, answers, eligible, reasons, name, sort_name, search_text, region, region_rank,
        diploma, diploma_rank, average_thousandths, average_rank, sent_at, created_at, updated_at)
    SELECT lpad('A' || n, 26, '0'), 1, :institution, p.id, :intake, :definition, 'MDIA-' || lpad(n::text, 6, '0'),
        'submitted', 'none', 'import', 'fr', '{}', n % 10 <> 0, '[]', 'Ali Nom' || n, 'nom' || md5(n::text),
        'nom', CASE WHEN n % 13 > 0 THEN 'MA-' || lpad((n % 12 + 1)::text, 2, '0') END,
        CASE WHEN n % 13 > 0 THEN 'MA-' || lpad((n % 12 + 1)::text, 2, '0') ELSE 'ZZ' END,
        'informatique', 'informatique', 10000 + n % 9000, 10000 + n % 9000,
        now() - n * interval '1 second', now(), now()
    FROM generate_series(1, :files) n JOIN persons p ON p.reference = lpad('P' || n, 26, '0')
""")


@contextmanager
def explained(app: Flask) -> Iterator[list[tuple[int, str]]]:
    """Collect the 8 KB blocks that each SELECT of the block reads, by the application's own role."""
    found: list[tuple[int, str]] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and "set_config" not in statement:
            with connection.connection.cursor() as apart:
                apart.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
                plan = apart.fetchone()[0]
                plan = plan if isinstance(plan, list) else json.loads(plan)
                top = plan[0]["Plan"]
                found.append((top["Shared Hit Blocks"] + top["Shared Read Blocks"], statement))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "after_cursor_execute", explain)


@pytest.fixture
def reader(intake: str, app: Flask, database: Database) -> FlaskClient:
    row = intake_of("mdia", "2027")
    with writing() as session:
        session.execute(_PERSONS, {"files": FILES})
        session.execute(
            _FILES,
            {
                "files": FILES, "institution": row.institution_id, "intake": row.id,
                "definition": row.definition_version_id,
            },
        )  # fmt: skip
    assert isinstance(database, PostgresDatabase)
    database.admin.execute("ANALYZE")  # as the server does by itself where nobody empties the tables
    found = browser(app)
    steps.staff(found)
    return found


def beside(page: str, rel: str) -> str:
    found = re.search(rf'<a [^>]*rel="{rel}" href="([^"]+)"', page)
    assert found is not None, rel
    return html.unescape(found[1])


def test_each_order_is_read_by_its_index_both_ways(intake: str, reader: FlaskClient, app: Flask) -> None:
    path = f"/staff/intakes/{intake}/applications"
    for sort in (sign + name for name in SORTS for sign in ("", "-")):
        with explained(app) as read:
            first = reader.get(f"{path}?sort={sort}").text
            second = reader.get(beside(first, "next")).text
            reader.get(beside(second, "prev"))
            last = reader.get(f"{path}?sort={sort}&end=1").text
            assert first.count('<th scope="row">') == second.count('<th scope="row">') == 50
            assert "page 400 sur 400" in last
        heavy = [(blocks, text) for blocks, text in read if blocks >= MOST_BLOCKS and "GROUP BY" not in text]
        assert read and not heavy, (sort, heavy)


def test_a_file_and_its_neighbours_are_read_by_indexes(reader: FlaskClient, app: Flask) -> None:
    for number in (1, FILES // 2, FILES):
        with explained(app) as read:
            page = reader.get(f"/staff/applications/{f'A{number}':0>26}").text
        assert f"MDIA-{number:06d}" in page
        heavy = [(blocks, text) for blocks, text in read if blocks >= MOST_BLOCKS]
        assert read and not heavy, (number, heavy)
