"""The tables of the lists that staff keep: under a name, and as a workbook that is fetched later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE, _one_where
from cohortmgr.applications.lists.rules import ListExportState
from cohortmgr.base.db import Id, Model, Row


class SavedView(Row, Model):
    """A list's filters, columns and order under a name; `arguments` are those of its address.

    A `shared` view is seen by everybody who reads the files of its scope."""

    __tablename__ = "saved_views"
    __table_args__ = (sa.UniqueConstraint("path", "author", "name"), _OFFICE)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    path: Mapped[str] = mapped_column(sa.String(200), index=True)
    author: Mapped[str] = mapped_column(sa.String(26))
    name: Mapped[str] = mapped_column(sa.String(80))
    arguments: Mapped[dict[str, Any]]
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ListExport(Row, Model):
    """A list that was too long to be written while somebody waits; only `asked_by`, an account's reference, fetches it.

    `sealed` holds the filters as JSON, for a search may be an identity number; `blind` is the index of the same, by
    which a second click finds the first one's. Row and file are erased at `expires_at`."""

    __tablename__ = "list_exports"
    __table_args__ = (
        _one_where("state = 'writing'", "uq_list_exports_writing", "intake_id", "asked_by", "blind"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    asked_by: Mapped[str] = mapped_column(sa.String(26))
    asked_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(sa.String(2))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    blind: Mapped[str] = mapped_column(sa.String(64))
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
    state: Mapped[str] = mapped_column(sa.String(12), default=ListExportState.WRITING.value)
    rows: Mapped[int | None]
    storage_key: Mapped[str | None] = mapped_column(sa.String(26), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
