"""The commands `flask applications …`: import an institution's file, and invite the people in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from cohortmgr.accounts.rules import SYSTEM, Scope
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.applications.importing.actions.invitations import invite as send_invitations
from cohortmgr.applications.importing.orders import DateOrder
from cohortmgr.applications.importing.queries.plan import (
    ImportPlan,
    PreparedImport,
    decided_without,
    replacements,
)
from cohortmgr.applications.importing.rules import GivenMapping, parse_mapping
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.sheets.tables import ENCODINGS, Place, read_limited
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, intakes_below, programme_by_key

_SEPARATORS = {"\t": "tab"}
_WHY = {
    "choice": " (as told)",
    "dates": "",
    "default": " (no date decides)",
    "doubt": " (in doubt: a spreadsheet may have exchanged some)",
}

group = AppGroup("applications", help="Files of candidates.")


@group.command("import")
@click.argument("programme")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--intake", "intake_key", help="Key of the intake; else the one that was open when the rows were sent."
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    help="TOML or JSON: columns, values, sent_at, dates, sheet, line, encoding, hidden.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def import_sheet(
    programme: str, file: Path, intake_key: str | None, mapping_file: Path | None, dry_run: bool
) -> None:
    """Load FILE (CSV or XLSX) into an intake of PROGRAMME."""
    try:
        data, given = _read(file), _mapping(mapping_file)
        intake, prepared = _prepared(programme, intake_key, data, file.name, given)
        if dry_run:
            made = import_runs.plan(SYSTEM, intake.reference, prepared)
            _tell(made, prepared, intake)
            click.echo(_read_as(prepared))
            click.echo(f"dry run: {made.counts}")
            return
        with writing():
            counts, done = import_runs.load_telling(SYSTEM, intake.reference, prepared)
    except Refused as refusal:
        raise _refused(file.name, refusal) from None
    if done is not None:
        _tell(done, prepared, intake)
    click.echo(_read_as(prepared))
    click.echo(str(counts))


@group.command("invite")
@click.argument("programme")
@click.option("--intake", "intake_key", required=True, help="Key of the intake.")
@click.option("--again", is_flag=True, help="Also those who have a link that still works.")
def invite(programme: str, intake_key: str, again: bool) -> None:
    """Send everybody whose file was imported, and who has no account, a link to claim it."""
    intake = _intakes(programme, intake_key)[0]
    with writing():
        count = send_invitations(SYSTEM, intake.reference, again=again)
    click.echo(f"{count} invited")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return read_limited(stream, current_app.config["IMPORT_LIMIT"])
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'cannot be read'}") from None


def _mapping(file: Path | None) -> GivenMapping | None:
    if file is None:
        return None
    try:
        return parse_mapping(_read(file).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: a mapping is TOML or JSON in UTF-8") from None


def _intakes(programme: str, intake_key: str | None) -> list[Intake]:
    row = programme_by_key(programme)
    found = list(intakes_below((Scope(row.path),))) if row else []
    if not found:
        raise click.ClickException(f"{programme}: no such programme; load it first")
    chosen = [intake for intake in found if intake_key in (None, intake.key)]
    if not chosen:
        keys = ", ".join(sorted(intake.key for intake in found))
        raise click.ClickException(f"{programme} has no intake {intake_key}; it has {keys}")
    return chosen


def _prepared(
    programme: str, intake_key: str | None, data: bytes, filename: str, given: GivenMapping | None
) -> tuple[Intake, PreparedImport]:
    """The intake to which the file belongs, and the file read by that intake's definition."""
    intakes = _intakes(programme, intake_key)
    first = definition_of(intakes[0])
    prepared = import_runs.prepare_import(data, filename, first, given)
    try:
        intake = intakes[0] if intake_key else import_runs.choose_intake(SYSTEM, intakes, prepared)
    except Refused as refused:
        raise _refused(filename, refused, _read_as(prepared)) from None
    definition = definition_of(intake)
    if definition is not first:
        prepared = import_runs.prepare_import(data, filename, definition, given)
    return intake, prepared


def _refused(filename: str, refused: Refused, read_as: str = "") -> click.ClickException:
    """The end of the command for a file that is refused as a whole, with what was taken for what, if it was read."""
    if isinstance(refused, import_runs.TableRefused):
        read_as = _taken(refused.place, {})
    told = " ".join(say(problem) for problem in refused.problems)
    return click.ClickException(f"{filename}: {told}" + (f" ({read_as})" if read_as else ""))


def _read_as(prepared: PreparedImport) -> str:
    said = _taken(prepared.place, prepared.dates)
    if prepared.hidden:
        done = "left out" if prepared.mapping.without_hidden else "read as the others"
        said += f"; hidden rows: {prepared.hidden}, {done}"
    return said


def _taken(place: Place, dates: Mapping[str, DateOrder]) -> str:
    """What was taken for what, in one line; `--mapping` changes each of it."""
    said = [f"sheet {place.sheet}"] if place.sheet is not None else []
    said.append(f"header on line {place.line}")
    if place.encoding is not None:
        said.append(ENCODINGS[place.encoding])
    if place.separator is not None:
        said.append(f"separator {_SEPARATORS.get(place.separator, place.separator)}")
    for header, found in dates.items():
        why = _WHY[found.by] + (f", though {found.elsewhere} is month first" if found.elsewhere else "")
        turned = ", dates of the spreadsheet exchanged" if found.is_turned else ""
        said.append(f"{header}: {found.order} first{turned}{why}")
    return f"read as: {'; '.join(said)}"


def _tell(made: ImportPlan, prepared: PreparedImport, intake: Intake) -> None:
    for row in made.rejected:
        for fault in row.faults:
            column = "" if fault.column is None else f", column {fault.column}"
            click.echo(f"line {row.line}{column}: {say(fault.problem)}")
    for cell in prepared.damaged:
        click.echo(
            f"line {cell.line}, column {cell.column}: the text is damaged (a wrong encoding, or lost letters)"
        )
    for pair in replacements(made, prepared):
        if not pair.is_same_name:
            over = "a file that stands" if pair.known_line is None else f"line {pair.known_line}"
            click.echo(f"line {pair.line}: {pair.name} replaces {pair.known} ({over}); the names differ")
    after = decided_without(intake, prepared, made)
    if after is not None:
        click.echo(say(after))
