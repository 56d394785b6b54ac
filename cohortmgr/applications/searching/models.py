"""The table of the words by which files are found."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.words import LONGEST
from cohortmgr.base.db import Id, Model

# Words are compared by their letters' code points, as SQLite does and as the range of a beginning needs.
_WORD = sa.String(LONGEST).with_variant(sa.String(LONGEST, collation="C"), "postgresql")


class SearchWord(Model):
    """A word of a file's `search_text`. Triggers of the database write them with the file, in the same transaction.

    A file that waits for a guardian's word, or was refused it, has none, so that no search finds it. Staff alone
    search: whoever a file is about sees none of them. Both indexes hold all that a search and the policy read, so that
    the rows are left alone; `state` is the file's."""

    __tablename__ = "search_words"
    __table_args__ = (
        sa.PrimaryKeyConstraint(
            "intake_id", "state", "word", "application_id", postgresql_include=["institution_id", "sort_name"]
        ),
        sa.Index("ix_search_words_institution_word", "institution_id", "word", "intake_id", "application_id"),
        {"info": {"tenancy": "institution"}, "sqlite_with_rowid": False},
    )

    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    state: Mapped[str] = mapped_column(sa.String(12))
    word: Mapped[str] = mapped_column(_WORD)
    application_id: Mapped[int] = mapped_column(
        sa.ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    institution_id: Mapped[int] = mapped_column(Id)
    # The file's, by which a list is ordered that shows what a search found.
    sort_name: Mapped[str] = mapped_column(sa.String(250), default="", server_default=sa.text("''"))
