"""Reads where else a person may apply, and with how many of the answers that they gave already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.carried import carried
from cohortmgr.applications.answers.conditions import counted
from cohortmgr.applications.eligibility.rules import closing
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import asked
from cohortmgr.base import clock
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Text

# A person who was refused reads a few ways on, not a catalogue: the public page lists all.
MOST_DOORS = 4


@dataclass(frozen=True)
class OpenElsewhere:
    """An open intake for which a file's person may apply with its answers. `carried`: how many of them it asks for."""

    reference: str
    programme: Text
    title: Text
    closes_at: datetime
    carried: int


def doors(viewer: Viewer, file: File) -> list[OpenElsewhere]:
    """The open intakes where the viewer has no file yet and whose conditions their answers do not fail already, the one
    that closes first before the others. Two statements, and one for each definition that is not in memory."""
    taken = {intake.reference for _row, intake, _extended, _reopened in file_queries.mine(viewer)}
    answers, form, today = file.answers, file.definition.form, clock.today()
    found: list[OpenElsewhere] = []
    for row in programmes.open_intakes():
        if row.reference in taken or len(found) == MOST_DOORS:
            continue
        there = programmes.definition_of(row).of_intake(row.key)
        same = carried(form, there.form, answers, today)
        shown = {each.key for each in asked(there.form)}
        if not closing(there.eligibility, counted(there.form, same), shown):
            title, until = row.programme_title, row.closes_at
            found.append(OpenElsewhere(row.reference, title, row.title, until, len(same)))
    return found
