"""What is said of readers: whom and which schools they know, what they read; a conflict that was lifted stays."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"reader_words": "institution"}

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_reader_words_{column}_{target}")
    )


def upgrade() -> None:
    op.create_table(
        "reader_words",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("reader_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_words")),
        sa.UniqueConstraint("reference", name=op.f("uq_reader_words_reference")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "reader_id"):
        op.create_index(op.f(f"ix_reader_words_{column}"), "reader_words", [column], unique=False)
    op.create_index("ix_reader_words_intake_id_kind", "reader_words", ["intake_id", "kind"], unique=False)
    op.add_column("reader_conflicts", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    # A conflict that was lifted is none: without the column its row would bar again.
    op.execute("DELETE FROM reader_conflicts WHERE lifted_at IS NOT NULL")
    op.drop_column("reader_conflicts", "lifted_at")
    op.drop_table("reader_words")
