"""What was accepted once stays known; a list, an offer, a placement and a run can be taken back with a reason."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
STANDING = sa.text("state IN ('proposed', 'confirmed', 'started', 'ended')")
KEPT = sa.text("state <> 'cancelled'")
SETTLED = ("approved", "exported", "paid")
# The words by which lines written until now say that they took over an earlier month.
ASIDE, OWED = "Rappel, %(month)s : mise de côté", "Reste dû du mois précédent"
WALLS: dict[str, str] = {}

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batches") as table:
        table.add_column(sa.Column("open_until", MOMENT, nullable=True))
    with op.batch_alter_table("offers") as table:
        table.add_column(sa.Column("accepted_at", MOMENT, nullable=True))
    op.execute("UPDATE offers SET accepted_at = COALESCE(answered_at, sent_at) WHERE state = 'accepted'")
    op.execute(
        "UPDATE offers SET accepted_at = (SELECT enrolments.enrolled_at FROM enrolments WHERE "
        "enrolments.application_id = offers.application_id) WHERE accepted_at IS NULL"
    )
    with op.batch_alter_table("enrolments") as table:
        table.add_column(sa.Column("confirmed_at", MOMENT, nullable=True))
    with op.batch_alter_table("placements") as table:
        table.alter_column("run_id", existing_type=ID, nullable=True)
        table.drop_constraint(op.f("uq_placements_enrolment_id"), type_="unique")
        table.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("because", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("proposed_by", sa.String(length=26), nullable=True))
        table.add_column(sa.Column("approved_by", sa.String(length=26), nullable=True))
    op.create_index(
        "uq_placements_enrolment_standing",
        "placements",
        ["enrolment_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index("ix_placements_enrolment_id", "placements", ["enrolment_id"])
    with op.batch_alter_table("stipend_runs") as table:
        table.drop_constraint(op.f("uq_stipend_runs_cohort_id_month"), type_="unique")
        table.add_column(sa.Column("cancelled_by", sa.String(length=26), nullable=True))
        table.add_column(sa.Column("cancelled_at", MOMENT, nullable=True))
        table.add_column(
            sa.Column("cancelled_because", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
    op.create_index(
        "uq_stipend_runs_cohort_month_kept",
        "stipend_runs",
        ["cohort_id", "month"],
        unique=True,
        sqlite_where=KEPT,
        postgresql_where=KEPT,
    )
    with op.batch_alter_table("stipend_lines") as table:
        table.add_column(
            sa.Column("blind", sa.String(length=64), nullable=False, server_default=sa.text("''"))
        )
        table.add_column(sa.Column("account_sealed", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("taken_by_id", ID, nullable=True))
        table.add_column(sa.Column("paid_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("returned_on", sa.Date(), nullable=True))
        table.add_column(
            sa.Column("returned_because", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
        table.create_foreign_key(
            op.f("fk_stipend_lines_taken_by_id_stipend_lines"), "stipend_lines", ["taken_by_id"], ["id"]
        )
    op.create_index(op.f("ix_stipend_lines_taken_by_id"), "stipend_lines", ["taken_by_id"])
    _keep_accounts()
    _keep_what_was_taken_over()


def _keep_accounts() -> None:
    """The account of a line is the person's, if it still ends as the line says; else its file stops."""
    op.execute(
        "UPDATE stipend_lines SET blind = COALESCE((SELECT bank_details.blind FROM bank_details WHERE "
        "bank_details.person_id = stipend_lines.person_id AND bank_details.institution_id = "
        "stipend_lines.institution_id AND bank_details.last4 = stipend_lines.last4), '')"
    )


def _keep_what_was_taken_over() -> None:
    """Note by which line each earlier one was taken over; what none took over is open, and the next one pays it."""
    bind = op.get_bind()
    lines = sa.table(
        "stipend_lines",
        *(sa.column(name) for name in ("id", "run_id", "enrolment_id", "month", "state", "carried_cents")),
        sa.column("net_cents"),
        sa.column("items", sa.JSON()),
        sa.column("taken_by_id"),
    )
    runs = sa.table("stipend_runs", sa.column("id"), sa.column("state"))
    rows = bind.execute(
        sa.select(lines)
        .join(runs, runs.c.id == lines.c.run_id)
        .where(runs.c.state.in_(SETTLED))
        .order_by(lines.c.enrolment_id, lines.c.month)
    ).all()
    for earlier, later in zip(rows, rows[1:], strict=False):
        if earlier.enrolment_id != later.enrolment_id:
            continue
        said = [each["what"] for each in later.items]
        left = (earlier.state == "set_aside" and earlier.net_cents > 0 and ASIDE in said) or (
            earlier.carried_cents > 0 and OWED in said
        )
        if left:
            taken = sa.update(lines).where(lines.c.id == earlier.id).values(taken_by_id=later.id)
            bind.execute(taken)


def downgrade() -> None:
    # Those who know no second placement and no second run of a month keep the one that stands.
    op.execute(
        "DELETE FROM stipend_lines WHERE run_id IN (SELECT id FROM stipend_runs WHERE state = 'cancelled')"
    )
    op.execute("DELETE FROM stipend_runs WHERE state = 'cancelled'")
    op.execute(
        "DELETE FROM placements WHERE run_id IS NULL OR id NOT IN "
        "(SELECT MAX(id) FROM placements WHERE run_id IS NOT NULL GROUP BY enrolment_id)"
    )
    op.drop_index(op.f("ix_stipend_lines_taken_by_id"), table_name="stipend_lines")
    with op.batch_alter_table("stipend_lines") as table:
        table.drop_constraint(op.f("fk_stipend_lines_taken_by_id_stipend_lines"), type_="foreignkey")
        for name in (
            "returned_because",
            "returned_on",
            "paid_on",
            "taken_by_id",
            "account_sealed",
            "blind",
        ):
            table.drop_column(name)
    op.drop_index("uq_stipend_runs_cohort_month_kept", table_name="stipend_runs")
    with op.batch_alter_table("stipend_runs") as table:
        for name in ("cancelled_because", "cancelled_at", "cancelled_by"):
            table.drop_column(name)
        table.create_unique_constraint(op.f("uq_stipend_runs_cohort_id_month"), ["cohort_id", "month"])
    op.drop_index("ix_placements_enrolment_id", table_name="placements")
    op.drop_index("uq_placements_enrolment_standing", table_name="placements")
    with op.batch_alter_table("placements") as table:
        for name in ("approved_by", "proposed_by", "because", "ends_on"):
            table.drop_column(name)
        table.create_unique_constraint(op.f("uq_placements_enrolment_id"), ["enrolment_id"])
        table.alter_column("run_id", existing_type=ID, nullable=False)
    for name, column in (
        ("enrolments", "confirmed_at"),
        ("offers", "accepted_at"),
        ("batches", "open_until"),
    ):
        with op.batch_alter_table(name) as table:
            table.drop_column(column)
