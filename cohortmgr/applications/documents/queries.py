"""Load the papers of a file, and find the files with figures that staff have yet to read on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.documents.figures import newest, unchecked
from cohortmgr.applications.documents.models import FigureCheck
from cohortmgr.applications.documents.rules import files_of, page_files
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import visible
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.definition.rules import Form


def unchecked_files(form: Form, files: sa.Select[Application]) -> list[Application]:
    """The applications of the query with a declared figure that nobody found equal, in the query's order.

    The query gives only what the caller may see. No statement if the form asks for no check, two otherwise.
    """
    proofs = {each.key: each.proof for each in form.questions if each.proof is not None}
    contents = _contents(files) if proofs else {}
    if not contents:
        return []
    readings: dict[int, list[Any]] = defaultdict(list)
    noted = sa.select(FigureCheck).where(FigureCheck.application_id.in_([file.id for file in contents]))
    for row in db.session.scalars(noted.order_by(FigureCheck.id)):
        readings[row.application_id].append(row)
    return [
        file
        for file, papers in contents.items()
        if unchecked(proofs, file.answers, papers, newest(readings[file.id]))
    ]


def readings_of(application: Application) -> Sequence[FigureCheck]:
    """The readings of figures on the papers of a file, in the order in which they were made."""
    chosen = sa.select(FigureCheck).where(FigureCheck.application_id == application.id)
    return db.session.scalars(chosen.order_by(FigureCheck.id)).all()


def _contents(files: sa.Select[Application]) -> dict[Application, dict[str, str]]:
    """For each application: question of a paper to the SHA-256 of the current one."""
    standing = sa.and_(
        Document.application_id == Application.id,
        Document.replaced_at.is_(None),
        Document.storage_key.is_not(None),
    )
    rows = db.session.execute(
        files.add_columns(Document.question, Document.sha256).outerjoin(Document, standing)
    )
    found: dict[Application, dict[str, str]] = {}
    for file, question, content in rows:
        papers = found.setdefault(file, {})
        if question is not None:
            papers[question] = content
    return found


def document(viewer: Viewer, reference: str) -> tuple[Document, Application]:
    """A document of an application that the viewer may see; NotFound otherwise."""
    row = db.session.execute(
        visible(viewer)
        .add_columns(Document)
        .join(Document, Document.application_id == Application.id)
        .where(Document.reference == reference)
    ).first()
    if row is None:
        raise NotFound(reference)
    return row[2], row[0]


def stored_keys() -> set[str]:
    """The keys of all files in the storage that papers name: what was sent, what was made of it, and pictures of its
    pages."""
    found: set[str] = set()
    columns = (Document.parts, Document.pages, Document.narrow_pages, Document.storage_key)
    for parts, pages, narrow, key in db.session.execute(sa.select(*columns)):
        found.update(files_of(parts), page_files(pages, narrow), [key] if key else [])
    return found
