"""`python -m bench.million`: every GET page of the role × route table and each way of a list, with 600 files and then
with a million in an installation of 14 centres; code 1 if a page takes over 1.5 × its time at 600, and over 15 ms. On
SQLite 100,000 files; 3 ×. With `--approve` the largest intake is proposed and approved."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

from bench.large import approving, loading
from bench.large.centres import CENTRES, INTAKES_EACH, centres
from bench.servers import Server
from bench.statements import explained
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.lists.filters import SORTS
from cohortmgr.base.db import db, writing
from cohortmgr.operations.tasks import analyse
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.progress import actions as progress
from cohortmgr.selection.queries import offering_of
from cohortmgr.selection.standings import actions as standings
from tests import databases, services
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.many import place_in, writer
from tests.factories.working import work as do_jobs
from tests.factories.year import Year, lived
from tests.watch import SeparateClient, test_context

SMALL = 600
# The share of all files that the measured intake holds at the end: 200,000 of a million.
LARGEST = 5
# What PostgreSQL, its journal and the seals of a file take on the disk, with room to spare.
BYTES_A_FILE = 12_000
# Who opens a page: the first who is shown it.
READERS = "aopmfctebuyrqxCDTsg"
LISTS = (
    *(f"sort={sign}{name}" for name in SORTS for sign in ("", "-")),
    *("state=all", "eligible=yes", "eligible=no", "region=MA-05", "diploma=physique", "source=import", "end=1"),
    *("documents=yes", "documents=no", "note=yes", "correction=asked", "correction=none", "extended=yes"),
    *("outcome=offer", "outcome=refused", "outcome=none", "average_from=14&average_to=16"),
    *("search=alaoui", "search=salma+alaoui", f"search={quote('العلوي')}", "search=MDIA-0", "search=ZA000300"),
    *("search=0660000300", "search=nobody+of+this+name", "size=600"),
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """An address, and the column of the table who opens it."""

    path: str
    who: str


@dataclass(frozen=True)
class Cost:
    """The median of an answer in ms, its bytes, and the blocks of 8 KB that its statements read."""

    ms: float
    size: int
    blocks: int


class Country:
    """The small year on either database, with people who are signed in, and what it is filled with."""

    def __init__(self, database: databases.Database) -> None:
        self.database = database
        with test_context(database.system_app):
            self.year: Year = lived()
            tokens = sessions(self.year)
        self.references = places(database, self.year)
        self._headers = {name: cookie(database, tokens.get(letter)) for letter, name in COLUMNS.items()}
        database.app.test_client_class = SeparateClient
        self._client = database.app.test_client(use_cookies=False)

    def fill(self, files: int, elsewhere: int) -> None:
        """Add files to the year's intake, and as many as `elsewhere` to the other centres' together."""
        engine = writer(self.database)
        with test_context(self.database.system_app), engine.begin() as connection:
            place = place_in(connection, self.year)
            others = list(centres(connection, place)) if elsewhere else []
        each = elsewhere // (CENTRES * INTAKES_EACH)
        work = [(place, files), *((other, each) for other in others)]
        loading.load(engine, self.database.system_app.extensions["cohortmgr-keyring"], work)
        if isinstance(self.database, databases.PostgresDatabase):
            self.database.admin.execute("VACUUM ANALYZE")
        with test_context(self.database.system_app):
            analyse(lambda: False)
            self._keep()

    def _keep(self) -> None:
        """Keep what the worker keeps for the pages of the intake, as if they had been opened a moment ago."""
        intake = get_intake(self.references["intake"])
        with writing():
            standings.ask(SYSTEM, intake, offering_of(intake))
            progress.ask(SYSTEM, intake)
            invitations.ask_counts(SYSTEM, intake)
        do_jobs()

    def pages(self) -> Iterator[Page]:
        """Each GET address that is shown to somebody, then each way of the list."""
        for method, path, cells in rows():
            shown = dict(zip(COLUMNS, cells, strict=True))
            letter = next((letter for letter in READERS if shown[letter] == "2"), None)
            if method == "GET" and letter is not None:
                yield Page(path.format(**self.references), COLUMNS[letter])
        listed = f"/staff/intakes/{self.references['intake']}/applications"
        yield from (Page(f"{listed}?{each}", "programme_administrator") for each in LISTS)

    def cost(self, server: Server, page: Page, times: int) -> Cost:
        """Open a page as people do, `times` times after two, and once more to explain what it reads."""
        spent, size = [], 0
        for _ in range(times + 2):
            began = time.perf_counter()
            answer = server.request("GET", page.path, headers=self._headers[page.who])
            spent.append((time.perf_counter() - began) * 1000)
            size = len(answer.body)
            if answer.status != 200:
                raise RuntimeError(f"{page.path} answered {answer.status}")
        with self.database.app.app_context():
            engine = db.engine
        with explained(engine) if engine.dialect.name == "postgresql" else nullcontext([]) as read:
            self._client.get(page.path, headers=self._headers[page.who]).close()
        return Cost(median(spent[2:]), size, sum(each.blocks for each in read))


@contextmanager
def opened(*, sqlite: bool) -> Iterator[databases.Database]:
    """A migrated database in a folder of its own; PostgreSQL with the server of the tests."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        if sqlite:
            yield held.enter_context(databases.opened(databases.SqliteDatabase(folder)))
            return
        os.environ.update(held.enter_context(services.running()).environment)
        database = databases.PostgresDatabase(folder, "bench_million", "")
        database.admin.execute("RESET session_replication_role")
        yield held.enter_context(databases.opened(database))


