"""Cohorts and enrolments; positions, wishes, scores, matchings, placements; bank details and stipends."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {
    "cohorts": "published",
    "enrolments": "institution_or_person",
    "positions": "published",
    "wishes": "institution_or_person",
    "position_scores": "institution",
    "matching_runs": "institution",
    "placements": "institution_or_person",
    "bank_details": "institution_or_person",
    "stipend_runs": "institution",
    "stipend_lines": "institution_or_person",
}

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("cohorts", "institution_id", "organisations"),
        _key("cohorts", "intake_id", "intakes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("intake_id", name=op.f("uq_cohorts_intake_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_cohorts_reference")),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_cohorts_institution_id"), "cohorts", ["institution_id"])
    op.create_table(
        "enrolments",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("enrolments", "institution_id", "organisations"),
        _key("enrolments", "person_id", "persons"),
        _key("enrolments", "cohort_id", "cohorts"),
        _key("enrolments", "application_id", "applications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("application_id", name=op.f("uq_enrolments_application_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_enrolments_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(op.f("ix_enrolments_cohort_id"), "enrolments", ["cohort_id"])
    op.create_index(op.f("ix_enrolments_institution_id"), "enrolments", ["institution_id"])
    op.create_index(op.f("ix_enrolments_person_id"), "enrolments", ["person_id"])
    op.create_table(
        "positions",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("scored_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("positions", "institution_id", "organisations"),
        _key("positions", "cohort_id", "cohorts"),
        _key("positions", "company_id", "organisations"),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_positions_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_positions")),
        sa.UniqueConstraint("cohort_id", "company_id", name=op.f("uq_positions_cohort_id_company_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_positions_reference")),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_positions_company_id"), "positions", ["company_id"])
    op.create_index(op.f("ix_positions_institution_id"), "positions", ["institution_id"])
    op.create_table(
        "wishes",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("enrolment_id", ID, nullable=False),
        sa.Column("position_id", ID, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("consented_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("wishes", "institution_id", "organisations"),
        _key("wishes", "person_id", "persons"),
        _key("wishes", "enrolment_id", "enrolments"),
        _key("wishes", "position_id", "positions"),
        sa.CheckConstraint("rank > 0", name=op.f("ck_wishes_rank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes")),
        sa.UniqueConstraint("enrolment_id", "position_id", name=op.f("uq_wishes_enrolment_id_position_id")),
        sa.UniqueConstraint("enrolment_id", "rank", name=op.f("uq_wishes_enrolment_id_rank")),
        sa.UniqueConstraint("reference", name=op.f("uq_wishes_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(op.f("ix_wishes_institution_id"), "wishes", ["institution_id"])
    op.create_index(op.f("ix_wishes_person_id"), "wishes", ["person_id"])
    op.create_index(op.f("ix_wishes_position_id"), "wishes", ["position_id"])
    op.create_table(
        "position_scores",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("position_id", ID, nullable=False),
        sa.Column("enrolment_id", ID, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("position_scores", "institution_id", "organisations"),
        _key("position_scores", "position_id", "positions"),
        _key("position_scores", "enrolment_id", "enrolments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position_scores")),
        sa.UniqueConstraint(
            "position_id", "enrolment_id", name=op.f("uq_position_scores_position_id_enrolment_id")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_position_scores_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_position_scores_enrolment_id"), "position_scores", ["enrolment_id"])
    op.create_index(op.f("ix_position_scores_institution_id"), "position_scores", ["institution_id"])
    op.create_table(
        "matching_runs",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("certificate", JSON, nullable=False),
        sa.Column("run_by", sa.String(length=26), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("matching_runs", "institution_id", "organisations"),
        _key("matching_runs", "cohort_id", "cohorts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matching_runs")),
        sa.UniqueConstraint("reference", name=op.f("uq_matching_runs_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_matching_runs_cohort_id"), "matching_runs", ["cohort_id"])
    op.create_index(op.f("ix_matching_runs_institution_id"), "matching_runs", ["institution_id"])
    op.create_table(
        "placements",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("enrolment_id", ID, nullable=False),
        sa.Column("position_id", ID, nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("placements", "institution_id", "organisations"),
        _key("placements", "person_id", "persons"),
        _key("placements", "enrolment_id", "enrolments"),
        _key("placements", "position_id", "positions"),
        _key("placements", "company_id", "organisations"),
        _key("placements", "run_id", "matching_runs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_placements_enrolment_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_placements_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(op.f("ix_placements_company_id"), "placements", ["company_id"])
    op.create_index(op.f("ix_placements_institution_id"), "placements", ["institution_id"])
    op.create_index(op.f("ix_placements_person_id"), "placements", ["person_id"])
    op.create_index(op.f("ix_placements_position_id"), "placements", ["position_id"])
    op.create_index(op.f("ix_placements_run_id"), "placements", ["run_id"])
    op.create_table(
        "bank_details",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("bank_details", "institution_id", "organisations"),
        _key("bank_details", "person_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_details")),
        sa.UniqueConstraint(
            "institution_id", "person_id", name=op.f("uq_bank_details_institution_id_person_id")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_details_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(op.f("ix_bank_details_blind"), "bank_details", ["blind"])
    op.create_index(op.f("ix_bank_details_person_id"), "bank_details", ["person_id"])
    op.create_table(
        "stipend_runs",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total_cents", ID, nullable=False),
        sa.Column("computed_by", sa.String(length=26), nullable=True),
        sa.Column("computed_at", MOMENT, nullable=True),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("exported_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("stipend_runs", "institution_id", "organisations"),
        _key("stipend_runs", "cohort_id", "cohorts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stipend_runs")),
        sa.UniqueConstraint("cohort_id", "month", name=op.f("uq_stipend_runs_cohort_id_month")),
        sa.UniqueConstraint("reference", name=op.f("uq_stipend_runs_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_stipend_runs_institution_id"), "stipend_runs", ["institution_id"])
    op.create_table(
        "stipend_lines",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("enrolment_id", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("gross_cents", ID, nullable=False),
        sa.Column("net_cents", ID, nullable=False),
        sa.Column("carried_cents", ID, nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("exception", JSON, nullable=True),
        sa.Column("absences", sa.Integer(), nullable=False),
        sa.Column("arrears", JSON, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("stipend_lines", "institution_id", "organisations"),
        _key("stipend_lines", "person_id", "persons"),
        _key("stipend_lines", "run_id", "stipend_runs"),
        _key("stipend_lines", "enrolment_id", "enrolments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stipend_lines")),
        sa.UniqueConstraint("reference", name=op.f("uq_stipend_lines_reference")),
        sa.UniqueConstraint("run_id", "enrolment_id", name=op.f("uq_stipend_lines_run_id_enrolment_id")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(op.f("ix_stipend_lines_enrolment_id"), "stipend_lines", ["enrolment_id"])
    op.create_index(op.f("ix_stipend_lines_institution_id"), "stipend_lines", ["institution_id"])
    op.create_index(op.f("ix_stipend_lines_person_id"), "stipend_lines", ["person_id"])
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
