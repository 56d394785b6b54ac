"""The letterheads that each process keeps, as a test finds them: read a moment ago, and none is written.

Their age stands still in tests, so that the statement that reads them again falls into none that counts statements; a
test that is about their age moves it. Whoever saves one has it read again, as everywhere."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.caching import Reread
from cohortmgr.base.db import writing
from cohortmgr.demo.letterheads import LETTERHEADS, drawn_mark
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.letterheads import actions
from cohortmgr.organisations.letterheads.queries import shelf
from cohortmgr.organisations.letterheads.rules import INSTALLATION, Letterheads


def shelf_of(app: Flask) -> Reread[Letterheads]:
    """Where an application keeps them."""
    with app.app_context():
        return shelf()


def lay_letterheads(*apps: Flask) -> None:
    """Leave nothing of the last test."""
    for app in apps:
        kept = shelf_of(app)
        kept.clock = lambda: 0.0
        kept.lay(Letterheads())


def write_letterhead(key: str) -> str:
    """Write the demonstration's letterhead of the installation or of an organisation; returns its place's reference."""
    organisation = None if key == INSTALLATION else organisations.by_key(key)
    reference = organisation.reference if organisation else INSTALLATION
    with writing():
        actions.save(SYSTEM, reference, LETTERHEADS[key], 0)
    return reference


def with_mark(key: str) -> str:
    """`write_letterhead`, with a mark; returns the mark's digest."""
    reference = write_letterhead(key)
    picture = actions.prepare_mark(drawn_mark())
    with writing():
        return actions.put_mark(SYSTEM, reference, picture, 1).mark_digest
