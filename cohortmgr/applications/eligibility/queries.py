"""Load what a file's eligibility depends on besides its answers: papers, enrolments, staff's decision."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.applications.documents.rules import papers_of
from cohortmgr.applications.eligibility.models import Override
from cohortmgr.applications.eligibility.rules import Circumstances
from cohortmgr.applications.file.hooks import enrolled_elsewhere
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Operator


def override_of(application: Application) -> Override | None:
    """Staff's decision that stands in place of the conditions' result; None without one."""
    live = (Override.application_id == application.id, Override.lifted_at.is_(None))
    return db.session.scalar(sa.select(Override).where(*live))


def circumstances_of(file: File) -> Circumstances:
    """The facts of one file; higher rooms are asked about enrolments only if a condition reads them."""
    row = file.application
    asked = any(rule.operator is Operator.NOT_ENROLLED for rule in file.definition.eligibility)
    enrolled = asked and any(ask(row.person_id, row.intake_id) for ask in enrolled_elsewhere)
    return Circumstances(papers_of(file.documents), enrolled)
