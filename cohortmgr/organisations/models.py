"""The table of organisations, a tree that everybody may read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned


class Organisation(Row, Versioned, Model):
    """A ministry, institution, company…; `path` is its place in the tree, `name` is in three languages.

    `institution_id` is the hosting institution: itself, or the one that it stands below. Companies have none.
    `telephone`, `email` and `mark`, a picture whose content `mark_digest` names, are of those that host nothing: hosts
    have a letterhead.
    """

    __tablename__ = "organisations"
    __trail__ = "organisation"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    kind: Mapped[str] = mapped_column(sa.String(20))
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[dict[str, Any]]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(200), unique=True)
    region: Mapped[str | None] = mapped_column(sa.String(5))
    institution_id: Mapped[int | None] = mapped_column(Id, index=True)
    # Nothing new is hosted by a closed one, and nobody new given a role there.
    closed_at: Mapped[datetime | None]
    # What it was called before, the latest first: a name in three languages, and the day on which it ended.
    former_names: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    telephone: Mapped[str] = mapped_column(sa.String(30), default="", server_default=sa.text("''"))
    email: Mapped[str] = mapped_column(sa.String(254), default="", server_default=sa.text("''"))
    mark: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    mark_digest: Mapped[str] = mapped_column(
        sa.String(16), default="", server_default=sa.text("''"), index=True
    )
