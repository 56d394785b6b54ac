"""What opens doors is changed by the web's role only as a function allows, and read by whoever holds its secret."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# No table is made here; what has policies of its own is in POLICIES.
WALLS: dict[str, str] = {}

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The functions and triggers, in the order in which they are made.
TEXTS = sorted((Path(__file__).parent / "0031_walls").glob("*.sql"))

# A function of nothing in a sub-select is read once a statement, and only if a row comes so far.
ALL = "(SELECT app_institutions()) IS NOT NULL"
ANY = "ANY ((SELECT {})::{}[])"
LISTED = "institution_id = " + ANY.format("app_institutions()", "bigint")
SHOWN = "{} = " + ANY.format("app_presented()", "text")
PERSONS = "{} = " + ANY.format("app_known_persons()", "bigint")
ACCOUNTS = "{} = " + ANY.format("app_known_accounts()", "bigint")
ME = "{} = (SELECT app_person())"
MYSELF = "{} = (SELECT app_account())"
MANAGES = "(SELECT app_manages_people())"


SEEN = "seen_in && (SELECT app_institutions())::bigint[]"


def either(*ways: str) -> str:
    """One of these ways, tried in their order, so that what is dear is asked last."""
    return "(" + " OR ".join(ways) + ")"


def seen_or(*ways: str) -> str:
    """What the institutions see whose rows are read, and else one of these ways. As a case it is not taken for rare by
    the planner, which guesses that one row of a hundred has an array in common with another."""
    return f"CASE WHEN {SEEN} THEN true ELSE {either(*ways)} END"


TOKEN = SHOWN.format("token_hash")
PERSON = seen_or(
    ME.format("id"), SHOWN.format("reference"), "id = (SELECT app_myself())", PERSONS.format("id")
)
ACCOUNT = seen_or(
    ME.format("person_id"), MYSELF.format("id"), SHOWN.format("reference"), ACCOUNTS.format("id")
)
NUMBER = seen_or(ME.format("person_id"), SHOWN.format("blind"), PERSONS.format("person_id"))
OWN = either(ME.format("person_id"), PERSONS.format("person_id"))
CHOICE = either(ME.format("person_id"), ALL, PERSONS.format("person_id"))
CHILD = either(
    LISTED, *(each.format(column) for each in (ME, PERSONS) for column in ("child_id", "guardian_id"))
)
ROLE = seen_or(MYSELF.format("account_id"), ACCOUNTS.format("account_id"), f"seen_in = '{{0}}' AND {MANAGES}")
LINK = either(TOKEN, LISTED, SHOWN.format("subject"))
SESSION = either("token_hash = (SELECT app_session())", MYSELF.format("account_id"), MANAGES)
HELD = "account_id = (SELECT app_known_account())"
INVITED = either(SHOWN.format("reference"), MANAGES)
UNITED = either(MYSELF.format("account_id"), ACCOUNTS.format("account_id"), PERSONS.format("from_id"))
WATCH = either(SHOWN.format("blind"), SHOWN.format("reference"))
# Table, policy, command, what is read or changed, what is written.
POLICIES = (
    ("accounts", "known", "ALL", ACCOUNT, "true"),
    ("audit_heads", "begin", "INSERT", "", "sequence = 0"),
    ("grants", "known", "ALL", ROLE, "true"),
    ("guardianships", "known", "ALL", CHILD, CHILD),
    ("held_forms", "own", "ALL", HELD, HELD),
    ("identifiers", "known", "ALL", NUMBER, NUMBER),
    ("inbox_marks", "own", "ALL", OWN, OWN),
    ("intake_watches", "known", "ALL", WATCH, WATCH),
    ("invitations", "known", "ALL", INVITED, "true"),
    ("links", "shown", "SELECT", LINK, ""),
    ("links", "make", "INSERT", "", "used_at IS NULL"),
    ("links", "use", "UPDATE", LINK, ""),
    ("message_preferences", "known", "ALL", CHOICE, CHOICE),
    ("organisations", "read", "SELECT", "true", ""),
    ("organisations", "partner", "INSERT", "", "kind = 'company' AND institution_id IS NULL"),
    ("person_unions", "known", "SELECT", UNITED, ""),
    ("person_unions", "unite", "INSERT", "", UNITED),
    ("persons", "known", "ALL", PERSON, "true"),
    ("sessions", "own", "SELECT", SESSION, ""),
    ("sessions", "open", "INSERT", "", "true"),
    ("sessions", "finish", "UPDATE", SESSION, ""),
    ("sign_in_attempts", "count", "SELECT", SHOWN.format("blind"), ""),
    ("sign_in_attempts", "add", "INSERT", "", "true"),
    ("sign_in_attempts", "return", "DELETE", SHOWN.format("blind"), ""),
    ("sign_in_codes", "shown", "SELECT", TOKEN, ""),
    ("sign_in_codes", "ask", "INSERT", "", "used_at IS NULL"),
    ("sign_in_codes", "try", "UPDATE", TOKEN, ""),
    ("subject_keys", "make", "INSERT", "", "wrapped IS NOT NULL AND destroyed_at IS NULL"),
)
# What the worker alone reads and writes has no policy. Organisations are the tree on which roles stand: the web adds
# the companies that a published programme names, and nothing else.
WORKER = ("intake_announcements", "mail_paces")
# Read by functions of the owner alone.
KEYS = "door_keys"
CLOSED = (KEYS, *WORKER, *sorted({table for table, *_ in POLICIES}))
STAYING = ("accounts", "grants", "invitations", "organisations", "subject_keys")
SIGNED = ("sessions", "links", "sign_in_codes")
# They prove what they open as well.
PROVING = ("links", "sign_in_codes")
# As before: said by the application, and believed.
BELIEVED = """
CREATE OR REPLACE FUNCTION app_institutions() RETURNS bigint[] STABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT string_to_array(nullif(current_setting('app.institutions', true), ''), ',')::bigint[] $$;
CREATE OR REPLACE FUNCTION app_person() RETURNS bigint STABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT nullif(current_setting('app.person', true), '')::bigint $$;
"""
WITHOUT_TENANT = ("guardianships", "identifiers", "message_preferences", "persons")
TRIGGERS = (
    ("app_grants", "grants"),
    ("app_invitations", "invitations"),
    ("app_account_begins", "accounts"),
    ("app_accounts", "accounts"),
    ("app_sessions", "sessions"),
    ("app_links", "links"),
    ("app_codes", "sign_in_codes"),
    ("app_person_begins", "persons"),
    ("app_as_person", "accounts"),
    ("app_as_person", "identifiers"),
    ("app_account_moved", "accounts"),
    ("app_role_reaches", "grants"),
    ("app_role_placed", "grants"),
    ("app_institution_placed", "organisations"),
    *(
        (name, table)
        for table in ("applications", "questions")
        for name in ("app_files_added", "app_files_gone", "app_file_moved")
    ),
    *((f"app_guarded_{what}", "guardianships") for what in ("added", "changed", "gone")),
)
SEEN_ROWS = ("persons", "accounts", "identifiers", "grants")
# Later ones use earlier ones: they are dropped from the end.
FUNCTIONS = (
    "app_vouched(text)",
    "app_joined(text[])",
    "app_moment(timestamptz)",
    "app_bears(text, text[])",
    "app_require_told()",
    "app_session()",
    "app_presented()",
    "app_refuse_unvouched(text)",
    "app_is_walled()",
    "app_account()",
    "app_myself()",
    "app_known_account()",
    "app_manages_people()",
    "app_known_persons()",
    "app_known_accounts()",
    "app_stays()",
    "app_stays_without_tenant()",
    "app_may_grant(bigint, text, text, jsonb, boolean)",
    "app_accepted()",
    "app_claimed(bigint)",
    "app_proves(text)",
    "app_comes(bigint)",
    "app_may_enter(bigint, text, text, boolean)",
    "app_account_begins()",
    "app_grants()",
    "app_invitations()",
    "app_accounts()",
    "app_sessions()",
    "app_links()",
    "app_codes()",
    "app_person_begins()",
    "app_account_moved()",
    "app_role_reaches()",
    "app_role_placed()",
    "app_institution_placed()",
    "app_end_sessions(bigint, timestamptz, bigint)",
    "app_use_up_links(text, text[], timestamptz)",
    "app_keys(text[])",
    "app_destroy_key(text, timestamptz)",
    "app_chains()",
    "app_head(text)",
    "app_lock_head(text)",
    "app_move_head(text, bigint, text, text)",
    "app_reach(jsonb, text, text, boolean)",
    "app_places(bigint)",
    "app_place(bigint[])",
    "app_as_person()",
    "app_files_added()",
    "app_files_gone()",
    "app_file_moved()",
    "app_guarded()",
)


def upgrade() -> None:
    op.create_index("ix_identifiers_blind", "identifiers", ["blind"])
    op.create_table(
        KEYS,
        sa.Column("id", ID, nullable=False),
        sa.Column("inner_block", sa.LargeBinary(), nullable=False),
        sa.Column("outer_block", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_keys")),
    )
    for table in SIGNED:
        with op.batch_alter_table(table) as batch:
            for name in ("proves", "signature") if table in PROVING else ("signature",):
                batch.add_column(sa.Column(name, sa.String(length=64)))
    for table in SEEN_ROWS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(
                sa.Column("seen_in", postgresql.ARRAY(sa.BigInteger()).with_variant(sa.Text(), "sqlite"))
            )
    if op.get_context().dialect.name != "postgresql":
        return
    # Alembic's own table is the owner's: whoever else changed it would stop the next upgrade.
    execute("ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY")
    for file in TEXTS:
        execute(file.read_text(encoding="utf-8"))
    for table in STAYING:
        execute(
            f"CREATE TRIGGER app_stays BEFORE DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION app_stays()"
        )
    for table in WITHOUT_TENANT:
        execute(
            f"CREATE TRIGGER app_stays BEFORE DELETE ON {table} FOR EACH STATEMENT"
            " EXECUTE FUNCTION app_stays_without_tenant()"
        )
    for table in CLOSED:
        execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table, name, command, using, check in POLICIES:
        clauses = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
        execute(f'CREATE POLICY "{name}" ON {table} FOR {command}{clauses}')


def downgrade() -> None:
    op.drop_index("ix_identifiers_blind", "identifiers")
    if op.get_context().dialect.name == "postgresql":
        take_walls_down()
    for table in SEEN_ROWS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("seen_in")
    for table in SIGNED:
        with op.batch_alter_table(table) as batch:
            for name in ("proves", "signature") if table in PROVING else ("signature",):
                batch.drop_column(name)
    op.drop_table(KEYS)


def take_walls_down() -> None:
    execute("ALTER TABLE alembic_version DISABLE ROW LEVEL SECURITY")
    for table, name, *_ in POLICIES:
        execute(f'DROP POLICY "{name}" ON {table}')
    for table in CLOSED:
        execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in (*STAYING, *WITHOUT_TENANT):
        execute(f"DROP TRIGGER app_stays ON {table}")
    for name, table in TRIGGERS:
        execute(f"DROP TRIGGER {name} ON {table}")
    execute(BELIEVED)
    for function in reversed(FUNCTIONS):
        execute(f"DROP FUNCTION {function}")


def execute(text: str) -> None:
    """Run a statement, or several; colons are no parameters here."""
    op.execute(sa.text(text.replace(":", "\\:")))
