"""An account that moves from an empty second person to the person who was known is noted, and can be moved back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")

WALLS: dict[str, str] = {}

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_unions",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("from_id", ID, nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_person_unions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["persons.id"], name=op.f("fk_person_unions_from_id_persons")),
        sa.ForeignKeyConstraint(["to_id"], ["persons.id"], name=op.f("fk_person_unions_to_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_unions")),
        sa.UniqueConstraint("reference", name=op.f("uq_person_unions_reference")),
        info={"tenancy": "global"},
    )
    op.create_index("ix_person_unions_account_id", "person_unions", ["account_id"])
    op.create_index("ix_person_unions_from_id", "person_unions", ["from_id"])


def downgrade() -> None:
    op.drop_table("person_unions")
