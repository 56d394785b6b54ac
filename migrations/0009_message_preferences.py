"""How each person wishes to be written to, and until when they have read."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_preferences",
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("campaigns", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_message_preferences_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_message_preferences")),
        info={"tenancy": "global"},
    )
    op.create_table(
        "inbox_marks",
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_inbox_marks_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_inbox_marks")),
        info={"tenancy": "global"},
    )


def downgrade() -> None:
    op.drop_table("inbox_marks")
    op.drop_table("message_preferences")
