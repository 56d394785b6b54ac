"""`python -m bench.large.readings`: the pages of readers and of those who follow them, with 1,084 readings and then
with 200,000 by sixty others; code 1 if one takes over 1.5 × its time, and over 15 ms. Whoever opens the queue has as
many files in both: one person reads a hundred files, however many there are."""

from __future__ import annotations

import argparse
from dataclasses import replace

import sqlalchemy as sa

from bench.large import loading
from bench.million import Cost, Country, Page, opened
from bench.servers import Server
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.operations.tasks import analyse
from cohortmgr.programmes.queries import get_intake
from cohortmgr.reviews.gaps import actions as gaps
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import actions as progress
from tests import databases
from tests.factories.many import place_in, writer
from tests.factories.working import work as do_jobs
from tests.watch import test_context

READERS = 60
OWN, SMALL, LARGE = 100, 542, 100_000
"""Files of the reviewers who open their pages, and of all, each with two readings."""
MOST, ALWAYS_GOOD = 1.5, 15.0


def fill(country: Country, files: int, others: tuple[int, ...] = ()) -> None:
    """Add files that were read: by the year's own reviewers, or by others."""
    database = country.database
    engine = writer(database)
    with test_context(database.system_app), engine.begin() as connection:
        place = place_in(connection, country.year)
    place = replace(place, readers=others) if others else place
    loading.load(engine, database.system_app.extensions["cohortmgr-keyring"], [(place, files)])
    if isinstance(database, databases.PostgresDatabase):
        database.admin.execute("VACUUM ANALYZE")
    with test_context(database.system_app):
        analyse(lambda: False)
        intake = get_intake(country.references["intake"])
        with writing():
            progress.ask(SYSTEM, intake)
            gaps.ask(SYSTEM, intake)
        do_jobs()


def sixty(country: Country) -> tuple[int, ...]:
    """Persons of files that were loaded, who stand for other readers."""
    with test_context(country.database.system_app):
        rows = sa.select(Person.id).join(Application, Application.person_id == Person.id)
        return tuple(db.session.scalars(rows.order_by(Person.id.desc()).limit(READERS)))


def measured(country: Country, times: int) -> dict[Page, Cost]:
    """What each page costs now."""
    intake, review = (country.references[each] for each in ("intake", "review"))
    below = f"/staff/intakes/{intake}/reviews"
    pages = [
        Page("/staff/reviews", "reviewer"),
        Page(f"/staff/reviews/{review}", "reviewer"),
        *(Page(f"{below}{part}", "selection_manager") for part in ("", "/gaps", "/more", "/agreement")),
    ]
    with Server("wsgi:app", country.database.settings.environment()) as server:
        return {page: country.cost(server, page, times) for page in pages}


def main() -> int:
    """Fill, measure, fill, measure, and print the pages beside each other."""
    parser = argparse.ArgumentParser(prog="python -m bench.large.readings", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="requests for each page (default 20)")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite")
    chosen = parser.parse_args()
    with opened(sqlite=chosen.sqlite) as database:
        country = Country(database)
        fill(country, OWN)
        others = sixty(country)
        fill(country, SMALL - OWN - 12, others)
        small = measured(country, chosen.times)
        fill(country, LARGE - SMALL, others)
        large = measured(country, chosen.times)
        with test_context(database.system_app):
            number = db.session.scalar(sa.select(sa.func.count()).select_from(Review))
    print(f"{number} readings", flush=True)
    missed = 0
    for page, before in small.items():
        good = large[page].ms <= max(MOST * before.ms, ALWAYS_GOOD)
        missed += not good
        ratio = large[page].ms / before.ms
        verdict = "PASS" if good else "FAIL"
        print(f"{verdict} {before.ms:7.1f} {large[page].ms:8.1f} ms {ratio:6.2f} ×  {page.path}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
