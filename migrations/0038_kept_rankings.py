"""Rankings are kept, and batches of many files are frozen and approved step by step."""

from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"ranking_changes": "institution", "standings": "institution", "standing_rows": "institution"}

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0038_kept_rankings"
TRIGGERS = {
    "reviews": ("app_note_readings_added", "app_note_readings_gone", "app_note_readings_changed"),
    "applications": ("app_note_files_added", "app_note_files_gone", "app_note_files_changed"),
}
NUMBERS = ("ranked", "chosen", "waiting", "refused", "ineligible", "undecided", "unread")
ADDED: tuple[tuple[str, sa.types.TypeEngine[Any], str | None], ...] = (
    ("summary", JSON, "'{}'"),
    ("digest", sa.String(length=64), "''"),
    ("checked_at", MOMENT, None),
    ("problems", JSON, "'[]'"),
    ("job_reference", sa.String(length=26), "''"),
    ("stopped", JSON, "'[]'"),
    ("deadline", MOMENT, None),
    ("bundle", sa.String(length=26), "''"),
    ("reached", ID, "0"),
    ("letters", sa.Integer(), "0"),
)
INDEXES = (
    ("ix_decisions_batch_id_id", "decisions", ("batch_id", "id")),
    ("ix_decisions_batch_id_outcome_id", "decisions", ("batch_id", "outcome", "id")),
)
LIVE = "uq_batches_offering_live"
BEFORE, NOW = (
    sa.text("state IN ('proposed', 'approved')"),
    sa.text("state IN ('draft', 'proposed', 'approving', 'approved')"),
)


def upgrade() -> None:
    _rankings()
    for name, kind, default in ADDED:
        op.add_column(
            "batches",
            sa.Column(name, kind, nullable=default is None, server_default=default and sa.text(default)),
        )
    for name, table, columns in INDEXES:
        op.create_index(name, table, list(columns))
    _live(NOW)
    _summed_up()
    if op.get_context().dialect.name == "sqlite":
        execute("sqlite")
        return
    for table, kind in WALLS.items():
        wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
        op.execute(wall.bindparams(place=table, kind=kind))
    execute("postgresql")


def _rankings() -> None:
    op.create_table(
        "ranking_changes",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("changes", ID, nullable=False),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name="fk_ranking_changes_intake_id_intakes"),
        sa.PrimaryKeyConstraint("intake_id", "shard", name="pk_ranking_changes"),
    )
    op.create_index("ix_ranking_changes_institution_id", "ranking_changes", ["institution_id"])
    op.create_table(
        "standings",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("rests_on", sa.String(length=100), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("refusal", JSON, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name="fk_standings_intake_id_intakes"),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name="fk_standings_offering_id_offerings"),
        sa.PrimaryKeyConstraint("id", name="pk_standings"),
        sa.UniqueConstraint("reference", name="uq_standings_reference"),
    )
    for column in ("institution_id", "intake_id"):
        op.create_index(f"ix_standings_{column}", "standings", [column])
    op.create_index("ix_standings_offering_id_id", "standings", ["offering_id", "id"])
    making = sa.text("made_at IS NULL")
    op.create_index(
        "uq_standings_making",
        "standings",
        ["offering_id"],
        unique=True,
        sqlite_where=making,
        postgresql_where=making,
    )
    op.create_table(
        "standing_rows",
        sa.Column("standing_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("mean", sa.Integer(), nullable=False),
        sa.Column("totals", JSON, nullable=False),
        sa.Column("decided", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["standing_id"],
            ["standings.id"],
            name="fk_standing_rows_standing_id_standings",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="fk_standing_rows_application_id_applications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("standing_id", "place", name="pk_standing_rows"),
        sa.UniqueConstraint("standing_id", "reference", name="uq_standing_rows_standing_id_reference"),
    )
    for column in ("institution_id", "application_id"):
        op.create_index(f"ix_standing_rows_{column}", "standing_rows", [column])


def _live(where: sa.TextClause) -> None:
    op.drop_index(LIVE, "batches")
    op.create_index(LIVE, "batches", ["offering_id"], unique=True, sqlite_where=where, postgresql_where=where)


def _summed_up() -> None:
    """What the pages of the batches that are there say of them: how many decisions of each kind, and the digest."""
    bind = op.get_bind()
    names = ("id", "certificate", "summary", "digest")
    kinds_of = {"certificate": JSON, "summary": JSON}
    batches = sa.table("batches", *(sa.column(name, kinds_of.get(name)) for name in names))
    kinds = sa.text(
        "SELECT d.outcome, d.rank IS NULL AS bare, a.language, count(*) AS n FROM decisions d"
        " JOIN applications a ON a.id = d.application_id WHERE d.batch_id = :batch"
        " GROUP BY d.outcome, d.rank IS NULL, a.language"
    )
    for number in bind.scalars(sa.select(batches.c.id)).all():
        outcomes: Counter[str] = Counter()
        languages: Counter[str] = Counter()
        bare = 0
        for row in bind.execute(kinds, {"batch": number}):
            outcomes[row.outcome] += row.n
            languages[row.language] += row.n
            bare += row.n if row.outcome == "refused" and row.bare else 0
        certificate = bind.scalar(sa.select(batches.c.certificate).where(batches.c.id == number)) or {}
        summary = {"all": outcomes.total(), **outcomes, "ineligible": bare, "languages": dict(languages)}
        values = {"summary": summary, "digest": str(certificate.get("sha256", ""))}
        bind.execute(sa.update(batches).where(batches.c.id == number).values(values))


def downgrade() -> None:
    on_postgresql = op.get_context().dialect.name != "sqlite"
    for table, names in TRIGGERS.items():
        for name in names:
            op.execute(f"DROP TRIGGER {name}{f' ON {table}' if on_postgresql else ''}")
    if on_postgresql:
        op.execute("DROP FUNCTION app_note_readings()")
        op.execute("DROP FUNCTION app_note_sent_files()")
        op.execute("DROP FUNCTION app_note_change(bigint, bigint)")
    # What was under way is given up: the states of before do not know it.
    op.execute("UPDATE batches SET state = 'cancelled' WHERE state = 'draft'")
    op.execute("UPDATE batches SET state = 'proposed' WHERE state = 'approving'")
    _live(BEFORE)
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table("batches") as batch:
        for name, *_rest in ADDED:
            batch.drop_column(name)
    for table in ("standing_rows", "standings", "ranking_changes"):
        op.drop_table(table)


def execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(sa.text(statement.replace(":", "\\:")))
