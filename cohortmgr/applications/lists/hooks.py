"""What the list of applications asks of the rooms that lend it columns."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.hooks import Hook
from cohortmgr.programmes.models import Intake

# Whether what is lent of an intake is withheld from a viewer, who has an interest in it.
withheld: Hook[[Viewer, Intake], bool] = Hook()
