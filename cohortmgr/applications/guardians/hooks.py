"""What higher rooms add to a guardian's visit: pages on which there is something to do for a child."""

from __future__ import annotations

from collections.abc import Iterable

from cohortmgr.accounts.models import Person
from cohortmgr.base.hooks import Hook

# Given the token of a visit and its guardian: (what a page is called, its address), for each page of a higher room.
ways_above: Hook[[str, Person], Iterable[tuple[str, str]]] = Hook()
