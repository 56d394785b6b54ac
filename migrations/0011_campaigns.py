"""Campaigns: one text to many people, and the list of these, fixed when it is proposed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"campaigns": "institution", "campaign_recipients": "institution"}

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("with_drafts", sa.Boolean(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due", MOMENT, nullable=True),
        sa.Column("bundle", sa.String(length=26), nullable=False),
        sa.Column("form_key", sa.String(length=26), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("written_by", sa.String(length=26), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=True),
        sa.Column("proposed_at", MOMENT, nullable=True),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("reached", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("campaigns", "institution_id", "organisations"),
        _key("campaigns", "intake_id", "intakes"),
        _key("campaigns", "cohort_id", "cohorts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("reference", name=op.f("uq_campaigns_reference")),
        sa.UniqueConstraint("created_by", "form_key", name=op.f("uq_campaigns_created_by_form_key")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "intake_id", "cohort_id"):
        op.create_index(op.f(f"ix_campaigns_{column}"), "campaigns", [column])
    op.create_table(
        "campaign_recipients",
        sa.Column("id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        _key("campaign_recipients", "institution_id", "organisations"),
        _key("campaign_recipients", "campaign_id", "campaigns"),
        _key("campaign_recipients", "person_id", "persons"),
        _key("campaign_recipients", "application_id", "applications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_recipients")),
        sa.UniqueConstraint(
            "campaign_id", "person_id", name=op.f("uq_campaign_recipients_campaign_id_person_id")
        ),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "person_id", "application_id"):
        op.create_index(op.f(f"ix_campaign_recipients_{column}"), "campaign_recipients", [column])
    op.create_index("ix_campaign_recipients_campaign_id_id", "campaign_recipients", ["campaign_id", "id"])
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
