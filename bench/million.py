"""`python -m bench.million`: every GET page of the role × route table and each way of a list, with 600 files and then
with a million in an installation of 14 centres; code 1 if a page takes over 1.5 × its time at 600, and over 15 ms."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bench.country import Loader, Place
from bench.servers import Server
from bench.statements import explained
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.lists.filters import SORTS
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.models import Organisation
from cohortmgr.programmes.models import Intake, Offering, Programme
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.progress import actions as progress
from cohortmgr.selection.queries import offering_of
from cohortmgr.selection.standings import actions as standings
from tests import databases, services
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.many import place_in
from tests.factories.working import work
from tests.factories.year import Year, lived
from tests.watch import SeparateClient, test_context

SMALL = 600
CENTRES, INTAKES_EACH = 14, 3
# The share of all files that the measured intake holds at the end: 200,000 of a million.
LARGEST = 5
# What PostgreSQL, its journal and the seals of a file take on the disk, with room to spare.
BYTES_A_FILE = 12_000
MOST_RATIO, ALWAYS_GOOD_MS = 1.5, 15.0
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
    """The small year on a PostgreSQL database, with people who are signed in, and what it is filled with."""

    def __init__(self, database: databases.PostgresDatabase) -> None:
        self.database = database
        owner = make_url(database.settings.superuser_database_url).set(database=database.name)
        self._owner = sa.create_engine(owner, poolclass=sa.NullPool)
        with test_context(database.system_app):
            self.year: Year = lived()
            self._ring = database.system_app.extensions["cohortmgr-keyring"]
            tokens = sessions(self.year)
        self.references = places(database, self.year)
        self._headers = {name: cookie(database, tokens.get(letter)) for letter, name in COLUMNS.items()}
        database.app.test_client_class = SeparateClient
        self._client = database.app.test_client(use_cookies=False)

    def fill(self, files: int, elsewhere: int) -> None:
        """Add files to the year's intake, and as many as `elsewhere` to the other centres' together."""
        with self._owner.begin() as connection:
            place = place_in(connection, self.year)
            loader = Loader(connection, self._ring)
            loader.load(place, files)
            for other in _centres(connection, place) if elsewhere else ():
                loader.load(other, elsewhere // (CENTRES * INTAKES_EACH))
        self.database.admin.execute("VACUUM ANALYZE")
        with test_context(self.database.system_app):
            self._keep()

    def _keep(self) -> None:
        """Keep what the worker keeps for the pages of the intake, as if they had been opened a moment ago."""
        intake = get_intake(self.references["intake"])
        with writing():
            standings.ask(SYSTEM, intake, offering_of(intake))
            progress.ask(SYSTEM, intake)
            invitations.ask_counts(SYSTEM, intake)
        work()

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
        with explained(engine) as read:
            self._client.get(page.path, headers=self._headers[page.who]).close()
        return Cost(median(spent[2:]), size, sum(each.blocks for each in read))


def _centres(connection: sa.Connection, like: Place) -> Iterator[Place]:
    """Make the other centres, each an institution with a programme and its intakes, and say where their files go."""
    organisations, programmes, intakes, offerings = map(table_of, (Organisation, Programme, Intake, Offering))
    host = _row(connection, organisations, organisations.c.id == like.institution_id)
    intake = _row(connection, intakes, intakes.c.id == like.intake_id)
    programme = _row(connection, programmes, programmes.c.id == intake["programme_id"])
    offering = _row(connection, offerings, offerings.c.intake_id == like.intake_id)
    for number in range(CENTRES):
        key = f"centre-{number:02}"
        path = f"{host['path'].rstrip('.').rpartition('.')[0]}.{key}."
        centre = _copy(connection, organisations, host, key=key, path=path, institution_id=None)
        connection.execute(
            sa.update(organisations).where(organisations.c.id == centre).values(institution_id=centre)
        )
        held = {"institution_id": centre}
        own = _copy(connection, programmes, programme, key=key, path=f"{path}{key}.", **held)
        for year in range(INTAKES_EACH):
            place = {"programme_id": own, "path": f"{path}{key}.", "key": f"{2024 + year}", **held}
            copied = _copy(connection, intakes, intake, **place)
            first = _copy(connection, offerings, offering, intake_id=copied, **held)
            yield replace(
                like, institution_id=centre, intake_id=copied, offering_id=first, batch_id=None,
                prefix=f"C{number:02}{year}",
            )  # fmt: skip


def _row(
    connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]
) -> Mapping[str, object]:
    return connection.execute(sa.select(table).where(condition).limit(1)).mappings().one()


def _copy(connection: sa.Connection, table: sa.Table, row: Mapping[str, object], **values: object) -> int:
    copied = {name: value for name, value in row.items() if name != "id"}
    made = sa.insert(table).values({**copied, "reference": new_reference(), **values}).returning(table.c.id)
    return int(connection.scalar(made) or 0)


@contextmanager
def _servers() -> Iterator[None]:
    with services.running() as started:
        os.environ.update(started.environment)
        yield


@contextmanager
def _country(folder: Path) -> Iterator[Country]:
    with databases.opened(databases.PostgresDatabase(folder, "bench_million", "")) as database:
        assert isinstance(database, databases.PostgresDatabase)
        database.admin.execute("RESET session_replication_role")
        yield Country(database)


def measured(country: Country, times: int) -> tuple[dict[Page, Cost], float]:
    """What each page costs now, and the MB that the web's process holds at the end."""
    environment = country.database.settings.environment()
    with Server("wsgi:app", environment) as server:
        found = {page: country.cost(server, page, times) for page in country.pages()}
        return found, server.resident_mb()


def main() -> int:
    """Fill, measure, fill, measure, and print the pages beside each other."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000, help="files in all (default a million)")
    parser.add_argument("--times", type=int, default=10, help="requests for each page (default 10)")
    chosen = parser.parse_args()
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < chosen.files * BYTES_A_FILE:
        parser.error(
            f"{chosen.files} files take {chosen.files * BYTES_A_FILE / 1e9:.0f} GB, of which there are {free / 1e9:.0f}"
        )
    with _servers(), tempfile.TemporaryDirectory() as folder, _country(Path(folder)) as country:
        country.fill(SMALL - 12, 0)
        small, memory = measured(country, chosen.times)
        print(f"{SMALL} files: web {memory:.0f} MB", flush=True)
        began = time.perf_counter()
        largest = chosen.files // LARGEST
        country.fill(largest - SMALL, chosen.files - largest)
        print(
            f"{chosen.files} files, {largest} in the intake: loaded in {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        large, memory = measured(country, chosen.times)
        print(f"{chosen.files} files: web {memory:.0f} MB", flush=True)
        missed = [page for page in small if not _is_good(small[page], large[page])]
        for page, before in small.items():
            print(_line(page, before, large[page]), flush=True)
    print(
        f"{len(small) - len(missed)} of {len(small)} pages within {MOST_RATIO} ×, or {ALWAYS_GOOD_MS:.0f} ms."
    )
    return 1 if missed else 0


def _is_good(before: Cost, after: Cost) -> bool:
    return after.ms <= max(MOST_RATIO * before.ms, ALWAYS_GOOD_MS)


def _line(page: Page, before: Cost, after: Cost) -> str:
    verdict = "PASS" if _is_good(before, after) else "FAIL"
    figures = f"{before.ms:7.1f} {after.ms:8.1f} ms {after.ms / before.ms:6.2f} ×"
    return f"{verdict} {figures} {before.blocks:8} {after.blocks:8} blocks {after.size:8} B  {page.path}"


if __name__ == "__main__":
    raise SystemExit(main())
