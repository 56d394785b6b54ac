"""The end of each chain of the trail is signed; chains of the old rule have no signature until they are closed."""

import sqlalchemy as sa
from alembic import op

# No table is made here.
WALLS: dict[str, str] = {}

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_heads") as table:
        table.add_column(sa.Column("signature", sa.String(length=64), nullable=True))
    # The first migration began the installation's chain. Where nothing went into it, there is nothing to close.
    op.execute("DELETE FROM audit_heads WHERE chain = 'installation' AND sequence = 0")


def downgrade() -> None:
    # The heads stay, since their chains do: the trail is only appended to. After another upgrade these chains go on,
    # and are told to be unsigned.
    with op.batch_alter_table("audit_heads") as table:
        table.drop_column("signature")
    op.execute(
        sa.text(
            "INSERT INTO audit_heads (chain, sequence, digest) SELECT 'installation', 0, :zeros"
            " WHERE NOT EXISTS (SELECT 1 FROM audit_heads WHERE chain = 'installation')"
        ).bindparams(zeros="0" * 64)
    )
