"""What rooms above say of a file that is read: whether decisions rest on its readings, and who reads it instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.hooks import Hook, Slot
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review

# A reading was given back by its reader, the viewer, and somebody else is to read the file.
given_back: Hook[[Viewer, Review], None] = Hook()
# Whether the decision on a file of the statement (a row of applications) is proposed or made, so that its readings
# change no more: a condition, for lists and counts take it in.
frozen: Hook[[], Any] = Hook()
# Whether the reader of a reading must not read its file, by what they or others said since it was given to them.
barred: Hook[[Review], bool] = Hook()
# What else a reader has to do, beside their queue: (what a page is called, its address).
beside_queue: Hook[[Viewer], Iterable[tuple[str, str]]] = Hook()
# Whether something has begun in a phase of an intake, by its key: a mark, or a slot that was booked.
phase_begun: Hook[[Intake, str], bool] = Hook()
# Whether the rules by which an intake chooses are not sealed yet: as long as that is so, no first mark is handed in.
unsealed: Slot[[Intake], bool] = Slot()
