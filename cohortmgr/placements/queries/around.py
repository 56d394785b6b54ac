"""Reading who is around an apprentice: the company's tutors and contacts, and the programme's people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import granted
from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import acting_in, db
from cohortmgr.cohorts.models import Cohort, Enrolment

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


def people_with(roles: Iterable[Role], path: str) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the accounts with one of the roles in a scope over `path`: name, address, language, role and ids."""
    starts = [path[: end + 1] for end, char in enumerate(path) if char == "."]
    return db.session.execute(
        sa.select(
            Person.id.label("person_id"),
            Person.reference,
            Person.given_name,
            Person.family_name,
            Person.language,
            Account.email,
            RoleGrant.role,
        )
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role.in_([role.value for role in roles]), RoleGrant.path.in_(starts))
        .where(granted(path))
        .order_by(Person.family_name, Person.id)
    ).all()
