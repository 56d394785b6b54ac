"""The command `flask applications compare`."""

from __future__ import annotations

from collections.abc import Iterator

import click
import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.duplicates.actions import comparing
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake


class _OnlyLooked(Exception):
    """What was found is not kept."""


@click.command("compare")
@click.option("--intake", help="Reference of one intake; else every file is compared.")
@click.option("--mend", is_flag=True, help="Set right what is kept wrong.")
def compare(intake: str | None, mend: bool) -> None:
    """Compare files anew with those that look like them, and say how many kept rows are wrong."""
    wrong = sum(_wrong(files, mend=mend) for files in _chunks(_intake_id(intake)))
    if wrong and not mend:
        raise click.ClickException(f"{wrong} kept rows are wrong: --mend sets them right")
    click.echo(f"{wrong} kept rows set right" if wrong else "the kept duplicates hold")


def _intake_id(reference: str | None) -> int | None:
    if reference is None:
        return None
    found = db.session.scalar(sa.select(Intake.id).where(Intake.reference == reference))
    if found is None:
        raise click.ClickException(f"there is no intake {reference}")
    return found


def _chunks(intake_id: int | None) -> Iterator[list[int]]:
    """The numbers of files, in parts that hold no lock for long."""
    chosen = sa.select(Application.id).order_by(Application.id).limit(comparing.CHUNK)
    if intake_id is not None:
        chosen = chosen.where(Application.intake_id == intake_id)
    last = 0
    while files := list(db.session.scalars(chosen.where(Application.id > last))):
        yield files
        last = files[-1]


def _wrong(files: list[int], *, mend: bool) -> int:
    wrong = 0
    try:
        with writing():
            wrong = comparing.compare(SYSTEM, files)
            if not mend:
                raise _OnlyLooked
    except _OnlyLooked:
        pass
    return wrong
