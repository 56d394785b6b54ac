"""The tab of a person's page that shows their stipends, month by month, and what became of each."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.queries import File
from cohortmgr.base.registries.person_page import TabContent
from cohortmgr.stipends.queries import of_file
from cohortmgr.stipends.rules import RUN_STATES, SETTLED, RunState


def draw(viewer: Viewer, file: File) -> TabContent:
    """Return the lines of a file's person with their runs, and how much of them was paid."""
    rows = of_file.lines_of(viewer, file.application)
    kept = [line for line, run in rows if run.state != RunState.CANCELLED]
    values = {
        "rows": rows,
        "paid_cents": sum(line.net_cents for line in kept if line.paid_on and not line.returned_on),
        "paid": sum(bool(line.paid_on and not line.returned_on) for line in kept),
        "run_states": RUN_STATES.names,
        "settled": SETTLED,
    }
    return TabContent("stipends/staff_pay.html", values)
