"""Reading who is around an apprentice: the company's tutors and contacts, and the programme's people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import acting_in
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.placements.queries.placements import people_with

People = Sequence[sa.Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class PeopleAround:
    """Names and addresses, as `people_with` gives them."""

    programme: People
    tutors: People = field(default=())
    contacts: People = field(default=())


def people_around(enrolment: Enrolment, cohort: Cohort, company_path: str | None) -> PeopleAround:
    """Return whom an apprentice may write to; `company_path` is that of the company that has them, if one does.

    The caller has checked that the enrolment is the viewer's own: no role of anybody else is told."""
    with acting_in(enrolment.institution_id):  # a person sees no other person's roles
        programme = people_with([Role.PROGRAMME_ADMINISTRATOR], cohort.path)
        if company_path is None:
            return PeopleAround(programme)
        return PeopleAround(
            programme,
            people_with([Role.TUTOR], company_path),
            people_with([Role.COMPANY_CONTACT], company_path),
        )
