"""Loads a country. PostgreSQL is written by two processes, each with institutions, ids and a connection of its own,
while the tables have no indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import sqlalchemy as sa

from bench.country import WRITTEN, Loader, Place
from cohortmgr.applications.duplicates.models import FileToCompare
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.audit.models import SubjectKey
from cohortmgr.base.crypto import Keyring
from cohortmgr.base.db import table_of

PROCESSES = 2
# Of fewer files an index is kept as quickly as it is made anew, and a process takes as long to start.
FEW = 50_000
NUMBERED = [table_of(model).name for model in WRITTEN]
_TABLES = [*NUMBERED, *(table_of(model).name for model in (SubjectKey, SearchWord, FileToCompare))]
# Each index of these tables: how to drop it and how to make it. Those that a foreign key refers to stay.
_INDEXES = """
    SELECT CASE WHEN c.oid IS NULL THEN format('DROP INDEX %I', x.relname)
           ELSE format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname) END,
           CASE WHEN c.oid IS NULL THEN pg_get_indexdef(x.oid)
           ELSE format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid)) END
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    LEFT JOIN pg_constraint c ON c.conindid = x.oid AND c.contype IN ('p', 'u')
    WHERE t.relname = ANY (:tables) AND t.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = x.oid)
    ORDER BY t.relname = 'search_words' DESC, x.oid
"""
Work = tuple[Place, int]


def load(engine: sa.Engine, ring: Keyring, work: Sequence[Work]) -> None:
    """Write so many files into each place. `engine` connects as a superuser and keeps no connection. SQLite has one
    writer, and an index that is made anew is no quicker there."""
    if engine.dialect.name == "sqlite" or _files(work) < FEW:
        _write(engine.url, ring, work, 0)
        return
    shares = _shares(work)
    with without_indexes(engine), ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        ahead = 0
        jobs = []
        for share in shares:
            jobs.append(pool.submit(_write, engine.url, ring, share, ahead))
            ahead += _files(share)
        for job in jobs:
            job.result()
    with engine.begin() as connection:
        Loader(connection, ring).set_sequences()


def _write(url: sa.URL, ring: Keyring, work: Iterable[Work], ahead: int) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        loader = Loader(connection, ring, ahead=ahead)
        for place, files in work:
            loader.load(place, files)


def _shares(work: Iterable[Work]) -> list[list[Work]]:
    """Part the work so that each institution is one process's: both would extend the chains of its trail."""
    by_institution: dict[int, list[Work]] = defaultdict(list)
    for place, files in work:
        by_institution[place.institution_id].append((place, files))
    shares: list[list[Work]] = [[] for _ in range(PROCESSES)]
    for each in sorted(by_institution.values(), key=_files, reverse=True):
        min(shares, key=_files).extend(each)
    return shares


def _files(work: Iterable[Work]) -> int:
    return sum(files for _, files in work)


@contextmanager
def without_indexes(engine: sa.Engine) -> Iterator[None]:
    """Drop the indexes of the tables that the loader writes, and make them anew, two at a time."""
    with engine.begin() as connection:
        found = connection.execute(sa.text(_INDEXES), {"tables": _TABLES}).all()
        for drop, _ in found:
            connection.execute(sa.text(drop))
    yield
    with ThreadPoolExecutor(PROCESSES) as pool:
        _make(pool, engine, [make for _, make in found])


def _make(pool: Executor, engine: sa.Engine, statements: Iterable[str]) -> None:
    def make(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL maintenance_work_mem = '512MB'"))
            connection.exec_driver_sql(statement)

    for _ in pool.map(make, statements):
        pass
