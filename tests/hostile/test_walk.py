"""Nothing that anybody sends makes the house fall, write what they sent into a page, or show what is not theirs.

`make test` walks a short way from one seed; `make soak` walks thousands of steps (COHORTMGR_TEST_WALK=steps,
COHORTMGR_TEST_SEED=any number).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from flask import abort

from bench.statements import counted
from tests.databases import Database
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.year import Year
from tests.hostile.bodies import SCRIPT
from tests.hostile.walker import NOT_WALKED, SECRETS, TAKEN_ALL, Walker, told
from tests.hostile.world import knowable, marked_year, visible
from tests.integration.accounts.test_roles import WRITES, Kept, body, letter_of
from tests.watch import SeparateClient, test_context

# The test client writes a large body to a file of its own and leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
STEPS = int(os.environ.get("COHORTMGR_TEST_WALK", "250"))
SEED = int(os.environ.get("COHORTMGR_TEST_SEED", "20261128"))
WHOLE = STEPS >= 1000
# The pages that each role opens. On the short way these are some of the table, and what they lead to.
MOST = 2000 if WHOLE else 40
HOMES = ("/staff", "/my", "/company", "/staff/reviews", "/")
# Whose pages show most of what others wrote.
READERS = ("programme_administrator", "candidate", "finance")


class Walk:
    """The world, its addresses, and the walker in it."""

    def __init__(self, database: Database, folder: Path) -> None:
        with test_context(database.system_app):
            self.year: Year = marked_year(folder)
            tokens: dict[str, str | None] = {"a": None, **sessions(self.year)}
            seen, known = visible(self.year), knowable(self.year)
        self.references = places(database, self.year)
        database.app.config["WTF_CSRF_ENABLED"] = False
        database.app.test_client_class = SeparateClient
        headers = {COLUMNS[column]: cookie(database, token) for column, token in tokens.items()}
        client = database.app.test_client(use_cookies=False)
        self.walker = Walker(database.app, client, headers, seen, known, Random(SEED))

    def table(self, method: str) -> Iterator[tuple[str, str, str]]:
        """(path, address, cells) of each line of the table of roles with that method."""
        for each, path, cells in rows():
            address = path.format(**self.references)
            if each == method and not address.startswith(NOT_WALKED):
                yield path, address, cells


@pytest.fixture
def walk(database: Database, tmp_path: Path) -> Walk:
    """A walk that has not begun."""
    return Walk(database, tmp_path)


@contextmanager
def reported(walk: Walk) -> Iterator[None]:
    """Fail with what the walker found wrong; say what it did otherwise."""
    yield
    walker = walk.walker
    print(f"seed {SEED}: {sum(walker.answers.values())} answers, {dict(sorted(walker.answers.items()))}")
    assert not walker.wrong, f"seed {SEED}\n" + "\n\n".join(told(walker.wrong))


def test_nobody_reads_a_word_of_somebody_whom_they_may_not_see(walk: Walk) -> None:
    walker = walk.walker
    starts = [address for _path, address, _cells in walk.table("GET") if not SECRETS.match(address)]
    with reported(walk):
        for who in walker.headers:
            some = starts if WHOLE else walker.random.sample(starts, MOST // 2)
            # From home first: what somebody has to read lies there, and a sample of addresses may miss it.
            walker.crawl(who, list(HOMES), MOST)
            walker.crawl(who, some, MOST // 2)
        walker.cross(None if WHOLE else STEPS)
    # Who may read somebody has read a word: else the marks were lost on the way, and the walk shows nothing.
    for who, words in walker.visible.items():
        assert bool(walker.seen.get(who)) == bool(words), who


def test_no_body_that_anybody_sends_makes_the_house_fall(database: Database, walk: Walk) -> None:
    walker, random = walk.walker, walk.walker.random
    pages = [address for _path, address, _cells in walk.table("GET")]
    for who in (*READERS, "selection_manager", "reviewer", "company") if WHOLE else READERS:
        walker.crawl(who, random.sample(pages, len(pages)), MOST)
    lines = list(walk.table("POST"))
    kept = Kept(database)
    try:
        with reported(walk):
            for step in range(STEPS):
                path, address, cells = lines[step % len(lines)] if step < len(lines) else random.choice(lines)
                able = [who for cell, who in zip(cells, COLUMNS.values(), strict=True) if cell in "+2>"]
                who = random.choice(able or list(COLUMNS.values()))
                fields = {**walker.forms.get(address, {}), **body(path, walk.references)}
                with counted() as seen:
                    walker.send_hostile(who, address, fields)
                walker.ask_hostile(random.choice(list(walker.headers)), random.choice(pages))
                # Half of what was taken stays, so that pages show it; the rest would end the year by and by.
                written = [statement for statement in seen if WRITES.match(statement)]
                if written and random.random() < 0.5:
                    kept.lay_back(written)
            for who in READERS:
                walker.crawl(who, random.sample(pages, len(pages)), MOST)
    finally:
        kept.close()


def test_no_name_in_an_address_is_taken_for_one_of_the_house(walk: Walk) -> None:
    walker = walk.walker
    with reported(walk):
        for _path, address, cells in walk.table("GET"):
            able = [who for cell, who in zip(cells, COLUMNS.values(), strict=True) if cell == "2"]
            for who in able if WHOLE else able[-1:]:
                walker.ask(who, "GET", f"{address}{'&' if '?' in address else '?'}{TAKEN_ALL}")
        assert walker.answers[200]
        # What a form did is done when it leads back, so its way back must not fall. Earlier tests share the walker.
        before = walker.answers[302]
        for path, address, _cells in walk.table("POST"):
            if address.startswith("/staff/applications/"):
                walker.ask(
                    "programme_administrator",
                    "POST",
                    f"{address}?{TAKEN_ALL}",
                    data=body(path, walk.references),
                )
        assert walker.answers[302] - before >= 5


def test_who_may_not_act_is_told_so_before_what_they_sent_is_read(walk: Walk) -> None:
    walker, random, wrong = walk.walker, walk.walker.random, []
    for path, address, cells in walk.table("POST"):
        refused = [who for cell, who in zip(cells, COLUMNS.values(), strict=True) if cell == "4"]
        for who in refused:
            answers = {"empty": walker.ask(who, "POST", address, data={})[0]}
            if WHOLE or who == random.choice(refused):
                answers["hostile"] = walker.send_hostile(who, address, body(path, walk.references))
            wrong += [
                f"POST {path}: {who} gets {letter_of(answer)} for a form that is {shape}"
                for shape, answer in answers.items()
                if letter_of(answer) not in ("4", "400", "413")
            ]
    assert not wrong, "\n".join(wrong)
    assert not walker.wrong, "\n".join(told(walker.wrong))


def test_the_walker_sees_a_fault_a_foreign_word_and_a_script(walk: Walk) -> None:
    walker, planted = walk.walker, walk.walker.app
    word = next(iter(walker.visible["candidate"]))

    def answered(endpoint: str) -> list[str]:
        walker.wrong.clear()
        before = planted.view_functions["portals.health"]
        planted.view_functions["portals.health"] = {
            "falls": lambda: 1 // 0,
            "shows": lambda: f"<p>{word.upper()}</p>",
            "repeats": lambda: f"<p>{SCRIPT}</p>",
            "refuses": lambda: abort(404),
        }[endpoint]
        try:
            walker.ask("stranger", "GET", "/health")
        finally:
            planted.view_functions["portals.health"] = before
        return list(walker.wrong)

    assert "ZeroDivisionError" in answered("falls")[0]
    assert word in answered("shows")[0]
    assert "unescaped" in answered("repeats")[0]
    assert answered("refuses") == []
