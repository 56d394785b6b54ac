"""The journey: who helps to fill in a file, what was changed since it was sent, forms that outlive their session."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"application_changes": "institution_or_person"}

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("applications", sa.Column("helper", JSON, nullable=True))
    op.create_table(
        "application_changes",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_application_changes_person_id_persons")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_application_changes_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_changes")),
        sa.UniqueConstraint("application_id", name=op.f("uq_application_changes_application_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_application_changes_reference")),
        info={"tenancy": "institution_or_person"},
    )
    for column in ("institution_id", "person_id"):
        op.create_index(
            op.f(f"ix_application_changes_{column}"), "application_changes", [column], unique=False
        )
    op.create_table(
        "held_forms",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_held_forms_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_forms")),
        sa.UniqueConstraint("account_id", name=op.f("uq_held_forms_account_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_held_forms_reference")),
        info={"tenancy": "global"},
    )
    op.create_index(op.f("ix_held_forms_expires_at"), "held_forms", ["expires_at"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("held_forms")
    op.drop_table("application_changes")
    op.drop_column("applications", "helper")
