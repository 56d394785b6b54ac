"""What accounts asks of the rooms above it, about institutions and about people whom it finds at its doors."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import SingleUseLink
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.hooks import Hook, Slot

# The hosting institutions at or below some paths, as they are now, with their ids: those that a role there reaches.
hosts_below: Slot[[Collection[str]], Sequence[tuple[str, int]]] = Slot()
# The numbers of a person's files. The caller reads for that person.
file_numbers: Hook[[int], Sequence[str]] = Hook()
# Too many wrong answers closed the question of an address or number that these persons bear.
on_closed: Hook[[Viewer, Contact, Sequence[int]], None] = Hook()
# That question is asked again before its day is over, because the viewer opened it.
on_reopened: Hook[[Viewer, Contact], None] = Hook()
# A person is spoken to in another language from now on. Reads and writes for that person.
on_language: Hook[[Viewer, str], None] = Hook()
# Send another claim link in place of one that ended; whether one left.
renew_claim: Slot[[Viewer, SingleUseLink], bool] = Slot()
