"""The command `flask selection choose`: who is chosen from a table of candidates, by rules in a file, at a desk.

It needs no server and no database: what it reads are two files, and so is what it writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from cohortmgr.base.errors import N_, FaultyLines, Problem, Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.sheets.drafts import table_at, write_together
from cohortmgr.base.sheets.tables import read_limited, read_rows
from cohortmgr.base.typed import parse_toml
from cohortmgr.programmes.definition.source_lines import locate, shown
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Choice, ChoiceProblem
from cohortmgr.selection.desk.candidates import (
    DeskCandidate,
    columns_named,
    desk_candidates,
    lookalikes,
    nobody_has,
    without_value,
)
from cohortmgr.selection.desk.outcomes import HEADER, DeskOutcome, chosen_by_bounds, placed_by_wishes
from cohortmgr.selection.desk.rules import BOUND, DeskRules, desk_rules

MOST_ROWS = 500_000
MOST_BYTES = 256 * 1024 * 1024
MOST_BYTES_OF_RULES = 8 * 1024 * 1024
# How many faults are told one by one.
MOST_FAULTS = 1_000
MOST_SHOWN = 80
_LAST_STEP = re.compile(r"(\.[^.\[\]]*|\[[0-9]+\])\Z")

_NO_TOML = N_("Ce n’est pas du TOML valable : %(reason)s")
_NO_UTF8 = N_("Le fichier n’est pas un texte en UTF-8.")
_NOBODY_THERE = N_("aucune candidature n’est de ce groupe")
_EMPTY = N_(
    "la colonne « %(column)s » est vide pour des candidatures (%(count)s) : aucune borne de cette colonne ne les compte"
)
_LOOKALIKE = N_("« %(value)s » y ressemble et n’en est pas (candidatures : %(count)s)")

group = AppGroup("selection", help="Choosing under rules that anyone can check.")


@group.command("choose")
@click.argument("candidates", type=click.Path(path_type=Path))
@click.option("--rules", required=True, type=click.Path(path_type=Path), help="Seats, seed, bounds: a .toml.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The certificate: a .json.")
@click.option(
    "--list", "chosen", required=True, type=click.Path(path_type=Path), help="Those chosen: .csv, or .xlsx."
)
def choose_file(candidates: Path, rules: Path, out: Path, chosen: Path) -> None:
    """Choose among CANDIDATES (CSV or XLSX) under the bounds of a file of rules.

    Its columns are application, score, the attributes that bounds name and, where seats are stated by offering, wish_1,
    wish_2 and so on."""
    paths = [path.resolve() for path in (candidates, rules, out, chosen)]
    if len(set(paths)) < len(paths):
        raise click.ClickException("each of the four files needs a path of its own; nothing was written")
    stated = _rules(rules)
    files = _candidates(candidates, rules, stated)
    for where in nobody_has(files, stated.rules):
        click.echo(f"warning: {stated.place(rules, where)}: {say(_NOBODY_THERE)}")
    for where, value, many in islice(lookalikes(files, stated.rules), MOST_FAULTS):
        told = Problem(_LOOKALIKE, {"value": value[:MOST_SHOWN], "count": many})
        click.echo(f"warning: {stated.place(rules, where)}: {say(told)}")
    for column, many in without_value(files, stated.rules):
        click.echo(f"warning: {candidates}: {say(Problem(_EMPTY, {'column': column, 'count': many}))}")
    try:
        outcome = _outcome(files, stated.rules)
    except Refused as refusal:
        raise _refused(refusal, rules, stated) from None
    text = canonical(outcome.certificate)
    try:
        write_together(
            {
                out: lambda path: _write_text(path, text),
                chosen: table_at(chosen, "chosen", HEADER, outcome.rows),
            }
        )
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or 'cannot be written'}") from None
    for line in outcome.figures:
        click.echo(line)
    click.echo(f"{out}: sha256 {outcome.certificate['sha256']}")
    click.echo(f"{chosen}: {len(outcome.rows)} of {len(files)} applications")


class _StatedRules:
    """The rules that a text states, and the line of each of its keys."""

    def __init__(self, text: str, rules: DeskRules) -> None:
        self.rules = rules
        self._lines = {shown(path): line for path, line in locate(text).at.items()}

    def place(self, path: Path, where: str | None) -> str:
        """Where a key stands, as `rules.toml:7 bound[2].at_least`; the file where none is known."""
        key = where or ""
        while key and key not in self._lines:
            key, before = _LAST_STEP.sub("", key), key
            if key == before:
                break
        line = f":{self._lines[key]}" if key in self._lines else ""
        return f"{path}{line} {where}" if where else str(path)


def _rules(path: Path) -> _StatedRules:
    try:
        text = _data(path, MOST_BYTES_OF_RULES).decode("utf-8-sig")
        document = parse_toml(text)
    except Refused as refusal:
        raise click.ClickException(f"{path}: {say(refusal.problems[0])}") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{path}: {say(_NO_UTF8)}") from None
    except ValueError as error:
        raise click.ClickException(f"{path}: {say(Problem(_NO_TOML, {'reason': str(error)}))}") from None
    unread = _StatedRules(text, DeskRules(0, ""))
    try:
        return _StatedRules(text, desk_rules(document))
    except Refused as refusal:
        raise _refused(refusal, path, unread) from None


def _candidates(path: Path, rules: Path, stated: _StatedRules) -> tuple[DeskCandidate, ...]:
    try:
        data = _data(path, MOST_BYTES)
        rows = read_rows(data, columns_named, most_rows=MOST_ROWS, most_bytes=MOST_BYTES)
        return desk_candidates(rows, stated.rules)
    except Refused as refusal:
        if any(problem.where for problem in refusal.problems):
            raise _refused(refusal, rules, stated) from None
        told = " ".join(say(problem) for problem in refusal.problems)
        raise click.ClickException(f"{path}: {told}") from None
    except FaultyLines as faulty:
        for fault in faulty.faults[:MOST_FAULTS]:
            click.echo(f"line {fault.line}: {say(fault.problem)}", err=True)
        raise click.ClickException(f"{path}: {len(faulty.faults)} faults; nothing was written") from None


def _refused(refusal: Refused, path: Path, stated: _StatedRules) -> click.ClickException:
    """Tell each problem by its key, and how many there are."""
    for problem in refusal.problems[:MOST_FAULTS]:
        bound = problem.values.get("bound")
        where = f"{BOUND}[{bound + 1}]" if problem.where is None and isinstance(bound, int) else problem.where
        click.echo(f"{stated.place(path, where)}: {say(problem)}", err=True)
    return click.ClickException(f"{path}: {len(refusal.problems)} faults; nothing was written")


def _outcome(files: Sequence[DeskCandidate], rules: DeskRules) -> DeskOutcome:
    if rules.offerings is not None:
        return placed_by_wishes(files, rules)
    # numpy and scipy are loaded only where they are used.
    from cohortmgr.selection.choosing.choice import choose

    return chosen_by_bounds(files, rules, choose, _certified)


def _certified(
    problem: ChoiceProblem, choice: Choice, files: Sequence[DeskCandidate], seed: str
) -> dict[str, Any]:
    from cohortmgr.selection.proofs.choice import StatedFile, StatedTerms, choice_certificate

    stated = [StatedFile(each.application, each.mark, (), each.attributes) for each in files]
    return choice_certificate(problem, choice, stated, StatedTerms(seed))


def _data(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return read_limited(stream, most)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or 'cannot be read'}") from None


def _write_text(path: Path, text: str) -> None:
    path.write_text(f"{text}\n", "utf-8")
