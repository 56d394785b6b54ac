"""Interviews and tests: days with their slots and panels, who booked which slot, and what people need there."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {
    "interview_days": "institution",
    "interview_slots": "institution",
    "interview_panels": "institution",
    "slot_bookings": "institution_or_person",
    "access_requests": "institution_or_person",
}
INDEXES = {
    "interview_days": ("institution_id", "day"),
    "interview_slots": ("institution_id", "starts_at"),
    "interview_panels": ("institution_id", "reader_id"),
    "slot_bookings": ("institution_id", "person_id", "slot_id", "more_slot_id"),
    "access_requests": ("institution_id", "person_id"),
}

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _row(table: str) -> list[Any]:
    return [
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key(table, "institution_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{table}_reference")),
    ]


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "interview_days",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_numbers("begins", "ends", "length", "places", "move_until", "version"),
        sa.Column("breaks", JSON, nullable=False),
        sa.Column("remote", sa.Boolean(), nullable=False),
        *_texts("address", "room", "map_link", "link", "cancelled_because"),
        sa.Column("state", sa.String(length=12), nullable=False),
        *_row("interview_days"),
        _key("interview_days", "intake_id", "intakes"),
        _check("interview_days", "state", "state IN ('open', 'cancelled')"),
        info={"tenancy": "institution"},
    )
    op.create_index("ix_interview_days_intake_day", "interview_days", ["intake_id", "day"])
    op.create_table(
        "interview_slots",
        sa.Column("day_id", ID, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        *_numbers("places", "taken"),
        *_row("interview_slots"),
        _key("interview_slots", "day_id", "interview_days"),
        _unique("interview_slots", "day_id", "starts_at"),
        _check("interview_slots", "taken", "taken >= 0 AND taken <= places"),
        info={"tenancy": "institution"},
    )
    op.create_table(
        "interview_panels",
        sa.Column("day_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("needs_read_at", MOMENT, nullable=True),
        *_row("interview_panels"),
        _key("interview_panels", "day_id", "interview_days"),
        _key("interview_panels", "reader_id", "persons"),
        _unique("interview_panels", "day_id", "reader_id"),
        info={"tenancy": "institution"},
    )
    _bookings()
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _bookings() -> None:
    states = "state IN ('booked', 'cancelled', 'called_off', 'arrived', 'no_show')"
    op.create_table(
        "slot_bookings",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("slot_id", ID, nullable=False),
        sa.Column("more_slot_id", ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("booked_at", MOMENT, nullable=False),
        sa.Column("booked_by", sa.String(length=26), nullable=False),
        *_texts("ended_because"),
        sa.Column("marked_at", MOMENT, nullable=True),
        *_numbers("version"),
        *_row("slot_bookings"),
        _key("slot_bookings", "intake_id", "intakes"),
        _key("slot_bookings", "application_id", "applications"),
        _key("slot_bookings", "person_id", "persons"),
        _key("slot_bookings", "slot_id", "interview_slots"),
        _key("slot_bookings", "more_slot_id", "interview_slots"),
        _unique("slot_bookings", "application_id", "phase"),
        _check("slot_bookings", "state", states),
        info={"tenancy": "institution_or_person"},
    )
    columns = ["intake_id", "phase", "state"]
    op.create_index("ix_slot_bookings_intake_phase_state", "slot_bookings", columns)
    op.create_table(
        "access_requests",
        sa.Column("application_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        *_row("access_requests"),
        _key("access_requests", "application_id", "applications"),
        _key("access_requests", "person_id", "persons"),
        _unique("access_requests", "application_id"),
        info={"tenancy": "institution_or_person"},
    )


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
