"""Accounts, audit, jobs, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# On PostgreSQL the later migrations call cohortmgr_wall(table, kind), so that the policies are written once.
# The settings are read through functions, with '' and unset alike meaning nobody.
WALL = """
CREATE FUNCTION app_institutions() RETURNS bigint[] STABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT string_to_array(nullif(current_setting('app.institutions', true), ''), ',')::bigint[] $$;
CREATE FUNCTION app_person() RETURNS bigint STABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT nullif(current_setting('app.person', true), '')::bigint $$;
CREATE FUNCTION cohortmgr_wall(place regclass, kind text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  listed text := 'institution_id = ANY ((SELECT app_institutions())::bigint[])';
  own text := 'person_id = (SELECT app_person())';
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', place);
  IF kind = 'institution' THEN
    EXECUTE format('CREATE POLICY wall ON %s USING (%s) WITH CHECK (%s)', place, listed, listed);
  ELSIF kind = 'institution_or_person' THEN
    EXECUTE format('CREATE POLICY wall ON %s USING (%s OR %s) WITH CHECK (%s OR %s)', place, listed, own, listed, own);
  ELSIF kind = 'published' THEN
    EXECUTE format('CREATE POLICY shown ON %s FOR SELECT USING (published_at IS NOT NULL OR %s)', place, listed);
    EXECUTE format('CREATE POLICY wall ON %s USING (%s) WITH CHECK (%s)', place, listed, listed);
  ELSIF kind = 'journal' THEN
    EXECUTE format('CREATE POLICY wall ON %s FOR SELECT USING (%s OR (institution_id IS NULL AND
      0 = ANY ((SELECT app_institutions())::bigint[])))', place, listed);
    EXECUTE format('CREATE POLICY append ON %s FOR INSERT WITH CHECK (true)', place);
  ELSE
    RAISE EXCEPTION 'unknown kind of tenancy: %', kind;
  END IF;
END $$;
"""
# The trail is only ever appended to, by whatever role; what its rows say is erased by destroying a person's key.
KEEP = {
    "postgresql": (
        """CREATE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the trail is only appended to'; END $$""",
        """CREATE TRIGGER audit_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay()""",
    ),
    "sqlite": (
        """CREATE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
        BEGIN SELECT RAISE(ABORT, 'the trail is only appended to'); END""",
        """CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
        BEGIN SELECT RAISE(ABORT, 'the trail is only appended to'); END""",
    ),
}
UNWALL = "DROP FUNCTION cohortmgr_wall(regclass, text); DROP FUNCTION app_person(); DROP FUNCTION app_institutions();"
JOURNALS = ("audit_events", "jobs", "outbox")


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("chain", sa.String(length=20), nullable=False),
        sa.Column("sequence", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_reference", sa.String(length=26), nullable=False),
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("chain", "sequence", name=op.f("uq_audit_events_chain_sequence")),
        sa.UniqueConstraint("reference", name=op.f("uq_audit_events_reference")),
        info={"tenancy": "journal"},
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index("ix_audit_events_object", ["object_kind", "object_reference"], unique=False)

    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.String(length=20), nullable=False),
        sa.Column("sequence", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
        info={"tenancy": "global"},
    )
    op.create_table(
        "jobs",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("lost_starts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("reference", name=op.f("uq_jobs_reference")),
        info={"tenancy": "journal"},
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index("ix_jobs_state_due", ["state", "due"], unique=False)

    op.create_table(
        "links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("reference", name=op.f("uq_links_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_subject"), ["subject"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("reference", name=op.f("uq_outbox_reference")),
        info={"tenancy": "journal"},
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_outbox_state_due", ["state", "due"], unique=False)

    op.create_table(
        "persons",
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("family_name", sa.String(length=120), nullable=False),
        sa.Column("given_name_ar", sa.String(length=120), nullable=False),
        sa.Column("family_name_ar", sa.String(length=120), nullable=False),
        sa.Column("search_name", sa.String(length=500), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_blind", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("reference", name=op.f("uq_persons_reference")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_persons_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_phone_blind"), ["phone_blind"], unique=False)
        batch_op.create_index("ix_persons_search_name", ["search_name"], unique=False)

    op.create_table(
        "sign_in_attempts",
        sa.Column("id", ID, nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempts_blind_at", ["blind", "at"], unique=False)

    op.create_table(
        "subject_keys",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_subject_keys")),
        info={"tenancy": "global"},
    )
    op.create_table(
        "accounts",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_accounts_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_accounts_reference")),
        info={"tenancy": "global"},
    )
    op.create_table(
        "identifiers",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_identifiers_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifiers")),
        sa.UniqueConstraint("kind", "blind", name=op.f("uq_identifiers_kind_blind")),
        sa.UniqueConstraint("reference", name=op.f("uq_identifiers_reference")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("identifiers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identifiers_person_id"), ["person_id"], unique=False)

    op.create_table(
        "grants",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("scope_kind", sa.String(length=20), nullable=False),
        sa.Column("scope_reference", sa.String(length=26), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("institutions", JSON, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_grants_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint(
            "account_id", "role", "scope_reference", name=op.f("uq_grants_account_id_role_scope_reference")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_grants_reference")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_account_id"), ["account_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
        info={"tenancy": "global"},
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account_id"), ["account_id"], unique=False)

    op.execute(
        sa.text(
            "INSERT INTO audit_heads (chain, sequence, digest) VALUES ('installation', 0, :zeros)"
        ).bindparams(zeros="0" * 64)
    )
    for trigger in KEEP[op.get_context().dialect.name]:
        op.execute(sa.text(trigger))
    if op.get_context().dialect.name == "postgresql":
        op.execute(sa.text(WALL.replace(":", "\\:")))
        for table in JOURNALS:
            op.execute(
                sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), 'journal')").bindparams(place=table)
            )


def downgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_account_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_account_id"))

    op.drop_table("grants")
    with op.batch_alter_table("identifiers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identifiers_person_id"))

    op.drop_table("identifiers")
    op.drop_table("accounts")
    op.drop_table("subject_keys")
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempts_blind_at")

    op.drop_table("sign_in_attempts")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index("ix_persons_search_name")
        batch_op.drop_index(batch_op.f("ix_persons_phone_blind"))
        batch_op.drop_index(batch_op.f("ix_persons_email"))

    op.drop_table("persons")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_state_due")
        batch_op.drop_index(batch_op.f("ix_outbox_person_id"))
        batch_op.drop_index(batch_op.f("ix_outbox_institution_id"))

    op.drop_table("outbox")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_links_subject"))

    op.drop_table("links")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_state_due")
        batch_op.drop_index(batch_op.f("ix_jobs_institution_id"))

    op.drop_table("jobs")
    op.drop_table("audit_heads")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_object")
        batch_op.drop_index(batch_op.f("ix_audit_events_institution_id"))

    op.drop_table("audit_events")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_stay()")
        op.execute(UNWALL)
