"""The commands `flask operations …`: database roles, a ping of the worker, the audit trail, docs/states.md."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import queries as audit
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.models import Job
from cohortmgr.operations.commands import states_page
from cohortmgr.operations.commands.database_roles import make_roles

group = AppGroup("operations", help="Roles of the database, health, the trail.")


@group.command("roles")
def roles() -> None:
    """Create the three PostgreSQL roles and the database from COHORTMGR_SUPERUSER_DATABASE_URL."""
    try:
        for line in make_roles(current_app.extensions["cohortmgr-settings"]):
            click.echo(line)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@group.command("ping")
@click.option("--seconds", default=30, help="How long to wait for the worker.")
def ping(seconds: int) -> None:
    """Ask the worker for a trivial job and wait for its result."""
    with writing():
        reference = queue.request(SYSTEM, "operations.ping", {}, None)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        db.session.rollback()
        state = db.session.query(Job.state).filter_by(reference=reference).scalar()
        if state == "done":
            click.echo("the worker answered")
            return
        time.sleep(0.2)
    raise click.ClickException(f"the worker did not answer within {seconds} s: is it running?")


@group.command("verify-trail")
def verify_trail() -> None:
    """Recompute every chain of the audit trail; name what was altered, cut, emptied or set back."""
    broken = audit.faults()
    for problem in broken:
        click.echo(str(problem))
    if broken:
        raise click.ClickException("the trail is broken")
    click.echo("the trail holds")


@group.command("states")
def states() -> None:
    """Write docs/states.md from the rooms' tables of transitions."""
    root = Path(current_app.config["ROOT"])
    target = root / "docs" / "states.md"
    target.write_text(states_page.page(root / "cohortmgr"), encoding="utf-8")
    click.echo(f"written: {target.relative_to(root)}")
