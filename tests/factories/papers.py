"""Makes transcripts as the worker leaves them, and the checks of figures that staff made on them."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.documents.figures import comparable
from cohortmgr.applications.documents.models import FigureCheck
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.definition.rules import Form


def proved(reader: Viewer, form: Form, application_ids: list[int], content: bytes) -> None:
    """Give these files the paper on which their figures are checked, and note that each figure was found equal."""
    figures = {each.key: each.proof for each in form.questions if each.proof is not None}
    sha256, moment = hashlib.sha256(content).hexdigest(), clock.now()
    with writing():
        for row in db.session.scalars(sa.select(Application).where(Application.id.in_(application_ids))):
            owned = {
                "institution_id": row.institution_id,
                "person_id": row.person_id,
                "application_id": row.id,
            }
            for question in sorted(set(figures.values())):
                paper = {"filename": "relevés.pdf", "media_type": "application/pdf", "size": len(content)}
                key = storage.store(content).key
                part = {"key": key, "name": "relevés.pdf", "kind": "pdf", "size": len(content), "clean": True}
                db.session.add(
                    Document(
                        **owned, **paper, question=question, state="clean", storage_key=key, sha256=sha256,
                        parts=[{**part, "sha256": sha256}], uploaded_at=moment,
                    )
                )  # fmt: skip
            for key, declared in row.answers.items():
                if key in figures:
                    same = comparable(declared)
                    read = {"declared": same, "read": same, "sha256": sha256}
                    db.session.add(FigureCheck(**owned, **read, question=key, by=reader.reference, at=moment))
