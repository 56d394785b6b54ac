"""The command `flask reviews calibrate`: marks of a file that everybody corrects by severity, at a desk.

It needs no server and no database: what it reads is a table, and so is what it writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import click
from flask.cli import AppGroup

from cohortmgr.base.errors import FaultyLines, Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.sheets.drafts import table_at, write_together
from cohortmgr.base.sheets.tables import read_limited, read_rows

MOST_ROWS = 2_000_000
MOST_BYTES = 512 * 1024 * 1024
# How many faults are told one by one.
MOST_FAULTS = 1_000
_SCALE = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*[-–:]\s*([+-]?\d+(?:[.,]\d+)?)\s*")

Scale = tuple[Decimal, Decimal]

group = AppGroup("reviews", help="Readings and their marks.")


def _scale(_context: click.Context, _parameter: click.Parameter, typed: str | None) -> Scale | None:
    if typed is None:
        return None
    found = _SCALE.fullmatch(typed)
    low, high = (Decimal(each.replace(",", ".")) for each in found.groups()) if found else (Decimal(),) * 2
    if low >= high:
        raise click.BadParameter(f"{typed}: write the lowest and the highest score, as 0-20")
    return low, high


@group.command("calibrate")
@click.argument("scores", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The ranking: .csv, or .xlsx.")
@click.option("--seats", type=click.IntRange(min=1), help="How many are chosen; adds each one's chance.")
@click.option(
    "--scale", metavar="LOW-HIGH", callback=_scale, help="The scale of a score; others are refused."
)
@click.option("--weighted", is_flag=True, help="Give each reviewer the weight of their own noise.")
def calibrate_file(scores: Path, out: Path, seats: int | None, scale: Scale | None, weighted: bool) -> None:
    """Correct the scores of SCORES (CSV or XLSX) by each reviewer's severity, and rank the applications.

    Its columns are application, reviewer, score and, if there are several a reading, criterion: a reading's score is
    their sum."""
    # numpy and scipy are loaded only where they are used.
    from cohortmgr.reviews.calibration.calibrating import calibrate, chances
    from cohortmgr.reviews.calibration.cautions import cautions
    from cohortmgr.reviews.calibration.ranking_tables import figures, header_of, ranking
    from cohortmgr.reviews.calibration.score_files import columns_named, phase_scores

    try:
        rows = read_rows(_data(scores), columns_named, most_rows=MOST_ROWS, most_bytes=MOST_BYTES)
        given, criteria = phase_scores(rows, scale)
        found = calibrate(given, is_weighted=weighted)
    except Refused as refusal:
        told = " ".join(say(problem) for problem in refusal.problems)
        raise click.ClickException(f"{scores}: {told}") from None
    except FaultyLines as faulty:
        for fault in faulty.faults[:MOST_FAULTS]:
            click.echo(f"line {fault.line}: {say(fault.problem)}", err=True)
        raise click.ClickException(f"{scores}: {len(faulty.faults)} faults; nothing was written") from None
    stood = None if seats is None else chances(found.draws(), seats)
    _write(out, header_of(stood), ranking(found, stood))
    for line in figures(found):
        click.echo(line)
    ends = None if scale is None else (scale[0] * criteria, scale[1] * criteria)
    for caution in cautions(found, ends):
        click.echo(f"warning: {say(caution)}")
    click.echo(f"{out}: {len(given.files)} applications")


def _data(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return read_limited(stream, MOST_BYTES)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or 'cannot be read'}") from None


def _write(out: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    try:
        write_together({out: table_at(out, "ranking", header, rows)})
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or 'cannot be written'}") from None
