"""Tables of the imports: the runs, and the tray in which rows that cannot be used wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE
from cohortmgr.base.db import Id, Model, Row, Versioned


class ImportRun(Row, Model):
    """One upload of an institution's file and its result; `by` is the reference of the account.

    Between preview and confirmation the file is stored under `storage_key`. `mapping` says which column
    answers which question; the rows of the tray are judged by it again.
    """

    __tablename__ = "import_runs"
    __trail__ = "import_run"
    __table_args__ = (
        sa.CheckConstraint("state IN ('preview', 'loaded', 'dropped')", name="state"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(200))
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(10), default="loaded")
    storage_key: Mapped[str | None] = mapped_column(sa.String(26))
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    loaded: Mapped[int] = mapped_column(default=0)
    replaced: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    # The bundle of letters to guardians, so that they can be called off when the run is undone.
    bundle: Mapped[str | None] = mapped_column(sa.String(26))
    undone_at: Mapped[datetime | None]


class TrayRow(Row, Versioned, Model):
    """A row that could not be used and waits to be mended; `sealed` holds its cells by header, as JSON.

    The same row in a later run has the same fingerprint, so the tray does not grow. `name` and `email` come
    from the row, to recognise the person by; `note` is the reason for which it was discarded.
    """

    __tablename__ = "tray_rows"
    __trail__ = "tray_row"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "fingerprint"),
        sa.CheckConstraint("state IN ('waiting', 'asked', 'loaded', 'discarded')", name="state"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_runs.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    line: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    problems: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(sa.String(12), default="waiting")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    name: Mapped[str] = mapped_column(sa.String(250), default="")
    email: Mapped[str | None] = mapped_column(sa.String(254))
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
