"""The table of letterheads. Everybody reads them: they stand on every page and in every message."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned


class KeptLetterhead(Row, Versioned, Model):
    """The letterhead of a hosting institution, or the installation's, whose `institution_id` is empty.

    `texts` is by name, then by language. `mark` is the picture as it is sent, `mark_digest` the name of its content;
    `picture` is that of the home page, which the installation alone has."""

    __tablename__ = "letterheads"
    __trail__ = "letterhead"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    institution_id: Mapped[int | None] = mapped_column(Id)
    # One for each institution and one for the installation, which is zero here: NULL differs from NULL. The wall says
    # that it is the institution's, so that none takes another's.
    place: Mapped[int] = mapped_column(Id, unique=True)
    texts: Mapped[dict[str, Any]]
    telephone: Mapped[str] = mapped_column(sa.String(30), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    cndp: Mapped[str] = mapped_column(sa.String(40), default="")
    mark: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    mark_digest: Mapped[str] = mapped_column(sa.String(16), default="", index=True)
    picture: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    picture_digest: Mapped[str] = mapped_column(
        sa.String(16), default="", server_default=sa.text("''"), index=True
    )
