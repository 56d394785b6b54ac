"""The table of the lists that staff keep under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE
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