def measured(country: Country, times: int) -> tuple[dict[Page, Cost], float]:
    """What each page costs now, and the MB that the web's process holds at the end."""
    environment = country.database.settings.environment()
    with Server("wsgi:app", environment) as server:
        found = {page: country.cost(server, page, times) for page in country.pages()}
        return found, server.resident_mb()


def compared(country: Country, files: int, times: int, most: float, always_good: float) -> int:
    """Fill, measure, fill, measure, and print the pages beside each other; returns how many are too slow."""
    country.fill(SMALL - 12, 0)
    small, memory = measured(country, times)
    print(f"{SMALL} files: web {memory:.0f} MB", flush=True)
    began = time.perf_counter()
    largest = files // LARGEST
    country.fill(largest - SMALL, files - largest)
    loaded = time.perf_counter() - began
    print(f"{files} files, {largest} in the intake: loaded in {loaded:.0f} s", flush=True)
    large, memory = measured(country, times)
    print(f"{files} files: web {memory:.0f} MB", flush=True)
    missed = 0
    for page, before in small.items():
        good = large[page].ms <= max(most * before.ms, always_good)
        missed += not good
        print(_line(good, page, before, large[page]), flush=True)
    print(f"{len(small) - missed} of {len(small)} pages within {most} ×, or {always_good:.0f} ms.")
    return missed


def _line(good: bool, page: Page, before: Cost, after: Cost) -> str:
    verdict = "PASS" if good else "FAIL"
    figures = f"{before.ms:7.1f} {after.ms:8.1f} ms {after.ms / before.ms:6.2f} ×"
    return f"{verdict} {figures} {before.blocks:8} {after.blocks:8} blocks {after.size:8} B  {page.path}"


def main() -> int:
    """Say whether there is room, then measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--files", type=int, help="files in all (default a million, on SQLite 100,000)")
    parser.add_argument("--times", type=int, default=10, help="requests for each page (default 10)")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, where a page may take 3 × its time")
    parser.add_argument("--approve", action="store_true", help="propose and approve the intake, open no page")
    chosen = parser.parse_args()
    files = chosen.files or (100_000 if chosen.sqlite else 1_000_000)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < files * BYTES_A_FILE:
        parser.error(
            f"{files} files take {files * BYTES_A_FILE / 1e9:.0f} GB, of which there are {free / 1e9:.0f}"
        )
    with opened(sqlite=chosen.sqlite) as database:
        if chosen.approve:
            approving.measured(database, files // LARGEST)
            return 0
        bounds = (3.0, 0.0) if chosen.sqlite else (1.5, 15.0)
        return 1 if compared(Country(database), files, chosen.times, *bounds) else 0


if __name__ == "__main__":
    raise SystemExit(main())
