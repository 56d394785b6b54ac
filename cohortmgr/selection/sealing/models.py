"""The table of the rules by which intakes choose: a row for each version, sealed by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.selection.sealing.rules import RulesState

_OPEN = sa.text("state IN ('draft', 'proposed')")


class RulesVersion(Row, Versioned, Model):
    """One version of an intake's rules, by its number. The sealed one with the highest number is in force; beside it
    one may be open, that is written or proposed.

    `content` is that of `RulesContent.as_json`; `reason` says why the rules change after the first seal. `written_by`,
    `proposed_by` and `sealed_by` are references of accounts. Once it is sealed: `digest` is the SHA-256 of what it
    states, `salt` the intake's salt, encrypted, the same in all its versions, and `older_marks` whether marks had been
    handed in before this version was sealed."""

    __tablename__ = "rules_versions"
    __trail__ = "rules_version"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "number"),
        sa.Index(
            "uq_rules_versions_open", "intake_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(12), default=RulesState.DRAFT.value)
    content: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    written_by: Mapped[str] = mapped_column(sa.String(26))
    written_at: Mapped[datetime]
    proposed_by: Mapped[str | None] = mapped_column(sa.String(26))
    proposed_at: Mapped[datetime | None]
    sealed_by: Mapped[str | None] = mapped_column(sa.String(26))
    sealed_at: Mapped[datetime | None]
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    salt: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    older_marks: Mapped[bool] = mapped_column(default=False)
