"""The small year with 20,000 files more, on a PostgreSQL of its own that is filled once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from unittest import mock

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bench.statements import Reading, explained
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.importing.actions import invitations as inviting
from cohortmgr.base.db import db, writing
from cohortmgr.reviews.jury.actions import keeping as harmonising
from cohortmgr.reviews.progress import actions as summing
from cohortmgr.selection.queries import offering_of
from cohortmgr.selection.standings import actions as keeping
from cohortmgr.selection.standings.queries import decided
from tests import databases
from tests.factories.access import COLUMNS, cookie, places, sessions
from tests.factories.many import filled, writer
from tests.factories.working import work
from tests.factories.year import Year, lived
from tests.watch import SeparateClient, test_context

FILES = 20_000


@dataclass
class Opened:
    """An answer, and what PostgreSQL read for it."""

    answer: TestResponse
    read: list[Reading]

    @property
    def blocks(self) -> int:
        """All blocks that the page read, of 8 KB."""
        return sum(each.blocks for each in self.read)

    @property
    def heaviest(self) -> str:
        """The statement that read most."""
        return max(self.read, key=lambda each: each.blocks).statement if self.read else ""


@dataclass
class Many:
    """The filled year, and a browser for each column of the role × route table."""

    database: databases.PostgresDatabase
    year: Year
    references: dict[str, str]
    tokens: dict[str, str]
    client: FlaskClient

    def open(self, address: str, who: str = "programme_administrator") -> Opened:
        """Open an address as somebody, and explain what was read."""
        letter = next(letter for letter, name in COLUMNS.items() if name == who)
        with self.database.app.app_context():
            engine = db.engine
        with explained(engine) as read:
            answer = self.client.get(address, headers=cookie(self.database, self.tokens.get(letter)))
        return Opened(answer, read)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    """Built once: tests read it and change nothing that another would see."""
    name = f"many_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    database = databases.PostgresDatabase(tmp_path_factory.mktemp("many"), name, "")
    with databases.opened(database):
        database.admin.execute("RESET session_replication_role")
        with test_context(database.system_app):
            year = lived()
            _fill(database, year)
            tokens = sessions(year)
            _keep(year)
        # Once nobody reads any more what was there before.
        database.admin.execute("VACUUM (ANALYZE)")
        references = places(database, year)
        database.app.test_client_class = SeparateClient
        client = database.app.test_client(use_cookies=False)
        yield Many(database, year, references, tokens, client)


def _keep(year: Year) -> None:
    """Keep the ranking, the progress of the readings, their harmonised marks and whom an invitation would reach, as the
    worker does. The year's batch decided on few files; all are ranked, as if it were not there."""
    with writing():
        keeping.ask(SYSTEM, year.intake, offering_of(year.intake))
        summing.ask(SYSTEM, year.intake)
        harmonising.ask(SYSTEM, year.intake)
        inviting.ask_counts(SYSTEM, year.intake)
    with mock.patch.object(decided, "settled_batch", lambda _intake, _offering: None):
        assert work()


def _fill(database: databases.PostgresDatabase, year: Year) -> None:
    with writer(database).begin() as connection:
        filled(connection, year, database.system_app.extensions["cohortmgr-keyring"], FILES)
    # As the server does by itself where nobody empties the tables; a role that does not own them does nothing.
    database.admin.execute("ANALYZE")
