"""Staff's desk: corrections, notes, saved views, more time, overrides, acts on many files, files put aside."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {
    "corrections": "institution_or_person",
    "correction_items": "institution_or_person",
    "notes": "institution",
    "saved_views": "institution",
    "extensions": "institution_or_person",
    "eligibility_overrides": "institution_or_person",
    "lots": "institution",
    "merges": "institution",
}
# Table to the tables that its columns point at, and to its indexed columns.
POINTS = {
    "corrections": {"person_id": "persons", "application_id": "applications"},
    "correction_items": {"person_id": "persons", "correction_id": "corrections"},
    "notes": {"application_id": "applications"},
    "saved_views": {},
    "extensions": {"person_id": "persons", "application_id": "applications"},
    "eligibility_overrides": {"person_id": "persons", "application_id": "applications"},
    "lots": {"intake_id": "intakes"},
    "merges": {"intake_id": "intakes", "kept_id": "applications", "aside_id": "applications"},
}
INDEXED = {
    "corrections": ("institution_id", "person_id", "application_id", "lot"),
    "correction_items": ("institution_id", "person_id"),
    "notes": ("institution_id", "application_id", "lot"),
    "saved_views": ("institution_id", "path"),
    "extensions": ("institution_id", "person_id", "application_id", "lot"),
    "eligibility_overrides": ("institution_id", "person_id", "application_id"),
    "lots": ("institution_id", "intake_id"),
    "merges": ("institution_id", "intake_id", "kept_id", "aside_id"),
}
# Of these there is one at a time.
LIVE = {
    "corrections": ("uq_corrections_asked", "application_id", "state = 'asked'"),
    "extensions": ("uq_extensions_live", "application_id", "revoked_at IS NULL"),
    "eligibility_overrides": ("uq_eligibility_overrides_live", "application_id", "lifted_at IS NULL"),
    "merges": ("uq_merges_live", "aside_id", "undone_at IS NULL"),
}
STATES = "state IN ('draft', 'submitted', 'withdrawn')"
STATES_NOW = "state IN ('draft', 'submitted', 'withdrawn', 'superseded')"

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _text(name: str, length: int | None = None, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=null)


def _id(name: str) -> sa.Column:
    return sa.Column(name, ID, nullable=False)


def _moment(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=null)


def _yes(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    keys = {"institution_id": "organisations", **POINTS[name]}
    op.create_table(
        name,
        *parts,
        _id("id"),
        _text("reference", 26),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{name}_{column}_{other}"))
            for column, other in keys.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{name}_reference")),
        info={"tenancy": WALLS[name]},
    )
    for column in INDEXED[name]:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)
    if name in LIVE:
        index, column, alive = LIVE[name]
        where = sa.text(alive)
        op.create_index(index, name, [column], unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.add_column("intakes", _moment("extended_to", null=True))
    _states(STATES_NOW)
    _corrections()
    _table(
        "notes",
        *(
            _id("institution_id"),
            _id("application_id"),
            sa.Column("sealed", sa.LargeBinary(), nullable=False),
        ),
        *(_text("author", 26), _text("author_name", 250), _yes("pinned"), _text("lot", 26, null=True)),
        _moment("written_at"),
    )
    _table(
        "saved_views",
        *(_id("institution_id"), _text("path", 200), _text("author", 26), _text("name", 80)),
        *(sa.Column("arguments", JSON, nullable=False), _yes("shared"), _moment("created_at")),
        sa.UniqueConstraint("path", "author", "name", name=op.f("uq_saved_views_path_author_name")),
    )
    _table(
        "extensions",
        *(_id("institution_id"), _id("person_id"), _id("application_id"), _moment("until"), _text("reason")),
        *(_text("by", 26), _moment("at"), _text("lot", 26, null=True), _moment("revoked_at", null=True)),
    )
    _table(
        "eligibility_overrides",
        *(_id("institution_id"), _id("person_id"), _id("application_id"), _yes("eligible"), _text("reason")),
        *(_text("by", 26), _text("by_name", 250), _moment("at"), _moment("lifted_at", null=True)),
    )
    _table(
        "lots",
        *(_id("institution_id"), _id("intake_id"), _text("act", 20)),
        *(sa.Column("count", sa.Integer(), nullable=False), _text("by", 26), _moment("at")),
        _moment("undone_at", null=True),
    )
    _table(
        "merges",
        *(
            _id("institution_id"),
            _id("intake_id"),
            _id("kept_id"),
            _id("aside_id"),
            _text("state_before", 12),
        ),
        *(_text("reason"), _text("by", 26), _moment("at"), _moment("undone_at", null=True)),
    )
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _states(allowed: str) -> None:
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_applications_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_applications_state"), allowed)


def _corrections() -> None:
    _table(
        "corrections",
        *(
            _id("institution_id"),
            _id("person_id"),
            _id("application_id"),
            _text("state", 12),
            _text("message"),
        ),
        *(_moment("until"), _text("lot", 26, null=True), _text("asked_by", 26), _moment("asked_at")),
        *(_moment("done_at", null=True), sa.Column("version", sa.Integer(), nullable=False)),
        sa.CheckConstraint("state IN ('asked', 'done', 'called_off')", name=op.f("ck_corrections_state")),
    )
    _table(
        "correction_items",
        *(_id("institution_id"), _id("person_id"), _id("correction_id"), _text("question", 60)),
        *(_text("kind", 12), sa.Column("sealed", sa.LargeBinary(), nullable=True)),
        sa.CheckConstraint(
            "kind IN ('incorrect', 'incomplete', 'outdated')", name=op.f("ck_correction_items_kind")
        ),
        sa.UniqueConstraint(
            "correction_id", "question", name=op.f("uq_correction_items_correction_id_question")
        ),
    )


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
    # A file that was put aside is one that was withdrawn, to what knew no other word.
    op.execute("UPDATE applications SET state = 'withdrawn' WHERE state = 'superseded'")
    _states(STATES)
    with op.batch_alter_table("intakes", schema=None) as batch_op:
        batch_op.drop_column("extended_to")
