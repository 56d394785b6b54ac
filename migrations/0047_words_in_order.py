"""Each word of a file stands beside the name by which lists are ordered: a search that finds thousands of files reads
its first page from the index of words alone."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0047_words_in_order"
KEY = "intake_id, state, word, application_id"
# What is there is written anew, since an index without room between its rows is read the quickest. Without its key the
# table would take a row twice.
ANEW = """
    INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name)
    SELECT DISTINCT a.intake_id, a.state, left(w.word, 60) COLLATE "C", a.id, a.institution_id, a.sort_name
    FROM applications a, string_to_table(a.search_text, ' ') AS w (word)
    WHERE w.word <> '' AND a.consent NOT IN ('waiting', 'withdrawn') ORDER BY 1, 2, 3, 4
"""
NAMED = (
    "UPDATE search_words SET sort_name ="
    " (SELECT a.sort_name FROM applications a WHERE a.id = search_words.application_id)"
)


def upgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    if on_postgresql:
        op.execute("TRUNCATE search_words")
        op.execute("ALTER TABLE search_words DROP CONSTRAINT pk_search_words")
    name = sa.Column("sort_name", sa.String(250), nullable=False, server_default=sa.text("''"))
    op.add_column("search_words", name)
    if on_postgresql:
        op.execute(ANEW)
        op.execute(_key("institution_id, sort_name"))
    else:
        op.execute(NAMED)
    _execute("postgresql" if on_postgresql else "sqlite")


def downgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    _execute(f"back_{'postgresql' if on_postgresql else 'sqlite'}")
    if on_postgresql:
        op.execute("ALTER TABLE search_words DROP CONSTRAINT pk_search_words")
    op.drop_column("search_words", "sort_name")
    if on_postgresql:
        op.execute(_key("institution_id"))


def _key(included: str) -> str:
    return f"ALTER TABLE search_words ADD CONSTRAINT pk_search_words PRIMARY KEY ({KEY}) INCLUDE ({included})"


def _execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name.endswith("sqlite") else [text]:
        if not statement.startswith("--") or not name.endswith("sqlite"):
            op.execute(sa.text(statement.replace(":", "\\:")))
