"""The tab of a person's page that shows their company, their wishes and who is around them; its name beside theirs."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.queries import File
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.person_page import ShownMark, TabContent
from cohortmgr.placements.queries import of_file
from cohortmgr.placements.rules import PLACEMENT_STATES, PRESENT


def draw(viewer: Viewer, file: File) -> TabContent:
    """Return the placements, tutors, contacts and wishes of a file's person."""
    life = of_file.company_life_of(viewer, file.application)
    if life is None:
        raise NotFound(file.application.reference)
    values = {
        "life": life,
        "placement_states": PLACEMENT_STATES.names,
        "present": PRESENT,
    }
    return TabContent("placements/staff_company.html", values)


def mark(company: Mapping[str, str] | None) -> ShownMark | None:
    """Name the company that has a person; nothing without one."""
    return ShownMark(localized(company)) if company else None
