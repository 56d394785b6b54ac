"""Keeps public pages as they were last drawn, for people who are not signed in.

Thousands ask for the same page on the day when results are announced. A page depends only on its address, its
language and the rows it shows, so it is drawn once for each of these. The rows are read every time, so that a
page is never older than the database.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from flask import request, session

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.base.caching import Kept
from cohortmgr.base.i18n import language
from cohortmgr.organisations.letterheads import queries as letterheads

# Known by the address, the language, the letterheads' edition and the rows as they are now: one that changes is
# another page.
_pages: Kept[Hashable, bytes] = Kept(256)


def page(shown: Hashable, draw: Callable[[], str]) -> str | bytes:
    """The page made by `draw`, kept for the next person who would see the same one.

    `shown` stands for everything on the page but its letterhead, whose edition is known here: two pages at one address
    with equal `shown` are the same page.
    """
    if guards.viewer() is not ANONYMOUS or session or request.query_string:
        return draw()
    edition = letterheads.known().edition
    key = (request.scheme, request.host, request.script_root, request.path, language(), edition, shown)
    return _pages.get(key, lambda: draw().encode())
