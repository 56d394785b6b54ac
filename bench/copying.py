"""Make many drafts out of one: a draft made through the pages is copied row by row under other names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bench.installation import Installation, cookie_of
from bench.visitors import drafted, within
from cohortmgr.accounts.actions.people import open_session
from cohortmgr.accounts.models import Account, Person
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import seal_answers, sealed_answers
from cohortmgr.base.db import Model, db, table_of, writing
from cohortmgr.base.text import new_reference

CHUNK = 500


@dataclass(frozen=True)
class Draft:
    """The rows of one draft, and its sealed answers opened: they are sealed for one application alone."""

    person: dict[str, Any]
    account: dict[str, Any]
    application: dict[str, Any]
    documents: list[dict[str, Any]]
    sealed: dict[str, Any]


def copied_drafts(made: Installation, count: int) -> list[tuple[str, str]]:
    """Make `count` drafts that only wait to be sent; returns (file's reference, session cookie) of each."""
    visitor, _page = drafted(within(made.web), made)
    found: list[tuple[str, str]] = []
    with made.system.app_context():
        model = _read(visitor.place.split("/")[3])
        for start in range(0, count, CHUNK):
            with writing():
                copies = [_copy(model, number) for number in range(start, min(count, start + CHUNK))]
            found += [(reference, cookie_of(made.web, token)) for reference, token in copies]
    return found


def _read(reference: str) -> Draft:
    row = db.session.scalars(sa.select(Application).where(Application.reference == reference)).one()
    mine = {
        model: [
            dict(each) for each in db.session.execute(sa.select(table_of(model)).where(*where)).mappings()
        ]
        for model, where in (
            (Person, (Person.id == row.person_id,)),
            (Account, (Account.person_id == row.person_id,)),
            (Application, (Application.id == row.id,)),
            (Document, (Document.application_id == row.id,)),
        )
    }
    sealed = dict(sealed_answers(row))
    return Draft(mine[Person][0], mine[Account][0], mine[Application][0], mine[Document], sealed)


def _copy(model: Draft, number: int) -> tuple[str, str]:
    email = f"copie{number}@exemple.ma"
    person = _insert(Person, {**model.person, "email": email})
    account = _insert(Account, {**model.account, "person_id": person, "email": email})
    reference = new_reference()
    more = {"number": f"COPY-{number:06d}", "email": email, "person_id": person}
    sealed = seal_answers(model.sealed, reference)
    application = _insert(Application, {**model.application, **more, "sealed_answers": sealed}, reference)
    for each in model.documents:
        owner = {"person_id": person, "application_id": application}
        _insert(Document, {**each, **owner, "storage_key": new_reference()})
    return reference, open_session(account)


def _insert(model: type[Model], values: dict[str, Any], reference: str | None = None) -> int:
    """Insert a copy of a row with an id and a reference of its own; returns the id."""
    table = table_of(model)
    row = {key: values[key] for key in values if key != "id" and table.c[key].computed is None}
    done = db.session.execute(sa.insert(table), {**row, "reference": reference or new_reference()})
    return int(done.inserted_primary_key[0])  # type: ignore[attr-defined]
