"""The commands `flask operations …`: database roles, a ping of the worker, the trail, moving files, docs/states.md."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import queries as audit
from cohortmgr.base.db import db, writing
from cohortmgr.base.stores.moving import Moved, NotTheSame, move
from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.models import Job
from cohortmgr.operations.commands import states_page
from cohortmgr.operations.commands.database_roles import make_roles

group = AppGroup("operations", help="Roles of the database, health, the trail, the files.")


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


@group.command("move-files")
@click.option(
    "--to", "to", type=click.Choice(["bucket", "folder"]), required=True, help="Where they shall lie."
)
@click.option("--drop", is_flag=True, help="Drop each from where it lay, once it was compared with its copy.")
def move_files(to: str, drop: bool) -> None:
    """Copy all files between the data folder and the bucket of COHORTMGR_FILES_URL; run again, it goes on."""
    settings = current_app.extensions["cohortmgr-settings"]
    if not settings.files_url:
        raise click.ClickException("COHORTMGR_FILES_URL names no bucket: set it for this command")
    folder, bucket = (open_store(url, settings.data, waited_for=False) for url in ("", settings.files_url))
    source, target = (folder, bucket) if to == "bucket" else (bucket, folder)
    try:
        done = move(source, target, drop, lambda so_far: click.echo(_told(so_far)))
    except StoreAway as away:
        raise click.ClickException(f"the bucket: {away}. Run the command again to go on.") from None
    except NotTheSame as error:
        raise click.ClickException(
            f"{error}: what was read back differs from what was sent. It is kept where it lay; look at that store."
        ) from None
    click.echo(f"done: {_told(done)}")


def _told(done: Moved) -> str:
    return f"{done.seen} files, {done.sent} sent and read back, {done.dropped} dropped from where they lay"


@group.command("states")
def states() -> None:
    """Write docs/states.md from the rooms' tables of transitions."""
    root = Path(current_app.config["ROOT"])
    target = root / "docs" / "states.md"
    target.write_text(states_page.page(root / "cohortmgr"), encoding="utf-8")
    click.echo(f"written: {target.relative_to(root)}")
