"""Creating the three PostgreSQL roles: the tables' owner, the application behind row-level security, the system."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from cohortmgr.base import crypto
from cohortmgr.base.databases import vouching
from cohortmgr.base.settings import Settings

# What a role has when it connects, in this database or in any: README names one that is the administrator's.
_SETTINGS = sa.text(
    "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole"
    " LEFT JOIN pg_database ON pg_database.oid = setdatabase"
    " WHERE rolname = :name AND (setdatabase = 0 OR datname = :database) ORDER BY 1"
)


def make_roles(settings: Settings) -> list[str]:
    """Create the database and its roles with the superuser's URL. Returns lines that say what was done.

    Running it again changes nothing but the key of the walls, if the index key has changed, and a password that a role
    gave itself, which PostgreSQL lets each do. Settings of a role that stand are named: it may have made them itself.
    Owner and system bypass row-level security; otherwise the owner's migrations would silently touch no row and its
    dump would fail. The application's role owns nothing and bypasses nothing.
    """
    if not settings.superuser_database_url:
        raise ValueError(
            "COHORTMGR_SUPERUSER_DATABASE_URL is needed to make roles: set it for this one command"
        )
    owner, app, system = (
        make_url(u)
        for u in (settings.owner_database_url, settings.database_url, settings.system_database_url)
    )
    done = _make_logins(make_url(settings.superuser_database_url), owner, app, system)
    target = make_url(settings.superuser_database_url).set(database=app.database)
    engine = sa.create_engine(target, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"ALTER SCHEMA public OWNER TO {_quoted(owner)}"))
        # A table of the session's own would stand before the house's, and what a connection has prepared would be
        # known by name.
        connection.execute(sa.text(f'REVOKE TEMPORARY ON DATABASE "{app.database}" FROM PUBLIC'))
        connection.execute(
            sa.text("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_prepared_statement() FROM PUBLIC")
        )
        for url in (app, system):
            name = _quoted(url)
            connection.execute(sa.text(f"GRANT USAGE ON SCHEMA public TO {name}"))
            for kind, rights in (
                ("TABLES", "SELECT, INSERT, UPDATE, DELETE"),
                ("SEQUENCES", "USAGE, SELECT"),
            ):
                default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {_quoted(owner)} IN SCHEMA public"
                connection.execute(sa.text(f"{default} GRANT {rights} ON {kind} TO {name}"))
                connection.execute(sa.text(f"GRANT {rights} ON ALL {kind} IN SCHEMA public TO {name}"))
        ring = crypto.Keyring.parse(settings.sealing_keys, settings.index_key, settings.trail_key)
        if vouching.lay_key(connection, ring):  # a new database has no place for it before it is upgraded
            done.append("lay the key by which the database knows the application")
    return done


def _make_logins(superuser: URL, owner: URL, app: URL, system: URL) -> list[str]:
    done = []
    engine = sa.create_engine(superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for url, rights in ((owner, "BYPASSRLS"), (app, "NOBYPASSRLS"), (system, "BYPASSRLS")):
            known = connection.scalar(
                sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": url.username}
            )
            verb = "ALTER" if known else "CREATE"
            password = f" PASSWORD {_literal(url.password)}" if url.password else ""
            connection.execute(
                sa.text(f"{verb} ROLE {_quoted(url)} LOGIN NOSUPERUSER NOCREATEDB {rights}{password}")
            )
            done.append(f"{verb.lower()} role {url.username} ({rights})")
            kept = connection.scalars(_SETTINGS, {"name": url.username, "database": url.database})
            done += [f"role {url.username} has {each}: reset it if it is not yours" for each in kept]
        exists = connection.scalar(
            sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": app.database}
        )
        if not exists:
            connection.execute(sa.text(f'CREATE DATABASE "{app.database}" OWNER {_quoted(owner)}'))
            done.append(f"create database {app.database}")
    return done


def _quoted(url: URL) -> str:
    if not url.username or '"' in url.username:
        raise ValueError("each database URL must name its own role")
    return f'"{url.username}"'


def _literal(text: str | None) -> str:
    return "'" + str(text).replace("'", "''").replace(":", "\\:") + "'"
