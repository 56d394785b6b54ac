"""What the list of applications asks of the rooms that lend it columns."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.hooks import Hook

# The ids of the intakes of which what is lent is withheld from a viewer, who has an interest in them.
withheld: Hook[[Viewer], Collection[int]] = Hook()
