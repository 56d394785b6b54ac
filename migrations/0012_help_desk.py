"""The help desk's questions, saved answers, and messages that did not reach their person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {
    "questions": "institution_or_person",
    "question_entries": "institution_or_person",
    "saved_answers": "institution",
    "delivery_troubles": "institution",
}
INDEXES = {
    "questions": ("person_id", "path", "intake_id", "application_id", "line_id", "about", "owner_id"),
    "question_entries": ("institution_id", "person_id", "question_id", "author_id"),
    "saved_answers": ("institution_id",),
    "delivery_troubles": ("institution_id", "person_id", "application_id"),
}

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("intake_id", ID, nullable=True),
        sa.Column("application_id", ID, nullable=True),
        sa.Column("line_id", ID, nullable=True),
        sa.Column("about", sa.String(length=26), nullable=True),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("asker_name", sa.String(length=120), nullable=False),
        sa.Column("asker_email", sa.String(length=254), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'waiting', 'answered', 'closed')", name=op.f("ck_questions_state")
        ),
        _key("questions", "institution_id", "organisations"),
        _key("questions", "person_id", "persons"),
        _key("questions", "intake_id", "intakes"),
        _key("questions", "application_id", "applications"),
        _key("questions", "line_id", "stipend_lines"),
        _key("questions", "owner_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("reference", name=op.f("uq_questions_reference")),
        sa.UniqueConstraint("number", name=op.f("uq_questions_number")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index(
        "ix_questions_institution_state_by", "questions", ["institution_id", "state", "answer_by"]
    )
    op.create_table(
        "question_entries",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("question_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("once", sa.String(length=120), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("question_entries", "institution_id", "organisations"),
        _key("question_entries", "person_id", "persons"),
        _key("question_entries", "question_id", "questions"),
        _key("question_entries", "author_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_entries")),
        sa.UniqueConstraint("reference", name=op.f("uq_question_entries_reference")),
        sa.UniqueConstraint("once", name=op.f("uq_question_entries_once")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_table(
        "saved_answers",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("written_by", sa.String(length=26), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("saved_answers", "institution_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_answers")),
        sa.UniqueConstraint("reference", name=op.f("uq_saved_answers_reference")),
        info={"tenancy": "institution"},
    )
    op.create_table(
        "delivery_troubles",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("application_id", ID, nullable=True),
        sa.Column("message_reference", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("resolved_by", sa.String(length=26), nullable=True),
        sa.Column("resolution", sa.String(length=12), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("delivery_troubles", "institution_id", "organisations"),
        _key("delivery_troubles", "person_id", "persons"),
        _key("delivery_troubles", "application_id", "applications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_troubles")),
        sa.UniqueConstraint("reference", name=op.f("uq_delivery_troubles_reference")),
        sa.UniqueConstraint(
            "message_reference", "kind", name=op.f("uq_delivery_troubles_message_reference_kind")
        ),
        info={"tenancy": "institution"},
    )
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
