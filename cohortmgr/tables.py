"""Every table, for Alembic, the worker and the tests."""

from cohortmgr.accounts import models as accounts
from cohortmgr.audit import models as audit
from cohortmgr.base.db import Model
from cohortmgr.jobs import models as jobs
from cohortmgr.outbox import models as outbox

__all__ = ["accounts", "audit", "jobs", "metadata", "outbox"]

metadata = Model.metadata
