"""Ways in without a password: codes, telephone numbers, devices that others use; and who waits for an intake."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WITHOUT = "SELECT count(*) FROM accounts WHERE email IS NULL OR password_hash IS NULL"


def upgrade() -> None:
    _codes()
    _watches()
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_blind", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=True)
        batch_op.alter_column("password_hash", existing_type=sa.String(length=200), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_accounts_phone_blind"), ["phone_blind"])
    # Before there were codes nobody could have waited for one with an address that is not theirs.
    op.execute("UPDATE accounts SET proved_at = created_at")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("shared", server_default=None)


def _codes() -> None:
    op.create_table(
        "sign_in_codes",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
        sa.UniqueConstraint("reference", name=op.f("uq_sign_in_codes_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_codes_token_hash")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("sign_in_codes", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_codes_expires_at", ["expires_at"], unique=False)


def _watches() -> None:
    op.create_table(
        "intake_watches",
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("region", sa.String(length=5), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_watches")),
        sa.UniqueConstraint("blind", "scope", name=op.f("uq_intake_watches_blind_scope")),
        sa.UniqueConstraint("reference", name=op.f("uq_intake_watches_reference")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("intake_watches", schema=None) as batch_op:
        batch_op.create_index("ix_intake_watches_expires_at", ["expires_at"], unique=False)
    op.create_table(
        "intake_announcements",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("told_to", ID, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.id"], name=op.f("fk_intake_announcements_intake_id_intakes")
        ),
        sa.PrimaryKeyConstraint("intake_id", name=op.f("pk_intake_announcements")),
        info={"tenancy": "global"},
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(WITHOUT)):
        raise RuntimeError("accounts without an address or a password would be lost")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("shared")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_accounts_phone_blind"), type_="unique")
        batch_op.alter_column("password_hash", existing_type=sa.String(length=200), nullable=False)
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_column("proved_at")
        batch_op.drop_column("phone_blind")
    op.drop_table("intake_announcements")
    op.drop_table("intake_watches")
    op.drop_table("sign_in_codes")
