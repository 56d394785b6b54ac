"""Which files still wait for somebody to read their figures on the papers that prove them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.figures import newest, unchecked
from cohortmgr.applications.models import Application, Document, FigureCheck
from cohortmgr.base.db import db
from cohortmgr.programmes.rules import Form


def unchecked_files(form: Form, files: Collection[Application]) -> set[int]:
    """The ids of those of these applications, which the caller may see, with a declared figure that nobody found equal.

    No statement where the form asks for no check, two otherwise.
    """
    proofs = {each.key: each.proof for each in form.questions if each.proof is not None}
    if not proofs or not files:
        return set()
    application_ids = [file.id for file in files]
    contents = _contents(application_ids)
    readings: dict[int, list[Any]] = defaultdict(list)
    noted = sa.select(FigureCheck).where(FigureCheck.application_id.in_(application_ids))
    for row in db.session.scalars(noted.order_by(FigureCheck.id)):
        readings[row.application_id].append(row)
    return {
        file.id
        for file in files
        if unchecked(proofs, file.answers, contents[file.id], newest(readings[file.id]))
    }


def _contents(application_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Of each application: question of a paper to the SHA-256 that stands."""
    standing = (Document.replaced_at.is_(None), Document.storage_key.is_not(None))
    rows = db.session.execute(
        sa.select(Document.application_id, Document.question, Document.sha256).where(
            Document.application_id.in_(application_ids), *standing
        )
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for number, question, content in rows:
        found[number][question] = content
    return found
