"""The loader of the bench: what it writes in sets is what triggers write of each file, and its files are whole."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from bench.country import Loader
from bench.large import loading
from bench.large.centres import centres
from bench.large.names import words_with
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, miscounted
from cohortmgr.applications.file.words import words_of
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.audit.models import Event
from cohortmgr.audit.queries import broken_links
from cohortmgr.base.db import db
from tests.databases import Database
from tests.factories.many import place_in, writer
from tests.factories.year import lived

FILES = 240
FILTERED = ("documented", "noted", "extended", "correction", "outcome")
# What triggers write, in an order; shards and the numbers of rows are the writer's.
WRITTEN = {
    "search_words": """SELECT intake_id, state, word, application_id, institution_id, sort_name FROM search_words
        ORDER BY 4, 3""",
    "intake_counts": """SELECT intake_id, state, eligible, consent, source, region, offering_id, institution_id,
        sum(files) FROM intake_counts GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8""",
    "files_to_compare": "SELECT application_id, intake_id, institution_id FROM files_to_compare ORDER BY 1, 2, 3",
    "ranking_changes": """SELECT intake_id, institution_id, sum(changes) FROM ranking_changes
        GROUP BY 1, 2 ORDER BY 1, 2""",
    "applications": "SELECT id, documented, noted, extended, correction, outcome FROM applications ORDER BY id",
    "persons": "SELECT id, seen_in FROM persons ORDER BY id",
    "identifiers": "SELECT id, seen_in FROM identifiers ORDER BY id",
    **{
        table: f"SELECT id, application_id, intake_id FROM {table} ORDER BY id"
        for table in ("documents", "notes", "corrections", "extensions")
    },
}


def ring(database: Database) -> Any:
    return database.system_app.extensions["cohortmgr-keyring"]


@pytest.mark.postgres_only
def test_what_is_written_in_sets_is_what_triggers_write(system_context: None, database: Database) -> None:
    year, found = lived(), []
    for triggers in (True, False):
        with writer(database).connect() as connection, connection.begin() as transaction:
            place = place_in(connection, year)
            Loader(connection, ring(database), triggers=triggers).load(place, FILES)
            found.append({name: connection.execute(sa.text(asked)).all() for name, asked in WRITTEN.items()})
            transaction.rollback()
    by_triggers, in_sets = found
    for name in WRITTEN:
        assert in_sets[name] == by_triggers[name], name
    told = {
        column: {row[place] for row in in_sets["applications"]}
        for place, column in enumerate(FILTERED, start=1)
    }
    assert told["documented"] == told["noted"] == told["extended"] == {True, False}
    assert told["correction"] >= {
        "asked",
        "done",
        "none",
    }
    assert told["outcome"] >= {"offer", "waiting", "refused"}
    assert len(in_sets["search_words"]) > FILES * 5 and len(in_sets["persons"]) > FILES


@pytest.mark.postgres_only
def test_two_processes_load_without_indexes_and_make_them_anew(
    system_context: None, database: Database
) -> None:
    year, engine = lived(), writer(database)
    asked = sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
    held = sa.text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2")
    with engine.begin() as connection:
        before = connection.execute(asked).all(), connection.execute(held).all()
        place = place_in(connection, year)
        work = [(place, FILES), *((other, 10) for other in centres(connection, place))]
    with patch.object(loading, "FEW", 0):
        loading.load(engine, ring(database), work)
    with engine.connect() as connection:
        assert (connection.execute(asked).all(), connection.execute(held).all()) == before
    db.session.rollback()
    wanted = sum(files for _, files in work)
    by_intake = sa.select(sa.func.count()).group_by(Application.intake_id)
    assert sum(db.session.scalars(by_intake.where(Application.source == "online"))) >= wanted
    require_whole()
    with engine.begin() as connection:  # the numbers go on behind those of both
        for table in loading.NUMBERED:
            following = connection.scalar(sa.text(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))"))
            last = connection.scalar(sa.text(f"SELECT max(id) FROM {table}"))
            assert following == last + 1, table


def test_a_loaded_file_is_counted_found_and_in_the_trail(system_context: None, database: Database) -> None:
    year, engine = lived(), writer(database)
    with engine.begin() as connection:
        Loader(connection, ring(database)).load(place_in(connection, year), FILES)
    require_whole()


def require_whole() -> None:
    db.session.rollback()  # what another connection wrote is read from here on
    assert miscounted() == []
    texts = db.session.execute(sa.select(Application.id, Application.search_text).where(AGREED)).all()
    assert len(texts) > FILES
    rows = db.session.execute(sa.select(SearchWord.application_id, SearchWord.word)).all()
    assert sorted((number, word) for number, text in texts for word in text.split()) == sorted(
        map(tuple, rows)
    )
    chains = db.session.scalars(
        sa.select(Event.chain).where(Event.action == "application.submit").distinct()
    ).all()
    assert chains and [broken for chain in chains for broken in broken_links(chain)] == []


def test_the_words_of_a_file_are_those_of_its_names_number_and_address() -> None:
    names = ("Fatima-Zahra", "El Amrani", "فاطمة الزهراء", "العمراني")
    for number, email in (("MDIA-4K2P9X", "fatima.zahra@exemple.ma"), ("C000-000001", "a1.b2@exemple.ma")):
        assert words_with(names, number, email) == words_of(names, number, email)
