"""Every table, for Alembic, the worker and the tests."""

from cohortmgr.accounts import models as accounts
from cohortmgr.applications.deadlines import models as late_starts
from cohortmgr.applications.file import models as applications
from cohortmgr.applications.guardians import models as guardians
from cohortmgr.audit import models as audit
from cohortmgr.base.db import Model
from cohortmgr.cohorts import models as cohorts
from cohortmgr.jobs import models as jobs
from cohortmgr.messages.helpdesk import models as messages
from cohortmgr.organisations import models as organisations
from cohortmgr.outbox import models as outbox
from cohortmgr.placements import models as placements
from cohortmgr.programmes import models as programmes
from cohortmgr.reports import models as reports
from cohortmgr.reviews import models as reviews
from cohortmgr.selection import models as selection
from cohortmgr.stipends import models as stipends

__all__ = [
    "accounts",
    "applications",
    "audit",
    "cohorts",
    "guardians",
    "jobs",
    "late_starts",
    "messages",
    "metadata",
    "organisations",
    "outbox",
    "placements",
    "programmes",
    "reports",
    "reviews",
    "selection",
    "stipends",
]

metadata = Model.metadata
