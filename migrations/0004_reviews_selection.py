"""Reviews, selection."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {
    "reviews": "institution",
    "batches": "institution",
    "decisions": "institution_or_person",
    "offers": "institution_or_person",
}

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LIVE = sa.text("state IN ('proposed', 'approved')")


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _row(table: str) -> list[sa.schema.SchemaItem]:
    """Number, public reference and institution, which every table here has."""
    return [
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{table}_reference")),
        _foreign(table, "institution_id", "organisations"),
    ]


def upgrade() -> None:
    _reviews()
    _batches()
    _decisions()
    _offers()
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("reviewer_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("scores", JSON, nullable=False),
        sa.Column("total_thousandths", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("abstained_because", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "application_id", "reviewer_id", name=op.f("uq_reviews_application_id_reviewer_id")
        ),
        _foreign("reviews", "application_id", "applications"),
        _foreign("reviews", "intake_id", "intakes"),
        _foreign("reviews", "reviewer_id", "persons"),
        *_row("reviews"),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_reviews_institution_id"), "reviews", ["institution_id"])
    op.create_index("ix_reviews_intake_id_state", "reviews", ["intake_id", "state"])
    op.create_index("ix_reviews_reviewer_id_state", "reviews", ["reviewer_id", "state"])


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("certificate", JSON, nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _foreign("batches", "intake_id", "intakes"),
        _foreign("batches", "offering_id", "offerings"),
        *_row("batches"),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_batches_institution_id"), "batches", ["institution_id"])
    op.create_index(op.f("ix_batches_intake_id"), "batches", ["intake_id"])
    op.create_index(
        "uq_batches_offering_live",
        "batches",
        ["offering_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("mean_thousandths", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("waiting_state", sa.String(length=12), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("batch_id", "application_id", name=op.f("uq_decisions_batch_id_application_id")),
        _foreign("decisions", "batch_id", "batches"),
        _foreign("decisions", "application_id", "applications"),
        _foreign("decisions", "person_id", "persons"),
        _foreign("decisions", "intake_id", "intakes"),
        *_row("decisions"),
        info={"tenancy": "institution_or_person"},
    )
    for column in ("institution_id", "application_id", "person_id"):
        op.create_index(op.f(f"ix_decisions_{column}"), "decisions", [column])
    op.create_index("ix_decisions_batch_id_waiting", "decisions", ["batch_id", "waiting_state", "position"])


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("application_id", name=op.f("uq_offers_application_id")),
        _foreign("offers", "application_id", "applications"),
        _foreign("offers", "decision_id", "decisions"),
        _foreign("offers", "person_id", "persons"),
        _foreign("offers", "intake_id", "intakes"),
        _foreign("offers", "offering_id", "offerings"),
        *_row("offers"),
        info={"tenancy": "institution_or_person"},
    )
    for column in ("institution_id", "decision_id", "person_id", "intake_id"):
        op.create_index(op.f(f"ix_offers_{column}"), "offers", [column])
    op.create_index("ix_offers_state_deadline", "offers", ["state", "deadline"])
    op.create_index("ix_offers_offering_id_state", "offers", ["offering_id", "state"])


def downgrade() -> None:
    for table in ("offers", "decisions", "batches", "reviews"):
        op.drop_table(table)
