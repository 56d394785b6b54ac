"""What filling tells the rooms above it."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

# A sent file says an identity number that contradicts the one by which its person is known. With the name that the
# file gives, and the one of an earlier file at the same institution, empty without one.
on_contradiction: Hook[[Viewer, Application, str, str], None] = Hook()
