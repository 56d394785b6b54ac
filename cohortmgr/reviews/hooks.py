"""What rooms above say of a file that is read: whether decisions rest on its readings, and who reads it instead."""

from __future__ import annotations

from collections.abc import Iterable

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review

# A reading was given back by its reader, the viewer, and somebody else is to read the file.
given_back: Hook[[Viewer, Review], None] = Hook()
# Whether the decision on a file is proposed or made, so that its readings change no more.
frozen: Hook[[Application], bool] = Hook()
# What else a reader has to do, beside their queue: (what a page is called, its address).
beside_queue: Hook[[Viewer], Iterable[tuple[str, str]]] = Hook()
# Whether something has begun in a phase of an intake, by its key: a mark, or a slot that was booked.
phase_begun: Hook[[Intake, str], bool] = Hook()
